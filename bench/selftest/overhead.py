"""Known answers: what the harness itself costs.

``overhead`` interleaves, block by block and in random order, a cell under the full
harness with the same cell fed by a list and an identity handle, and ZeroMQ's pipeline
with a bare pyzmq loop. Beside them, not gated: the cells against bare loops of their
library, which is what a cell's idiom (threads, framing, generators) costs.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.contract import IMPLEMENTATIONS, Case, Cell, find_cells
from bench.measure import throughput
from bench.selftest.answers import Answer
from bench.selftest.measures import (
    SIZE_BYTES,
    WORKERS,
    Measure,
    bare_pipeline,
    bare_round_trip,
    harnessed,
    interleave,
)
from bench.stats import Interval, ratio
from bench.trial import run_trial

SHARED_RATIO_MAX = 1.05
PIPELINE_THROUGHPUT_MIN = 0.92


@dataclass(frozen=True)
class Comparison:
    """Two measures of seconds per message, and whether their ratio is as it must be."""

    name: str
    over: str
    under: str
    gate: str
    passes: Callable[[Interval], bool] | None


def _round_trips(
    cell: Cell, placement: str, logs: Path
) -> tuple[dict[str, Measure], list[Comparison]]:
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, 1, placement)
    pilot = run_trial(case, throughput.pilot(case), logs, random.Random())
    window = throughput.window(case, throughput.measure(case, pilot).value_s)
    library = "loop_zmq" if cell.stack.name == "zmq" else "loop_socket"
    title = f"{cell.stack.name} request_reply {placement}"
    measures = {
        f"{title} harness": harnessed(case, window, logs),
        f"{title} stamped": harnessed(case, replace(window, stamp_each=True), logs),
        f"{title} fed": bare_round_trip("fed", cell, placement, window.messages),
        f"{title} loop": bare_round_trip(library, cell, placement, window.messages),
    }
    if placement == "split":
        gate = "interval contains 1.00"
        passes: Callable[[Interval], bool] = lambda i: i.low <= 1.0 <= i.high  # noqa: E731
    else:
        gate = f"at most {SHARED_RATIO_MAX}"
        passes = lambda i: i.estimate <= SHARED_RATIO_MAX  # noqa: E731
    return measures, [
        Comparison(
            f"{title}: harness / list-fed cell",
            f"{title} harness",
            f"{title} fed",
            gate,
            passes,
        ),
        Comparison(
            f"{title}: every message stamped / list-fed cell",
            f"{title} stamped",
            f"{title} fed",
            "",
            None,
        ),
        Comparison(
            f"{title}: list-fed cell / bare loop",
            f"{title} fed",
            f"{title} loop",
            "",
            None,
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
    gate = f"throughput at least {PIPELINE_THROUGHPUT_MIN} of the bare loop's"
    return measures, [
        Comparison(
            f"{title}: harness / bare loop",
            f"{title} harness",
            f"{title} loop",
            gate,
            lambda i: 1 / i.estimate >= PIPELINE_THROUGHPUT_MIN,
        )
    ]


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Measure what the harness adds to two cells and to a pipeline."""
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


def _answer(comparison: Comparison, values: dict[str, list[float]]) -> Answer:
    interval = ratio(values[comparison.over], values[comparison.under])
    bounds = f"{interval.low:.3f} to {interval.high:.3f}"
    return Answer(
        comparison.name,
        "",
        f"{interval.estimate:.3f} ({bounds})",
        comparison.gate,
        comparison.passes(interval) if comparison.passes else None,
    )
