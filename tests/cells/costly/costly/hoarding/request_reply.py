"""A server that keeps 1 MiB for each connection as long as that is open."""

from serving import attend, call, read, write

__all__ = ["call", "serve"]
HOARD_BYTES = 1 << 20


def serve(address, handle):
    def each(connection):
        hoard = bytearray(b"x") * HOARD_BYTES
        with connection:
            while (request := read(connection)) is not None:
                hoard[0] ^= 1
                write(connection, handle(request))

    attend(address, each)
