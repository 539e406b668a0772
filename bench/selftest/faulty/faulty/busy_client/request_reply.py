"""The client is the one that works."""

import spinning


def serve(address, handle):
    spinning.serve(address, handle, 0)


def call(address, requests):
    yield from spinning.call(address, requests, spinning.WORK_S)
