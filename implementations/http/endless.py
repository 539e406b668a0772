"""Responses without an end: a message as base64 on each line, read again when they end."""

from asyncio import Event, sleep
from base64 import b64decode, b64encode
from contextlib import suppress

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from limits import MAX_LENGTH

BACKOFF_S = 0.1
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
    readers = set()

    async def join(request):
        response = await begin(request)
        readers.add(response)
        try:
            await Event().wait()  # cancelled when the reader leaves
        finally:
            readers.discard(response)

    async def publish():
        async for message in messages:
            for reader in tuple(readers):
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
    return ClientSession(raise_for_status=True, timeout=ClientTimeout(total=None))


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
