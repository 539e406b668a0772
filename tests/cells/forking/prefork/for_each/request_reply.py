"""A child for each message does the work, and has ended before the reply is sent."""

import os

from work import call, listen, read, work, write

__all__ = ["call", "serve"]


def serve(address, handle):
    client, _ = listen(address).accept()
    stream = client.makefile("rb")
    while (request := read(stream)) is not None:
        if not os.fork():
            work()
            os._exit(0)
        os.wait()
        write(client, handle(request))
