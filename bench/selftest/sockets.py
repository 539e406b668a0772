"""No stack waits for acknowledgements: the kernel reports TCP_NODELAY at both ends.

The control is a cell without the option that writes twice for each message. It must show
the kernel's wait of some 40 ms; without that, reading the option would prove nothing.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.measure import latency
from bench.selftest.answers import KnownAnswer
from bench.selftest.handler_delay import CELLS
from bench.selftest.losses import FAULTY
from bench.selftest.measures import SIZE_BYTES
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import run_trial

MESSAGES = 40
WAIT_MIN_S = 0.02


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Run the round trip of each stack and of the control once."""
    del blocks
    rng = Random(seed)
    cells = [c for c in find_cells([IMPLEMENTATIONS]) if Path(c.id).match(CELLS)]
    found = [_options(cell, _trial(cell, logs, rng)[1]) for cell in cells]
    control = next(c for c in find_cells([FAULTY]) if c.variant.name == "two_writes")
    case, trial = _trial(control, logs, rng)
    p50_s = latency.measure(case, trial).value_s
    return [
        *found,
        KnownAnswer(
            "control: round trip p50",
            "two writes, no TCP_NODELAY",
            f"{p50_s * 1e3:.1f} ms",
            f"at least {WAIT_MIN_S * 1e3:.0f} ms",
            p50_s >= WAIT_MIN_S,
        ),
    ]


def _trial(cell: Cell, logs: Path, rng: Random) -> tuple[Case, TrialRecord]:
    case = Case(cell, "latency", "tcp", SIZE_BYTES, 1, "free")
    window = Window(MESSAGES, warm_up=10, stamp_each=True)
    return case, run_trial(case, window, logs, rng)


def _options(cell: Cell, trial: TrialRecord) -> KnownAnswer:
    values = {host: read.get("tcp_nodelay") for host, read in trial.sockets.items()}
    said = ", ".join(f"{host} {value}" for host, value in sorted(values.items()))
    return KnownAnswer(
        f"{cell.id}: TCP_NODELAY at both ends",
        "nothing",
        said,
        "1 everywhere",
        all(value == [1] for value in values.values()) and len(values) > 1,
    )
