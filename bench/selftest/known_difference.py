"""The harness finds ten per cent more work per message, and finds a cell equal to itself.

Both roles share one CPU, so that times depend on work alone. The work is a busy wait in the
handler. Its effect is known only if the wait costs as much as it lasts. In a bare cell it
does not. There, the scheduler's order of four threads on one CPU depends on how long each
of them runs. For example, 4 us more in the handler came with a third of a context switch
more per message, and took 5 us in all. Here the handler works far longer on every message
than the rest of the round trip takes. So the order of threads is the same with and without
the difference.

The added work is a tenth of the CPU time that both roles need for a message. One trial
measures that time beforehand, and a busy machine does not change it. Even if it were wrong
by a tenth, the true ratio would be within 1 % of 1.10. The gates fail if a 99.9 % interval
lies beyond 1.10 +- 0.03, or beyond 5 % for two equals. A correct harness fails less than
once in 1,000 times. ``twenty_runs`` finds a tenth more work in a bare cell too.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from bench.analysis.stats import ratio, verdict
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.measure import throughput
from bench.selftest.answers import KnownAnswer, differ, ruled_out, shown
from bench.selftest.measures import SIZE_BYTES, Measure, harnessed, interleave
from bench.trial.record import Window
from bench.trial.trial import run_trial

MORE = 0.10
TOLERANCE = 0.03
WORK_NS = 200_000
CELL = "zmq/minimal/request_reply.py"


def case_of(cell_id: str) -> Case:
    cell = next(c for c in find_cells([IMPLEMENTATIONS]) if c.id == cell_id)
    return Case(cell, "throughput", "tcp", SIZE_BYTES, 1, "shared")


def windows(case: Case, work_ns: int, logs: Path, seed: int) -> tuple[Window, Window]:
    """Return two windows: with ``work_ns`` per message, and with a tenth more CPU time.

    The tenth is of the CPU time that all roles need for a message, as a trial measures it.
    """
    pilot = replace(throughput.pilot(case), busy_ns=work_ns)
    first = throughput.measure(case, run_trial(case, pilot, logs, Random(seed)))
    window = replace(throughput.window(case, first.value_s), busy_ns=work_ns)
    known = throughput.measure(case, run_trial(case, window, logs, Random(seed))).metadata
    roles = [role.name for role in case.cell.workload.roles]
    cpu_ns = sum(1e3 * float(known[f"{role}_cpu_us_per_message"]) for role in roles)
    return window, replace(window, busy_ns=work_ns + round(MORE * cpu_ns))


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Measure a cell, its A/A copy, and the cell with a tenth more work, interleaved."""
    case = case_of(CELL)
    window, more = windows(case, WORK_NS, logs, seed)
    measures: dict[str, Measure] = {
        "cell": harnessed(case, window, logs),
        "copy": harnessed(case, window, logs),
        "more": harnessed(case, more, logs),
    }
    values = interleave("known difference", measures, blocks, seed)
    cell, copy, slower = (values[name] for name in measures)
    same, found = ratio(copy, cell), ratio(slower, cell)
    least, most = 1 + MORE - TOLERANCE, 1 + MORE + TOLERANCE
    added_us = (more.busy_ns - window.busy_ns) / 1e3
    return [
        KnownAnswer(
            f"{CELL}: the same, twice",
            "nothing",
            f"{shown(same)}, {verdict(same)}",
            "neither faster nor slower",
            not differ(copy, cell),
        ),
        KnownAnswer(
            f"{CELL}: more work",
            f"+{added_us:.1f} us, {100 * MORE:.0f} % of the CPU time per message",
            f"{shown(found)}, {verdict(found)}",
            f"an interval that meets {least:.2f} to {most:.2f}",
            not ruled_out(slower, cell, least, most),
        ),
    ]
