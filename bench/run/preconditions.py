"""Preconditions of this machine, without which nothing is measured or checked.

Each is tested once, before the first trial. Otherwise a program that fails for one of these
reasons would count as broken.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

from bench.errors import NotMeasurable
from bench.trial.ceilings import MEMORY, ceilings

PROC = Path("/proc")
LEAST_MEMORY_BYTES = 512 * 1024 * 1024
"""With less memory the kernel may kill the harness instead of a host, without a reason."""
DISCARD_PORT = 9
"""RFC 863. Connecting a UDP socket asks the kernel for a route, and sends nothing."""


def require_measurable() -> None:
    """Raise NotMeasurable, with a remedy, if no trial can be made."""
    _require_linux()
    _require_own_proc()
    _require_loopback()
    _require_memory()


def _require_linux() -> None:
    if sys.platform != "linux":
        raise NotMeasurable(
            f"measuring needs Linux (/proc, CPU affinity); this is {sys.platform}. "
            "`list`, `size`, `report` and `cite` work here; to measure, use a Linux "
            "machine or virtual machine"
        )


def _require_own_proc(proc: Path = PROC) -> None:
    """A PID namespace without a /proc of its own shows other processes by our numbers."""
    try:
        shown = os.readlink(proc / "self")
    except OSError:
        shown = ""
    if shown != str(os.getpid()):
        raise NotMeasurable(
            f"{proc} does not show this process: it is not mounted, or belongs to another "
            "PID namespace. Mount it again, as `unshare --mount-proc` does"
        )


def _require_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("127.0.0.1", DISCARD_PORT))
        except OSError as error:
            if error.errno not in (errno.ENETUNREACH, errno.EADDRNOTAVAIL):
                raise
            raise NotMeasurable(
                "the loopback interface is down, and all traffic here goes through it: "
                "ip link set lo up"
            ) from error


def _require_memory() -> None:
    for ceiling in ceilings():
        allowed = ceiling.allows() if ceiling.what == MEMORY else None
        if allowed is not None and allowed < LEAST_MEMORY_BYTES:
            raise NotMeasurable(f"{ceiling.sentence()} to {LEAST_MEMORY_BYTES} at least")
