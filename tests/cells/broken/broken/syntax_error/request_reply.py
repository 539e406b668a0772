"""Not Python."""


def serve(address, handle:
    pass
