"""Ten per cent more work per message is found, and the same cell twice is the same.

On one CPU, where work is what counts. The work is a busy wait in the handler, and it is
a known answer only where it costs as much as it lasts. In a bare cell it does not: how a
scheduler lets four threads take turns on one CPU depends on how long each of them runs, and
4 us more in the handler have come with a third of a context switch more per message and so
with 5 us. That is a true cost of the cell, and an unknown one. Here every message already
keeps the handler at work for far longer than the rest of the round trip, so that the
turns are the same with and without the difference.

The difference is a tenth of the CPU time that a message takes both roles, which a busy
machine does not change, as measured in one trial before. Even were that off by a tenth, the
truth would be within 1 % of 1.10. The gates fail where an interval of level 99.9 % lies
beyond 1.10 +- 0.03, or beyond 5 % for two equals: of a correct harness, less than once in
1,000 times. ``twenty_runs`` shows that a tenth more is found in a bare cell as well.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from bench.contract import IMPLEMENTATIONS, Case
from bench.find import find_cells
from bench.measure import throughput
from bench.records import Window
from bench.selftest.answers import Answer, differ, ruled_out, shown
from bench.selftest.measures import SIZE_BYTES, Measure, harnessed, interleave
from bench.stats import noise_half_width, ratio, verdict
from bench.trial import run_trial

MORE = 0.10
TOLERANCE = 0.03
WORK_NS = 200_000
CELL = "zmq/minimal/request_reply.py"


def case_of(cell_id: str) -> Case:
    cell = next(c for c in find_cells([IMPLEMENTATIONS]) if c.id == cell_id)
    return Case(cell, "throughput", "tcp", SIZE_BYTES, 1, "shared")


def windows(case: Case, work_ns: int, logs: Path, seed: int) -> tuple[Window, Window]:
    """Return a window with so much work per message, and one with a tenth more of all."""
    pilot = replace(throughput.pilot(case), busy_ns=work_ns)
    first = throughput.measure(case, run_trial(case, pilot, logs, Random(seed)))
    window = replace(throughput.window(case, first.value_s), busy_ns=work_ns)
    known = throughput.measure(case, run_trial(case, window, logs, Random(seed))).metadata
    roles = [role.name for role in case.cell.workload.roles]
    cpu_ns = sum(1e3 * float(known[f"{role}_cpu_us_per_message"]) for role in roles)
    return window, replace(window, busy_ns=work_ns + round(MORE * cpu_ns))


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Measure a cell twice, and once with a tenth more work, interleaved."""
    case = case_of(CELL)
    window, more = windows(case, WORK_NS, logs, seed)
    measures: dict[str, Measure] = {
        "cell": harnessed(case, window, logs),
        "twin": harnessed(case, window, logs),
        "more": harnessed(case, more, logs),
    }
    values = interleave("known difference", measures, blocks, seed)
    cell, twin, slower = (values[name] for name in measures)
    same, found = ratio(twin, cell), ratio(slower, cell)
    said = verdict(found, noise_half_width(same))
    least, most = 1 + MORE - TOLERANCE, 1 + MORE + TOLERANCE
    added_us = (more.busy_ns - window.busy_ns) / 1e3
    return [
        Answer(
            f"{CELL}: the same, twice",
            "nothing",
            f"{shown(same)}, {verdict(same)}",
            "neither faster nor slower",
            not differ(twin, cell),
        ),
        Answer(
            f"{CELL}: more work",
            f"+{added_us:.1f} us, {100 * MORE:.0f} % of the CPU time per message",
            f"{shown(found)}, {said}",
            f"an interval that meets {least:.2f} to {most:.2f}",
            not ruled_out(slower, cell, least, most),
        ),
    ]
