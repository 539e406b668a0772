"""Messages in a stream of octets: 4 bytes of length (big-endian), then the message."""

from aiohttp import web
from limits import allowed


def frame(message):
    return allowed(len(message)).to_bytes(4) + message


def messages_in(chunks):
    """Yield messages as soon as they have come whole, wherever the chunks are cut."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        # of a length that has not come whole the end is ahead, too
        while len(buffer) >= (end := 4 + allowed(int.from_bytes(buffer[:4]))):
            yield bytes(buffer[4:end])
            del buffer[:end]  # at the front, which moves nothing


async def messages_of(body):
    """Yield messages of a request; refuse it where that is nonsense, or is cut off."""
    try:
        while first := await body.content.read(1):
            length = int.from_bytes(first + await body.content.readexactly(3))
            yield await body.content.readexactly(allowed(length))
    except (ValueError, EOFError) as nonsense:
        raise web.HTTPBadRequest(text=str(nonsense)) from nonsense
