"""Facts of the machine on which an agent is, with the standard library alone."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import socket
import struct
from pathlib import Path
from typing import Any

from bench.errors import NotMeasurable
from bench.trial.kernel_files import cpu_name

SIOCGIFADDR = 0x8915
"""netdevice(7): the address of an interface."""
REQUEST = struct.Struct("16s16s8x")
"""``struct ifreq``, with its address as a ``struct sockaddr_in``."""


def facts() -> dict[str, Any]:
    """Return what tells this site from others, and what its numbers depend on."""
    return {
        "pid": os.getpid(),
        "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "network": os.stat("/proc/self/ns/net").st_ino,
        "cpus": sorted(os.sched_getaffinity(0)),
        "cpu": cpu_name(),
        "kernel": platform.release(),
    }


def address_of(interface: str) -> str:
    """Return the IPv4 address of a network interface.

    Raises NotMeasurable with the interfaces that there are if it has none.
    """
    asked = REQUEST.pack(interface.encode()[:15], b"")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            told = fcntl.ioctl(any_socket, SIOCGIFADDR, asked)
    except OSError as error:
        if error.errno not in (errno.ENODEV, errno.EADDRNOTAVAIL):
            raise
        there = ", ".join(name for _, name in socket.if_nameindex())
        raise NotMeasurable(
            f"interface {interface} has no address there; choose one of {there}"
        ) from error
    return socket.inet_ntoa(REQUEST.unpack(told)[1][4:8])
