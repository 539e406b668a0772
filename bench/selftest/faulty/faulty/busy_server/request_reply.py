"""The server works for a while on every message."""

import spinning


def serve(address, handle):
    spinning.serve(address, handle, spinning.WORK_S)


def call(address, requests):
    yield from spinning.call(address, requests, 0)
