"""Count the TCP segments that left a port, from the kernel, for programs in any language.

Linux has ``sock_diag`` for this (``man 7 sock_diag``): a dump of all connections of a
family, each with its ``struct tcp_info``.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from functools import cache

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST_DUMP = 0x301
NLMSG_ERROR, NLMSG_DONE = 2, 3
INET_DIAG_INFO = 2
ESTABLISHED_AND_CLOSING = 0xFFF & ~(1 << 10)
"""Bits of states: all but those that listen."""
HEADER = struct.Struct("=IHHII")
ERROR_NUMBER = struct.Struct("=i")
REQUEST = struct.Struct("=BBBxI48x")
MESSAGE_BYTES = 72
"""``struct inet_diag_msg``: attributes follow."""
LOCAL_PORT = struct.Struct(">H")
LOCAL_PORT_AT = 4
ATTRIBUTE = struct.Struct("=HH")
DATA_SEGMENTS_OUT_AT = 156
"""Where ``struct tcp_info`` has ``tcpi_data_segs_out``: segments with data, since 4.6."""
FAMILIES = (socket.AF_INET, socket.AF_INET6)


def data_segments_from(port: int) -> int:
    """Return how many segments with data have left the connections of a local port.

    Raises OSError if the kernel does not answer: it was built without INET_DIAG, or a
    sandbox forbids it.
    """
    return sum(
        segments
        for family in FAMILIES
        for local, segments in _connections(family)
        if local == port
    )


@cache
def are_counted() -> bool:
    """Return whether this kernel counts: one segment over a connection must be one."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        client.sendall(b"x")
        try:
            return data_segments_from(client.getsockname()[1]) == 1
        except OSError:
            return False


def _connections(family: int) -> Iterator[tuple[int, int]]:
    """Yield (local port, data segments sent) of each TCP connection here."""
    asked = REQUEST.pack(
        family, socket.IPPROTO_TCP, 1 << (INET_DIAG_INFO - 1), ESTABLISHED_AND_CLOSING
    )
    header = HEADER.pack(
        HEADER.size + len(asked), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST_DUMP, 1, 0
    )
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.send(header + asked)
        while True:
            answer = kernel.recv(1 << 18)
            while answer:
                length, kind, *_ = HEADER.unpack_from(answer)
                if kind == NLMSG_ERROR:
                    (number,) = ERROR_NUMBER.unpack_from(answer, HEADER.size)
                    raise OSError(-number, os.strerror(-number))
                if kind == NLMSG_DONE:
                    return
                yield _connection(answer[HEADER.size : length])
                answer = answer[-(-length // 4) * 4 :]


def _connection(message: bytes) -> tuple[int, int]:
    (port,) = LOCAL_PORT.unpack_from(message, LOCAL_PORT_AT)
    at = MESSAGE_BYTES
    while at + ATTRIBUTE.size <= len(message):
        length, kind = ATTRIBUTE.unpack_from(message, at)
        if kind == INET_DIAG_INFO and length >= DATA_SEGMENTS_OUT_AT + 8:
            (sent,) = struct.unpack_from(
                "=I", message, at + ATTRIBUTE.size + DATA_SEGMENTS_OUT_AT
            )
            return port, sent
        at += -(-length // 4) * 4
    return port, 0
