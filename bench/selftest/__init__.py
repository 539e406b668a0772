"""The harness against known answers: one module for each question a sceptic asks.

Each has ``answers(blocks, seed, logs)``, which injects something, measures, and says
whether the answer is the right one. Statistical ones take ``blocks`` blocks, and look at
intervals of a level at which a correct harness passes 999 times in 1,000.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench.processes import require_linux
from bench.selftest.answers import Answer, show, watched

NAMES = (
    "coverage",
    "losses",
    "sockets",
    "bottleneck",
    "little",
    "generator",
    "stall",
    "handler_delay",
    "known_difference",
    "drift",
    "client",
    "interop",
    "partition",
    "recovery_clock",
    "overhead",
)
LONG = ("twenty_runs", "levels", "side_by_side", "floor")
"""Only when named: they take many minutes, or need what is rarely installed."""


def run(names: Sequence[str], blocks: int, seed: int | None = None) -> bool:
    """Run selftests by name, print their answers, and return whether all passed."""
    require_linux()
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    every: list[bool] = []
    for name in names:
        logs = Path(tempfile.mkdtemp(prefix="nomiddle-selftest-"))
        with watched() as busy:
            found: list[Answer] = import_module(f"bench.selftest.{name}").answers(
                blocks, seed, logs
            )
        every.append(show(f"{name} ({blocks} blocks, seed {seed})", found, busy))
        shutil.rmtree(logs, ignore_errors=True)
    return all(every)
