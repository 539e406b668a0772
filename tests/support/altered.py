"""Runs that differ from each other in a known way: in a program, or in the machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import synthetic

from bench.contract.model import Case
from bench.run.archive import Archive

SLOWER = "zmq/minimal/request_reply.py"


def seconds(
    factor: float = 1.0, everywhere: float = 1.0, cell: str = SLOWER
) -> Callable[[Case], float]:
    """Return times with one cell slower by a factor, and the whole machine by another."""
    return lambda case: (
        synthetic.usual_s(case) * everywhere * (factor if case.cell.id == cell else 1.0)
    )


def made(folder: Path, seed: int = 11, **how: Any) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "SEED", seed)  # two runs do not share their noise
        return synthetic.make(folder, **how)


def other(folder: Path, **machine: object) -> Path:
    """Make a run say that its machine was another one."""
    path = folder / "run.json"
    about = json.loads(path.read_text())
    about["machine"] |= machine
    path.write_text(json.dumps(about))
    (folder / "SHA256SUMS").unlink()
    Archive(folder).seal()
    return folder
