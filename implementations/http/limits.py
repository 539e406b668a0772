"""The largest message that the programs of this stack take."""

MAX_LENGTH = 16 * 1024 * 1024


def allowed(length):
    if length > MAX_LENGTH:
        raise ValueError(f"a message of {length} bytes: at most {MAX_LENGTH} are allowed")
    return length
