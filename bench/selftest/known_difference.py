"""Ten per cent more work per message is found, and the same cell twice is the same.

The work is a busy wait in the handler of one cell, on one CPU, where work is what counts.
Its length is about a tenth of what a round trip took in a trial before; what share of
the round trips of this selftest it was is computed from them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

from bench.contract import IMPLEMENTATIONS, Case, find_cells
from bench.measure import throughput
from bench.selftest.answers import Answer
from bench.selftest.measures import SIZE_BYTES, Measure, harnessed, interleave
from bench.stats import noise_half_width, ratio, verdict
from bench.trial import run_trial

MORE = 0.10
TOLERANCE = 0.03
BUSY_MIN_NS = 1
"""A handler that waits this long takes the same path as one that waits longer."""
CELL = "zmq/minimal/request_reply.py"


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Measure a cell twice, and once with a tenth more work, interleaved."""
    cell = next(c for c in find_cells([IMPLEMENTATIONS]) if c.id == CELL)
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, 1, "shared")
    pilot = replace(throughput.pilot(case), busy_ns=BUSY_MIN_NS)
    first = throughput.measure(case, run_trial(case, pilot, logs, Random(seed)))
    window = replace(throughput.window(case, first.value_s), busy_ns=BUSY_MIN_NS)
    base_s = harnessed(case, window, logs)(Random(seed))
    more = replace(window, busy_ns=int(MORE * base_s * 1e9))
    measures: dict[str, Measure] = {
        "cell": harnessed(case, window, logs),
        "twin": harnessed(case, window, logs),
        "more": harnessed(case, more, logs),
    }
    values = interleave("known difference", measures, blocks, seed)
    same = ratio(values["twin"], values["cell"])
    slower = ratio(values["more"], values["cell"])
    noise = noise_half_width(same)
    same_verdict, found = verdict(same), verdict(slower, noise)
    expected = 1 + more.busy_ns / 1e9 / median(values["cell"])
    least, most = expected - TOLERANCE, expected + TOLERANCE
    return [
        Answer(
            f"{CELL}: the same, twice",
            "nothing",
            f"{same.estimate:.3f} ({same.low:.3f} to {same.high:.3f}), {same_verdict}",
            "neither faster nor slower",
            same_verdict in ("equivalent", "inconclusive"),
        ),
        Answer(
            f"{CELL}: more work",
            f"+{more.busy_ns / 1e3:.1f} us, {100 * (expected - 1):.0f} % per message",
            f"{slower.estimate:.3f} ({slower.low:.3f} to {slower.high:.3f}), {found}",
            f"never faster, and an interval that meets {least:.2f} to {most:.2f}",
            found != "faster" and slower.low <= most and slower.high >= least,
        ),
    ]
