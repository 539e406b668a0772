"""Messages of a stream, as many at once as have come whole."""

from limits import allowed


def whole_messages(buffer, chunk):
    """Add a chunk to a buffer; yield, and remove, the messages that are whole now."""
    buffer += chunk
    # of a length that has not come whole the end is ahead, too
    while len(buffer) >= (end := 4 + allowed(int.from_bytes(buffer[:4]))):
        yield bytes(buffer[4:end])
        del buffer[:end]  # at the front, which moves nothing
