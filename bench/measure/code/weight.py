"""The weight of a stack before a line is written: disk, time to import, and memory.

"You write less because you import more" is an objection to any count of code. The weights
answer it. They are measured on the minimal program for request/reply in Python.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from random import Random
from typing import Any

from bench.contract.model import Cell
from bench.errors import NotMeasurable
from bench.trial.addresses import assign, listens
from bench.trial.processes import child_environment
from bench.trial.requirements import required

FRESH = 5
"""How many processes import; their median time counts."""
START_S = 10.0
SETTLE_S = 0.3
MIB = 1 << 20
IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
SERVE = """
import types, {0} as cell
role = cell.serve({1!r}, bytes)
if isinstance(role, types.CoroutineType):
    import asyncio
    asyncio.run(role)
"""
IDLE = "import time; time.sleep(60)"


def installed_bytes(distribution: str) -> int:
    """Return the size of a distribution's files in bytes, without compiled code."""
    files = metadata.files(distribution) or []
    places = (Path(str(file.locate())) for file in files if file.suffix != ".pyc")
    return sum(place.stat().st_size for place in places if place.is_file())


def weigh(cell: Cell) -> dict[str, Any]:
    """Return the weight of a cell's stack.

    ``packages`` and ``installed_mib`` include all requirements. ``import_ms`` is the median
    of fresh processes. ``threads`` and ``resident_mib`` are those of an idle server, and
    ``bare_resident_mib`` is that of an idle Python.

    Raises NotMeasurable if the server does not start.
    """
    packages = sorted(required(cell.stack.requirements))
    threads, resident_mib = _serving(cell)
    return {
        "packages": packages,
        "installed_mib": sum(map(installed_bytes, packages)) / MIB,
        "import_ms": statistics.median(_imports_ms(cell)),
        "threads": threads,
        "resident_mib": resident_mib,
        "bare_resident_mib": _bare_resident_mib(),
    }


def _environment(search: Sequence[Path]) -> dict[str, str]:
    return {**child_environment(), "PYTHONPATH": ":".join(map(str, search))}


@cache
def _bare_resident_mib() -> float:
    _, resident_mib = _at_rest("Python", [sys.executable, "-c", IDLE], (), lambda: True)
    return resident_mib


def _imports_ms(cell: Cell) -> Iterator[float]:
    for _ in range(FRESH):
        ended = subprocess.run(
            [sys.executable, "-c", IMPORT.format(cell.path.stem)],
            env=_environment(cell.search),
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise NotMeasurable(f"{cell.id} cannot be imported: {ended.stderr[-500:]}")
        yield 1000 * float(ended.stdout)


def _serving(cell: Cell) -> tuple[int, float]:
    """Return the threads and the resident memory of a server without a client."""
    with tempfile.TemporaryDirectory() as folder:
        names = cell.workload.roles[0].binds
        address = assign(names, "tcp", Path(folder), Random())[names[0]]
        program = SERVE.format(cell.path.stem, address)
        command = [sys.executable, "-c", program]
        return _at_rest(cell.id, command, cell.search, lambda: listens(address))


def _at_rest(
    what: str, command: list[str], search: Sequence[Path], is_ready: Callable[[], bool]
) -> tuple[int, float]:
    process = subprocess.Popen(command, env=_environment(search), stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while not is_ready() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(SETTLE_S)
        if process.poll() is not None:
            raise NotMeasurable(f"{what} ended at once, instead of serving")
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()
    found = dict(re.findall(r"^(\w+):\s+(\d+)", status, re.MULTILINE))
    return int(found["Threads"]), int(found["VmRSS"]) / 1024
