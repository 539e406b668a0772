"""Over a library that is not installed."""

import nomiddle_no_such_library


def serve(address, handle):
    nomiddle_no_such_library.serve(address, handle)


def call(address, requests):
    yield from nomiddle_no_such_library.call(address, requests)
