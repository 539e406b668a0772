"""Helpers of several tests: running the command line, and looking for its processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, PROJECT, Case, Cell

BROKEN = Path(__file__).parents[1] / "cells" / "broken"
TIMEOUT_S = 180
"""A bound that ends a test that hangs; nothing here depends on speed."""
INSTANCES = {"request_reply": 1, "fan_out": 2, "pipeline": 2}


def thorough_but(quick: Collection[str], values: Mapping[str, object]) -> list[Any]:
    """Return named parameters, of which `make test` takes the quick ones only."""
    assert {*quick} <= values.keys(), "a quick one is gone: name another"
    return [
        pytest.param(value, id=name, marks=() if name in quick else pytest.mark.thorough)
        for name, value in values.items()
    ]


def find_cell(cell_id: str, *more: Path) -> Cell:
    cells = find_cells([IMPLEMENTATIONS, FLOOR, *more])
    return next(cell for cell in cells if cell.id == cell_id)


def make_case(
    cell: Cell, quantity: str = "throughput", loop: str = "", **changed: object
) -> Case:
    """Return a small case of a cell over its default transport."""
    parameters: dict[str, object] = {
        "transport": cell.transports[0],
        "size_bytes": 64,
        "instances": 1 if cell.is_floor else INSTANCES[cell.workload.name],
        "placement": "shared",
    }
    return Case(replace(cell, loop=loop), quantity, **(parameters | changed))  # type: ignore[arg-type]


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
    """Return the living hosts of one harness process, with the fork servers of some."""
    return list(processes_with("bench.hosts.", f'"parent": {harness},'))
