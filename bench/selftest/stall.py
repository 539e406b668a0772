"""One stall of a server shows where theory puts it in the open loop, and not in the closed.

A server that stands still for a fifth of a second holds up every request that becomes due
meanwhile: a tenth of all in two seconds. An open loop must see them wait; a closed loop
sends one request into the stall and calls it an outlier. What the open loop must show is
computed from the run's own schedule, first come first served.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.contract import IMPLEMENTATIONS, Case, find_cells
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
TOLERANCE = 0.1
SHOWN = {"p90": 0.9, "p99": 0.99, "max": 1.0}
TOLERANCES = {"p90": 0.2, "p99": TOLERANCE, "max": TOLERANCE}
"""p90 lies where the queue is nearly drained: it takes all of what service times vary."""


def first_come_first_served_ns(
    intended_ns: NDArray[np.int64],
    idle_ns: float,
    busy_ns: float,
    stall_at: int,
    stall_ns: int,
) -> NDArray[np.float64]:
    """Return the response time of each request at one server (Lindley's recursion).

    A request takes ``idle_ns`` where nobody waits, since then a CPU has to wake, and
    ``busy_ns`` in a queue.
    """
    free_ns = 0.0
    found = np.empty(len(intended_ns))
    for number, due_ns in enumerate(intended_ns):
        service_ns = busy_ns if free_ns > due_ns else idle_ns
        stall = stall_ns if number == stall_at else 0
        free_ns = max(float(due_ns), free_ns) + service_ns + stall
        found[number] = free_ns - due_ns
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
        messages = int(LASTS_S * LOAD / pilot.value_s)
        half = messages // 2
        window = response.window(case, sizing)
        window = replace(window, messages=messages, stall_at=half, stall_ns=STALL_NS)
        found.append(_open(case, window, sizing, logs, Random(seed)))
        closed = replace(window, rate_hz=None)
        found.append(_closed(case, closed, logs, Random(seed)))
    return found


def _service_ns(caller: RoleRecord) -> tuple[float, float]:
    """Return how long a request takes once it is given: on an idle path, in a queue."""
    assert caller.given_ns is not None
    assert caller.asked_ns is not None
    assert caller.intended_ns is not None
    assert caller.arrived_ns is not None
    service_ns = caller.arrived_ns - caller.given_ns
    queued = caller.asked_ns > caller.intended_ns
    without_stall_ns = np.sort(service_ns[queued])[:-1]
    return float(np.median(service_ns[~queued])), float(without_stall_ns.mean())


def _open(case: Case, window: Window, sizing: Sizing, logs: Path, rng: Random) -> Answer:
    trial = run_trial(case, window, logs, rng)
    measured = response.measure(case, trial, sizing)
    (caller,) = trial.of(case.cell.workload.driver)
    assert caller.intended_ns is not None
    idle_ns, busy_ns = _service_ns(caller)
    expected_ns = first_come_first_served_ns(
        caller.intended_ns, idle_ns, busy_ns, window.stall_at, STALL_NS
    )
    shown_ns = {name: int(measured.metadata[f"{name}_ns"]) for name in SHOWN}
    wanted_ns = {name: quantile(expected_ns, q) for name, q in SHOWN.items()}
    right = all(
        abs(shown_ns[name] - wanted_ns[name]) <= TOLERANCES[name] * wanted_ns[name]
        for name in SHOWN
    )
    return Answer(
        f"{case.cell.id}: open loop at {100 * LOAD:.0f} % load",
        f"{STALL_NS / 1e6:.0f} ms once in {LASTS_S:g} s",
        _say(shown_ns),
        f"{_say(wanted_ns)}; within {100 * TOLERANCE:.0f} %, p90 20 %",
        right,
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
        unseen and abs(max_ns - STALL_NS) <= TOLERANCE * STALL_NS,
    )


def _say(times_ns: dict[str, int] | dict[str, float]) -> str:
    return ", ".join(f"{name} {ns / 1e6:.3g} ms" for name, ns in times_ns.items())
