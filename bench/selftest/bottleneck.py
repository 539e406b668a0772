"""What a case is bound by follows the work when it moves to the other side.

A tenth of a second of it, so that what passes between two messages is nothing beside it:
waking a CPU, or on a busy machine a time slice of others. A role is the limit above 95 %.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.contract import Case
from bench.find import find_cells
from bench.measure import latency
from bench.records import Window
from bench.selftest.answers import Answer
from bench.selftest.losses import FAULTY
from bench.selftest.measures import SIZE_BYTES
from bench.trial import run_trial

MESSAGES = 15
BOUND_BY = {"busy_client": "call", "busy_server": "serve"}


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Run a round trip with a busy client and one with a busy server."""
    del blocks
    found = []
    for cell in (c for c in find_cells([FAULTY]) if c.variant.name in BOUND_BY):
        case = Case(cell, "latency", "tcp", SIZE_BYTES, 1, "split")
        window = Window(MESSAGES, warm_up=1, stamp_each=True)
        trial = run_trial(case, window, logs, Random(seed))
        metadata = latency.measure(case, trial).metadata
        role = BOUND_BY[cell.variant.name]
        shares = ", ".join(
            f"{name} {100 * float(metadata[f'{name}_thread_share']):.0f} %"
            for name in BOUND_BY.values()
        )
        found.append(
            Answer(
                f"{cell.variant.name.replace('_', ' ')}: who limits it",
                "100 ms of work per message",
                f"{metadata['bottleneck']} ({shares} of a CPU)",
                role,
                metadata["bottleneck"] == role,
            )
        )
    return found
