"""Connections that are opened again whenever they have ended, and messages on them."""

from asyncio import IncompleteReadError, sleep
from contextlib import suppress

from async_connections import connect, listen
from framing import MESSAGE_MAX_BYTES

BACKOFF_S = 0.1


async def messages_from(reader):
    """Yield each message of a stream until it ends, even if in the middle of one.

    Raises ConnectionError for a length that is too great.
    """
    with suppress(IncompleteReadError):
        while True:
            length = int.from_bytes(await reader.readexactly(4))
            if length > MESSAGE_MAX_BYTES:
                raise ConnectionError(f"{length} bytes: {MESSAGE_MAX_BYTES} at most")
            yield await reader.readexactly(length)


def has_room(writer):
    """Say whether the kernel has taken all before: else the other end reads too slowly."""
    return not writer.transport.get_write_buffer_size()


async def use_once(use, reader, writer):
    """Let a connection be used until the use returns, or the other end is gone."""
    try:
        with suppress(ConnectionError):
            await use(reader, writer)
    finally:
        writer.close()


async def stay_connected(address, use):
    """Connect and use the connection; again whenever it has ended."""
    while True:
        with suppress(OSError):
            await use_once(use, *await connect(address))
        await sleep(BACKOFF_S)


async def welcome(address, use):
    """Listen, and use each connection that comes."""
    await listen(address, lambda reader, writer: use_once(use, reader, writer))
