"""A child does the work."""

import os

from work import call, listen, serve_one

__all__ = ["call", "serve"]


def serve(address, handle):
    listener = listen(address)
    if os.fork():
        os.wait()
    else:
        serve_one(listener, handle)
        os._exit(0)
