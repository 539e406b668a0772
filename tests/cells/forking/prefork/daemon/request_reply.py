"""A daemon does the work: it was forked twice and has a session of its own."""

import signal

from work import become_daemon, call, listen, serve_one

__all__ = ["call", "serve"]


def serve(address, handle):
    listener = listen(address)
    if become_daemon():
        while True:
            serve_one(listener, handle)
    listener.close()
    signal.pause()
