"""A server that hangs up on a connection that says nothing for a tenth of a second."""

from contextlib import suppress

from serving import attend, call, read, write

__all__ = ["call", "serve"]
PATIENCE_S = 0.1


def serve(address, handle):
    def each(connection):
        connection.settimeout(PATIENCE_S)
        with connection, suppress(TimeoutError):
            while (request := read(connection)) is not None:
                write(connection, handle(request))

    attend(address, each)
