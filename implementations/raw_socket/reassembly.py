"""Frames out of bytes as they come, for a reader that must not wait for the rest."""

from struct import unpack_from

from framing import MESSAGE_MAX_BYTES


def whole_messages(received):
    """Yield the whole messages at the front of a bytearray; then remove them from it.

    Raises ConnectionError for a length that is too great, after the messages before it.
    """
    start = 0
    with memoryview(received) as view:
        while len(view) - start >= 4:
            (length,) = unpack_from("!I", view, start)
            if length > MESSAGE_MAX_BYTES:
                raise ConnectionError(
                    f"{length} bytes: at most {MESSAGE_MAX_BYTES} allowed"
                )
            end = start + 4 + length
            if end > len(view):
                break
            yield bytes(view[start + 4 : end])
            start = end
    del received[:start]
