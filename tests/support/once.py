"""Things that take long and are only read: made once for all workers of a session."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import synthetic


def for_all_workers(factory: pytest.TempPathFactory) -> Path:
    """Return the folder of this session that all workers share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """Return a folder that one worker filled; the others wait for it. Only read it.

    ``make`` is called with the folder, which is empty. A name is that of one folder in all
    tests.
    """
    place = for_all_workers(factory) / "once" / name
    place.mkdir(parents=True, exist_ok=True)
    folder, whole = place / "made", place / "whole"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


def run_made_once(factory: pytest.TempPathFactory, name: str, **how: Any) -> Path:
    """Return the folder of an invented run, made by ``synthetic.make`` for all workers."""
    return once(factory, name, lambda root: synthetic.make(root / "run", **how)) / "run"
