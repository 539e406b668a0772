"""One run at a time on one machine: two would measure each other."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import NoMiddleError

LOCK = "nomiddle.lock"


@contextmanager
def only_run() -> Iterator[None]:
    """Hold the machine's lock. Raises NoMiddleError when another run holds it.

    The kernel lets go of it when this process ends, however it ends.
    """
    path = Path(tempfile.gettempdir()) / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise NoMiddleError(f"cannot open the lock {path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
            raise NoMiddleError(
                f"another run (process {holder}) is measuring on this machine, and two "
                "would measure each other: wait until it ends"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
