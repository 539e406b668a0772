"""A daemon listens, and the process that started it ends without a word."""

import os
import signal

from work import become_daemon, call, listen

__all__ = ["call", "serve"]


def serve(address, handle):
    del handle
    listener = listen(address)
    if become_daemon():
        signal.pause()
    listener.close()
    os._exit(3)
