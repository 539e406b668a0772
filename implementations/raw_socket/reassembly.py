"""Frames out of bytes as they come, for a reader that must not wait for the rest."""

from framing import HEADER, check_length


def whole_messages(received):
    """Remove the whole messages from the front of a bytearray, and return them."""
    messages = []
    start = 0
    with memoryview(received) as view:
        while len(view) - start >= HEADER.size:
            (length,) = HEADER.unpack_from(view, start)
            check_length(length)
            end = start + HEADER.size + length
            if end > len(view):
                break
            messages.append(bytes(view[start + HEADER.size : end]))
            start = end
    del received[:start]
    return messages
