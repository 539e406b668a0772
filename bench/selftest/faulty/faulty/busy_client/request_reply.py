"""The client works for a while on every message."""

import spinning


def serve(address, handle):
    spinning.serve(address, handle, 0)


def call(address, requests):
    yield from spinning.call(address, requests, spinning.WORK_S)
