"""Make a TUN device in each of two namespaces, and become the link between them.

A helper (see ``bench.faults.network.helper``). The devices have no owner but this process:
the kernel removes them when it ends. It becomes ``delay.c``, with the same process id.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import sys
from typing import Any

from bench.hosts.fork_server import enter
from bench.hosts.host import die_with_parent

DEVICE = "/dev/net/tun"
TUNSETIFF = 0x400454CA
TUNSETOFFLOAD = 0x400454D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 0x01, 0x02, 0x04
REQUEST = struct.Struct("16sH22x")
"""``struct ifreq`` of netdevice(7), with a name and flags."""
NS_PER_MS = 1_000_000


def make_device(namespace: str, interface: str, device: str = DEVICE) -> int:
    """Move into a namespace and make a TUN device there; return its open file.

    Raises OSError if either is not permitted.
    """
    enter([namespace])
    file = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    request = REQUEST.pack(interface.encode(), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR)
    fcntl.ioctl(file, TUNSETIFF, request)
    fcntl.ioctl(file, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
    os.set_inheritable(file, True)
    return file


def become_link(spec: dict[str, Any]) -> None:
    """Become the program that passes packets. Raises OSError if there is no such link."""
    interface, device = spec["interface"], spec["device"]
    files = [make_device(where, interface, device) for where in spec["namespaces"]]
    delay_ns = round(spec["delay_ms"] * NS_PER_MS)
    words = [*files, delay_ns, spec["queue_bytes"], spec["parent"]]
    os.execv(spec["program"], [spec["program"], *map(str, words)])  # noqa: S606


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    try:
        become_link(spec)
    except OSError as error:
        sys.exit(f"{error.filename or spec['device']}: {error.strerror}")


if __name__ == "__main__":
    main()
