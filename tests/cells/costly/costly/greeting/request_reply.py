"""A server that looks at each new connection for 20 ms before it serves it."""

import time

from serving import attend, call, read, write

__all__ = ["call", "serve"]
GREETING_S = 0.02


def serve(address, handle):
    def each(connection):
        with connection:
            time.sleep(GREETING_S)
            while (request := read(connection)) is not None:
                write(connection, handle(request))

    attend(address, each)
