"""Little's law: rate and times of a closed loop give the number of its clients.

J. D. C. Little, "A Proof for the Queuing Formula: L = lambda W", Operations Research, 1961.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.measure import latency
from bench.measure.closed_loop import OFF_MAX
from bench.selftest.answers import KnownAnswer
from bench.selftest.measures import SIZE_BYTES
from bench.trial.record import Window
from bench.trial.trial import run_trial

CELLS = ("raw_socket/minimal/request_reply.py", "zmq/minimal/request_reply.py")
CLIENTS = (1, 32)
MESSAGES = 400


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make a trial with one client and with many clients of each cell."""
    del blocks
    found = []
    for cell in [c for c in find_cells([IMPLEMENTATIONS]) if c.id in CELLS]:
        for clients in CLIENTS:
            case = Case(cell, "latency", "tcp", SIZE_BYTES, clients, "free")
            window = Window(MESSAGES, warm_up=10, stamp_each=True)
            trial = run_trial(case, window, logs, Random(seed))
            share = float(latency.measure(case, trial).metadata["little_share"])
            found.append(
                KnownAnswer(
                    f"{cell.id}: throughput times response and think time",
                    f"{clients} clients",
                    f"{share * clients:.3f} clients",
                    f"within {100 * OFF_MAX:.0f} %",
                    abs(share - 1) <= OFF_MAX,
                )
            )
    return found
