"""Request/reply as a function call."""

_handles = {}


def serve(address, handle):
    _handles[address] = handle


def call(address, requests):
    handle = _handles[address]
    for request in requests:
        yield handle(request)
