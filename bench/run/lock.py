"""One run at a time on one machine: two would disturb each other."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import NoMiddleError

LOCK = "NOMIDDLE_LOCK"
"""Environment variable with another name for the lock, for tests of the harness."""


@contextmanager
def only_run() -> Iterator[None]:
    """Hold the machine's lock. Raises NoMiddleError if another run holds it.

    The lock is a name in the kernel's abstract socket space. It has no file and no owner,
    and the kernel releases it when this process ends in any way.
    """
    name = os.environ.get(LOCK, "nomiddle")
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(f"\0{name}")
        except OSError as error:
            raise NoMiddleError(
                "another run is measuring on this machine, and two runs would disturb "
                "each other; wait until it ends"
            ) from error
        yield
