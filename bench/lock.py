"""One run at a time on one machine: two would measure each other."""

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
    """Hold the machine's lock. Raises NoMiddleError when another run holds it.

    The lock is a name in the kernel's abstract socket space: it has no file, belongs to
    no user, and is let go of when this process ends, however it ends.
    """
    name = os.environ.get(LOCK, "nomiddle")
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(f"\0{name}")
        except OSError as error:
            raise NoMiddleError(
                "another run is measuring on this machine, and two would measure each "
                "other: wait until it ends"
            ) from error
        yield
