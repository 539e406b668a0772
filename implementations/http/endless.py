"""Responses without an end: a message as base64 on each line, read again when they end.

Messages the other way are POSTs, each of which is sent once.
"""

from asyncio import Event, sleep
from base64 import b64decode, b64encode
from contextlib import suppress

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    TCPConnector,
    web,
)
from limits import MAX_LENGTH

BACKOFF_S = 0.1
WAITING_MAX = 5  # calls of one peer that wait for an answer: further ones are dropped
LINE_MAX_BYTES = 2 * MAX_LENGTH


async def begin(request):
    response = web.StreamResponse()
    await response.prepare(request)
    return response


async def write(response, message):
    """Write a message, and wait while the buffer is full."""
    await response.write(b64encode(message) + b"\n")


def readers_of(messages):
    """Return a handler for all who want to read, and a function that writes to them."""
    readers = {}

    async def join(request):
        request.transport.set_write_buffer_limits(LINE_MAX_BYTES)  # else writing may wait
        response = await begin(request)
        readers[response] = request.transport
        try:
            await Event().wait()  # cancelled when the reader leaves
        finally:
            del readers[response]

    async def publish():
        async for message in messages:
            for reader, transport in tuple(readers.items()):
                if transport.get_write_buffer_size():  # it is behind, and misses this
                    continue
                with suppress(ConnectionError):
                    await write(reader, message)

    return join, publish


def takers_of(queue):
    """Return a handler for all who want to read, among whom it deals out a queue."""

    async def feed(request):
        response = await begin(request)
        while True:
            await write(response, await queue.get())

    return feed


def open_session():
    # Whoever waits for an answer has a connection: with a limit others would wait for it.
    connector, forever = TCPConnector(limit=0), ClientTimeout(total=None)
    return ClientSession(connector=connector, raise_for_status=True, timeout=forever)


async def read(session, url, queue):
    """Put all messages that are read at a URL into a queue."""
    while True:
        with suppress(ClientError, ValueError):
            async with session.get(url) as response:
                while line := await response.content.readline(
                    max_line_length=LINE_MAX_BYTES
                ):
                    await queue.put(b64decode(line.rstrip(), validate=True))
        await sleep(BACKOFF_S)


async def post(session, urls, message):
    """POST a message to the next URL, or to the one after it if nobody listens there."""
    for url in urls:
        try:
            async with session.post(url, data=message):
                return
        except ClientConnectorError:  # nothing was sent
            await sleep(BACKOFF_S)
        except ClientError:  # it may have come: sent again it could come twice
            return
