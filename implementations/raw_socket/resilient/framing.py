"""Length-prefixed frames, each a message with what the protocol puts beside it."""

MESSAGE_MAX_BYTES = 16 * 1024 * 1024


def frame(content, beside=0):
    """Return the content with its length in front, in 4 bytes (big-endian).

    ``beside`` is how many of its bytes are the protocol's, and not the application's.
    Raises ValueError for a message that is too long.
    """
    length = len(content) - beside
    if length > MESSAGE_MAX_BYTES:
        raise ValueError(f"{length} bytes: at most {MESSAGE_MAX_BYTES} allowed")
    return len(content).to_bytes(4) + content


def whole_messages(received, beside=0):
    """Take the whole contents from the front of a bytearray, one by one.

    ``beside`` is as in ``frame``. Raises ConnectionError for a length that is too great,
    after the messages before it.
    """
    while len(received) >= 4:
        length = int.from_bytes(received[:4])
        if length > MESSAGE_MAX_BYTES + beside:
            raise ConnectionError(
                f"{length - beside} bytes: at most {MESSAGE_MAX_BYTES} allowed"
            )
        if len(received) < 4 + length:
            return
        with memoryview(received) as view:
            content = bytes(view[4 : 4 + length])
        del received[: 4 + length]
        yield content
