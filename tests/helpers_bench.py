"""What several tests share: running the command line, and looking for its processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.contract import FLOOR, IMPLEMENTATIONS, PROJECT, Case, Cell
from bench.find import find_cells

BROKEN = Path(__file__).parent / "broken"
TIMEOUT_S = 180
"""A bound that ends a test that hangs; nothing here depends on speed."""
INSTANCES = {"request_reply": 1, "fan_out": 2, "pipeline": 2}


def find_cell(cell_id: str, *more: Path) -> Cell:
    cells = find_cells([IMPLEMENTATIONS, FLOOR, *more])
    return next(cell for cell in cells if cell.id == cell_id)


def make_case(cell: Cell, quantity: str = "throughput", **changed: object) -> Case:
    """Return a small case of a cell over its default transport."""
    parameters: dict[str, object] = {
        "transport": cell.transports[0],
        "size_bytes": 64,
        "instances": 1 if cell.is_floor else INSTANCES[cell.workload.name],
        "placement": "shared",
    }
    return Case(cell, quantity, **(parameters | changed))  # type: ignore[arg-type]


def start_bench(*words: object, **environment: str) -> subprocess.Popen[str]:
    """Start ``python -m bench`` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench", *map(str, words)],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    out, err = process.communicate(timeout=TIMEOUT_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def bench(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m bench`` to its end."""
    return finish(start_bench(*words, **environment))


def processes_with(*words: str) -> Iterator[int]:
    """Yield the ids of living processes whose command line holds all the words."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue  # it ended between the listing and the reading
        if state != "Z" and all(word in command for word in words):
            yield int(folder.name)


def hosts_of(harness: int) -> list[int]:
    """Return the hosts that one harness process started and that live."""
    return list(processes_with("bench.hosts.host", f'"parent": {harness}}}'))
