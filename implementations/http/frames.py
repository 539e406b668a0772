"""WebSockets: a binary frame for each message."""

from contextlib import asynccontextmanager

from aiohttp import WSCloseCode, WSMsgType, web
from connection import connect
from limits import MAX_LENGTH

REFUSED_LENGTH = MAX_LENGTH + 1  # aiohttp's max_msg_size is the least that it refuses


async def accept(request):
    socket = web.WebSocketResponse(compress=False, max_msg_size=REFUSED_LENGTH)
    await socket.prepare(request)
    return socket


async def messages_from(socket):
    """Yield messages until the other end leaves, or until it sends nonsense."""
    async for message in socket:
        if message.type is not WSMsgType.BINARY:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
            break
        yield message.data


@asynccontextmanager
async def connected(address):
    async with connect(address) as session:
        async with session.ws_connect("/", max_msg_size=REFUSED_LENGTH) as socket:
            yield socket
