"""The harness adds little to the time of a message.

``overhead`` measures cells under the full harness, and the same cells fed by a list and an
identity handle. It compares ZeroMQ's pipeline with a bare pyzmq loop. All measures are
interleaved block by block, in random order. The cells are also compared with bare loops of
their library. The difference is the cost of a cell's idiom, such as threads, framing and
generators; it gates nothing.

On one CPU, where times depend on work alone, the harness may add a twentieth of a round
trip. With a CPU each, most of a round trip is waking the other CPU. There the harness may
add no more microseconds than on one CPU. A gate fails if a 99.9 % interval lies beyond the
limit. A harness within the limit fails less than once in 1,000 times.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.analysis.stats import ratio
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.measure import throughput
from bench.selftest.answers import KnownAnswer, ruled_out, shown
from bench.selftest.measures import (
    SIZE_BYTES,
    WORKERS,
    Measure,
    bare_pipeline,
    bare_round_trip,
    harnessed,
    interleave,
)
from bench.trial.trial import run_trial

SHARED_RATIO_MAX = 1.05
PIPELINE_THROUGHPUT_MIN = 0.92

Values = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Comparison:
    """Two measures of seconds per message, and the limit of their ratio.

    ``most`` computes the limit from the values of all measures; None gates nothing. The
    inverse of the ratio has the same limit: a harness that seems to speed a cell up is
    wrong as well.
    """

    name: str
    over: str
    under: str
    most: Callable[[Values], float] | None = None


def _round_trips(
    cell: Cell, placement: str, logs: Path
) -> tuple[dict[str, Measure], list[Comparison]]:
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, 1, placement)
    pilot = run_trial(case, throughput.pilot(case), logs, random.Random())
    window = throughput.window(case, throughput.measure(case, pilot).value_s)
    library = "loop_zmq" if cell.stack.name == "zmq" else "loop_socket"
    title, shared = (
        f"{cell.stack.name} request_reply {name}" for name in (placement, "shared")
    )
    measures = {
        f"{title} harness": harnessed(case, window, logs),
        f"{title} stamped": harnessed(case, replace(window, stamp_each=True), logs),
        f"{title} fed": bare_round_trip("fed", cell, placement, window.messages),
        f"{title} loop": bare_round_trip(library, cell, placement, window.messages),
    }

    def most(values: Values) -> float:
        allowed_s = (SHARED_RATIO_MAX - 1) * median(values[f"{shared} fed"])
        return 1 + allowed_s / median(values[f"{title} fed"])

    return measures, [
        Comparison(
            f"{title}: harness / list-fed program",
            f"{title} harness",
            f"{title} fed",
            most,
        ),
        Comparison(
            f"{title}: every message stamped / list-fed program",
            f"{title} stamped",
            f"{title} fed",
        ),
        Comparison(
            f"{title}: list-fed program / bare loop",
            f"{title} fed",
            f"{title} loop",
        ),
    ]


def _pipeline(
    cell: Cell, placement: str, logs: Path
) -> tuple[dict[str, Measure], list[Comparison]]:
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, WORKERS, placement)
    pilot = run_trial(case, throughput.pilot(case), logs, random.Random())
    window = throughput.window(case, throughput.measure(case, pilot).value_s)
    title = f"zmq pipeline {placement}"
    measures = {
        f"{title} harness": harnessed(case, window, logs),
        f"{title} loop": bare_pipeline(placement, window.messages),
    }
    return measures, [
        Comparison(
            f"{title}: harness / bare loop",
            f"{title} harness",
            f"{title} loop",
            lambda _: 1 / PIPELINE_THROUGHPUT_MIN,
        )
    ]


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Measure how much time the harness adds to two cells and to a pipeline."""
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    measures: dict[str, Measure] = {}
    comparisons: list[Comparison] = []
    for placement in ("split", "shared"):
        for stack in ("raw_socket", "zmq"):
            cell = cells[f"{stack}/minimal/request_reply.py"]
            more, compared = _round_trips(cell, placement, logs)
            measures |= more
            comparisons += compared
        more, compared = _pipeline(cells["zmq/minimal/pipeline.py"], placement, logs)
        measures |= more
        comparisons += compared
    values = interleave("overhead", measures, blocks, seed)
    return [_answer(comparison, values) for comparison in comparisons]


def _answer(comparison: Comparison, values: Values) -> KnownAnswer:
    over, under = values[comparison.over], values[comparison.under]
    found = shown(ratio(over, under))
    if comparison.most is None:
        return KnownAnswer(comparison.name, "", found, "", None)
    most = comparison.most(values)
    right = not ruled_out(over, under, 1 / most, most)
    return KnownAnswer(comparison.name, "", found, f"{1 / most:.3f} to {most:.3f}", right)
