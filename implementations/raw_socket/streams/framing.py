"""Messages on asyncio's streams: 4 bytes of length (big-endian), then the message."""

MESSAGE_MAX_BYTES = 16 * 1024 * 1024


def frame(message):
    """Return the message with its length in front: one buffer for one write().

    Raises ValueError for a message that is too long.
    """
    if len(message) > MESSAGE_MAX_BYTES:
        raise ValueError(f"{len(message)} bytes: at most {MESSAGE_MAX_BYTES} allowed")
    return len(message).to_bytes(4) + message


async def messages_from(reader):
    """Yield each message of a stream, until the other end closes it.

    Raises ConnectionError for a length that is too great, EOFError for an end within a
    message.
    """
    while header := await reader.read(1):
        header += await reader.readexactly(3)
        length = int.from_bytes(header)
        if length > MESSAGE_MAX_BYTES:
            raise ConnectionError(f"{length} bytes: at most {MESSAGE_MAX_BYTES} allowed")
        yield await reader.readexactly(length)
