"""All selftests: one module for each question of a sceptic.

Each module has ``answers(blocks, seed, logs)``. It injects an effect, measures it, and
returns whether the answer is right. Statistical ones take ``blocks`` blocks. They look at
99.9 % intervals, so that a correct harness passes 999 times in 1,000.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench.run.preconditions import require_measurable
from bench.selftest.answers import KnownAnswer, observed, show

NAMES = (
    "coverage",
    "rotated_coverage",
    "verdicts",
    "losses",
    "closing",
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
    "clocks",
    "delay",
    "recovery_clock",
    "controls",
    "topologies",
    "web",
    "overhead",
)
LONG = (
    "twenty_runs",
    "levels",
    "side_by_side",
    "struck",
    "crowd",
    "other_generators",
    "floor",
    "rotation",
    "work_in_turns",
    "apart",
)
"""These run only by name: they take many minutes, or need tools that few machines have."""


def run(names: Sequence[str], blocks: int, seed: int | None = None) -> bool:
    """Run selftests by name, print their answers, and return whether all passed."""
    require_measurable()
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    every: list[bool] = []
    for name in names:
        logs = Path(tempfile.mkdtemp(prefix="nomiddle-selftest-"))
        with observed() as busy:
            found: list[KnownAnswer] = import_module(f"bench.selftest.{name}").answers(
                blocks, seed, logs
            )
        every.append(show(f"{name} ({blocks} blocks, seed {seed})", found, busy))
        shutil.rmtree(logs, ignore_errors=True)
    return all(every)
