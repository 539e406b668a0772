"""The role that works is named as the bottleneck, whether it is the client or the server.

The role works for a tenth of a second on each message. Beside that, the time between two
messages is negligible: waking a CPU, or a time slice of other processes on a busy machine.
A role is the bottleneck if it is busy for more than 95 % of the time.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.contract.find import find_cells
from bench.contract.model import Case
from bench.measure import latency
from bench.selftest.answers import KnownAnswer
from bench.selftest.losses import FAULTY
from bench.selftest.measures import SIZE_BYTES
from bench.trial.record import Window
from bench.trial.trial import run_trial

MESSAGES = 15
BOUND_BY = {"busy_client": "call", "busy_server": "serve"}


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
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
            KnownAnswer(
                f"{cell.variant.name.replace('_', ' ')}: who limits it",
                "100 ms of work per message",
                f"{metadata['bottleneck']} ({shares} of a CPU)",
                role,
                metadata["bottleneck"] == role,
            )
        )
    return found
