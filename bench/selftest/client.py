"""A client in C is not slower than a client in Python with the same server.

A slower client in C would show that the harness measures one of the two wrongly. The gate
fails if a 99.9 % interval of the ratio, Python over C, lies below 1. If the client in
Python takes as long or longer, the gate fails less than once in 1,000 times.
"""

from __future__ import annotations

from math import inf
from pathlib import Path
from random import Random

from bench.analysis.stats import ratio
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.measure import throughput, wrk
from bench.measure.common import Sizing
from bench.selftest.answers import KnownAnswer, ruled_out, shown
from bench.selftest.measures import SIZE_BYTES, Measure, interleave
from bench.trial.trial import run_trial

CELL = "http/minimal/request_reply.py"
PLACEMENT = "shared"


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Measure the time per request of one server with wrk and with the client in Python."""
    question = f"{CELL}: time per request, Python's client over wrk"
    if not wrk.is_installed():
        return [KnownAnswer(question, "nothing", "wrk is not installed", "skipped", None)]
    cell = next(c for c in find_cells([IMPLEMENTATIONS]) if c.id == CELL)
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, 1, PLACEMENT)
    pilot = throughput.measure(
        case, run_trial(case, throughput.pilot(case), logs, Random(seed))
    )
    sizing = Sizing(pilot.value_s)

    def python(rng: Random) -> float:
        return throughput.take(case, sizing, logs, rng).value_s

    def by_wrk(rng: Random) -> float:
        return wrk.take(case, sizing, logs, rng).value_s

    measures: dict[str, Measure] = {"python": python, "wrk": by_wrk}
    values = interleave("client", measures, blocks, seed)
    found = ratio(values["python"], values["wrk"])
    return [
        KnownAnswer(
            question,
            "nothing",
            shown(found),
            "an interval that is not below 1",
            not ruled_out(values["python"], values["wrk"], 1, inf),
        )
    ]
