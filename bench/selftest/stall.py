"""One stall of a server shows where theory puts it in the open loop, and not in the closed.

A server that stands still for a fifth of a second holds up every request that becomes due
meanwhile: a tenth of all in two seconds. An open loop must see them wait; a closed loop
sends one request into the stall and calls it an outlier.

What the open loop must show is computed request by request, first come first served
(Lindley's recursion), from the schedule as its seed draws it and from the time that each
request took once it was given. One service time for all would not do: p90 lies where the
queue has nearly drained, and a few interruptions of some milliseconds, which a mean spreads
over two seconds, move it by half its value when they fall into the drain, or do not.

That schedule and stall are those that were injected is gated apart: a generator that waited
for the stalled server would pass all else.

What the theory is not told is how late the generator itself was: a microsecond a request,
less than 1 % of any percentile, so that within 10 % a correct harness passes. On a machine
where others take the CPU, the generator may be late by more (a run refuses such a case),
and the stall ends when its process next has the CPU: answers above are then undecided.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.contract import IMPLEMENTATIONS, Case
from bench.find import find_cells
from bench.hosts.open_loop import offsets_ns
from bench.measure import latency, response, throughput
from bench.measure.measured import Sizing
from bench.records import RoleRecord, Window
from bench.selftest.answers import Answer
from bench.selftest.handler_delay import CELLS
from bench.selftest.measures import SIZE_BYTES
from bench.stats import quantile
from bench.trial import run_trial

STALL_NS = 200_000_000
LASTS_S = 2.0
LOAD = 0.2
MESSAGES_MIN = 400
"""Of fewer than 100 the one that met the stall would be the 99th percentile."""
TOLERANCE = 0.1
SHOWN = {"p90": 0.9, "p99": 0.99, "max": 1.0}

Nanoseconds = NDArray[np.int64]


def first_come_first_served_ns(
    due_ns: Nanoseconds, service_ns: Nanoseconds, occupied_ns: Nanoseconds
) -> Nanoseconds:
    """Return the response time of each request at one server (Lindley's recursion).

    Request n has its reply ``service_ns[n]`` after it was begun, and the server can begin
    the next one ``occupied_ns[n]`` after that moment.
    """
    free_ns = 0
    found = np.empty_like(due_ns)
    for number, due in enumerate(due_ns):
        begun_ns = max(due, free_ns)
        found[number] = begun_ns + service_ns[number] - due
        free_ns = begun_ns + occupied_ns[number]
    return found


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Stall each stack's server once in an open and once in a closed loop."""
    del blocks
    found = []
    for cell in [c for c in find_cells([IMPLEMENTATIONS]) if Path(c.id).match(CELLS)]:
        case = Case(cell, "response", "tcp", SIZE_BYTES, 1, "split")
        pilot = throughput.measure(
            case, run_trial(case, throughput.pilot(case), logs, Random(seed))
        )
        sizing = Sizing(pilot.value_s, LOAD / pilot.value_s, seed)
        messages = max(MESSAGES_MIN, int(LASTS_S * LOAD / pilot.value_s))
        half = messages // 2
        window = response.window(case, sizing)
        window = replace(window, messages=messages, stall_at=half, stall_ns=STALL_NS)
        found += _open(case, window, sizing, logs, Random(seed))
        closed = replace(window, rate_hz=None)
        found.append(_closed(case, closed, logs, Random(seed)))
    return found


def _scheduled_ns(window: Window) -> Nanoseconds:
    """Return when requests are due, as the seed draws it: the one driver is number 0."""
    assert window.rate_hz
    drawn = offsets_ns(window.arrivals_seed, window.rate_hz, window.messages)
    return np.array(drawn, dtype=np.int64)


def _theory_ns(window: Window, caller: RoleRecord) -> Nanoseconds:
    """Return the response times that a queue has to this schedule and these services."""
    assert caller.given_ns is not None
    assert caller.asked_ns is not None
    assert caller.arrived_ns is not None
    service_ns = caller.arrived_ns - caller.given_ns
    # A cell in lock step can begin the next request once it has asked for it.
    occupied_ns = np.append(caller.asked_ns[1:], caller.arrived_ns[-1]) - caller.given_ns
    return first_come_first_served_ns(_scheduled_ns(window), service_ns, occupied_ns)


def _open(
    case: Case, window: Window, sizing: Sizing, logs: Path, rng: Random
) -> list[Answer]:
    trial = run_trial(case, window, logs, rng)
    measured = response.measure(case, trial, sizing)
    (caller,) = trial.of(case.cell.workload.driver)
    theory_ns = _theory_ns(window, caller)
    shown_ns = {name: int(measured.metadata[f"{name}_ns"]) for name in SHOWN}
    wanted_ns = {name: quantile(theory_ns, q) for name, q in SHOWN.items()}
    off = {name: shown_ns[name] / wanted_ns[name] - 1 for name in SHOWN}
    title = f"{case.cell.id}: open loop at {100 * LOAD:.0f} % load"
    return [
        _as_injected(title, window, caller),
        Answer(
            title,
            f"{STALL_NS / 1e6:.0f} ms once in {LASTS_S:g} s",
            _say(shown_ns),
            f"{_say(wanted_ns)}; within {100 * TOLERANCE:.0f} %",
            all(abs(share) <= TOLERANCE for share in off.values()),
            needs_quiet=min(off.values()) >= -TOLERANCE,
        ),
    ]


def _as_injected(title: str, window: Window, caller: RoleRecord) -> Answer:
    assert caller.given_ns is not None
    assert caller.intended_ns is not None
    assert caller.arrived_ns is not None
    stalled = window.stall_at
    lasted_ns = int(caller.arrived_ns[stalled] - caller.given_ns[stalled])
    off_ns = int(np.ptp(caller.intended_ns - _scheduled_ns(window)))
    most_ns = (1 + TOLERANCE) * STALL_NS
    return Answer(
        f"{title}: what was injected",
        f"{STALL_NS / 1e6:.0f} ms once, a schedule",
        f"{lasted_ns / 1e6:.1f} ms, {off_ns} ns off the schedule",
        f"{STALL_NS / 1e6:.0f} to {most_ns / 1e6:.0f} ms, 0 ns off",
        off_ns == 0 and STALL_NS <= lasted_ns <= most_ns,
        needs_quiet=off_ns == 0 and lasted_ns >= STALL_NS,
    )


def _closed(case: Case, window: Window, logs: Path, rng: Random) -> Answer:
    closed = replace(case, quantity="latency")
    measured = latency.measure(closed, run_trial(closed, window, logs, rng)).metadata
    p99_ns, max_ns = int(measured["p99_ns"]), int(measured["max_ns"])
    unseen = p99_ns < TOLERANCE * STALL_NS
    return Answer(
        f"{case.cell.id}: closed loop",
        f"{STALL_NS / 1e6:.0f} ms once",
        _say({"p99": p99_ns, "max": max_ns}),
        f"p99 below {TOLERANCE * STALL_NS / 1e6:.0f} ms, the maximum as injected",
        unseen and STALL_NS <= max_ns <= (1 + TOLERANCE) * STALL_NS,
        needs_quiet=max_ns >= STALL_NS,
    )


def _say(times_ns: dict[str, int] | dict[str, float]) -> str:
    return ", ".join(f"{name} {ns / 1e6:.3g} ms" for name, ns in times_ns.items())
