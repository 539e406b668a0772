"""A connection over which no request is under way: whether its other end has closed it."""

from select import select


def is_gone(connection):
    return bool(select([connection], [], [], 0)[0])  # nothing else can be read but the end
