"""The TCP options of a host's sockets, read from the kernel and not from the code."""

from __future__ import annotations

import os
import socket
import stat

OPTIONS = {
    "tcp_nodelay": (socket.IPPROTO_TCP, socket.TCP_NODELAY),
    "so_sndbuf": (socket.SOL_SOCKET, socket.SO_SNDBUF),
    "so_rcvbuf": (socket.SOL_SOCKET, socket.SO_RCVBUF),
}


def socket_options() -> dict[str, list[int]]:
    """Read TCP options back from every connected socket this process holds.

    Returns a sorted list of the distinct values of each option, empty without TCP.
    """
    found: dict[str, set[int]] = {name: set() for name in OPTIONS}
    for entry in os.listdir("/proc/self/fd"):
        try:
            if not stat.S_ISSOCK(os.fstat(int(entry)).st_mode):
                continue  # a copy of it would stay open, because it makes no socket
            with socket.socket(fileno=os.dup(int(entry))) as sock:
                if sock.family not in (socket.AF_INET, socket.AF_INET6):
                    continue
                sock.getpeername()
                for name, (level, option) in OPTIONS.items():
                    found[name].add(sock.getsockopt(level, option))
        except OSError:
            continue  # not connected, or closed meanwhile
    return {name: sorted(values) for name, values in found.items() if values}
