"""An open loop shows a server's stall as queueing theory predicts; a closed loop hides it.

A server that stalls for a fifth of a second delays every request that becomes due
meanwhile: a tenth of all in two seconds. An open loop must see these requests wait. A
closed loop sends one request into the stall, and shows it as an outlier.

Lindley's recursion gives the expected times of the open loop, for one server that serves
requests in order (D. V. Lindley, "The theory of queues with a single server", 1952). It
starts from the schedule as its seed draws it, and from the time that each request took
after it was given. A mean service time would be too coarse. The 90th percentile lies where
the queue has nearly drained. There, a few interruptions of some milliseconds change it by
half its value. A mean would spread them over two seconds.

A separate gate checks the schedule and the stall. Without it, a generator that waits for
the stalled server would pass.

The theory does not know how late the generator was: about a microsecond a request, less
than 1 % of any percentile. So a correct harness passes within 10 %. On a busy machine the
generator may be later, and a run refuses such a case. The stall also lasts until its
process gets the CPU again. Answers above the bound are then undecided.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.hosts.open_loop import offsets_ns
from bench.measure import latency, response, throughput
from bench.measure.common import Sizing
from bench.measure.percentiles import quantile
from bench.selftest.answers import KnownAnswer
from bench.selftest.handler_delay import CELLS
from bench.selftest.measures import SIZE_BYTES
from bench.trial.record import RoleRecord, Window
from bench.trial.trial import run_trial

STALL_NS = 200_000_000
LASTS_S = 2.0
LOAD = 0.2
MESSAGES_MIN = 400
"""With fewer than 100, the request that met the stall would be the 99th percentile."""
TOLERANCE = 0.1
SHOWN = {"p90": 0.9, "p99": 0.99, "max": 1.0}

Nanoseconds = NDArray[np.int64]


def first_come_first_served_ns(
    due_ns: Nanoseconds, service_ns: Nanoseconds, occupied_ns: Nanoseconds
) -> Nanoseconds:
    """Return the response time of each request at one server, by Lindley's recursion.

    All arrays have one value for each request, in nanoseconds. ``due_ns`` is when requests
    are due. The reply to request n comes ``service_ns[n]`` after the server began it. The
    server can begin the next request ``occupied_ns[n]`` after it began request n.
    """
    free_ns = 0
    found = np.empty_like(due_ns)
    for number, due in enumerate(due_ns):
        begun_ns = max(due, free_ns)
        found[number] = begun_ns + service_ns[number] - due
        free_ns = begun_ns + occupied_ns[number]
    return found


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
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
    """Return when requests are due, from the seed of the only driver, number 0."""
    assert window.rate_hz
    drawn = offsets_ns(window.arrivals_seed, window.rate_hz, window.messages)
    return np.array(drawn, dtype=np.int64)


def _theory_ns(window: Window, caller: RoleRecord) -> Nanoseconds:
    """Return the response times of a queue with this schedule and these service times."""
    assert caller.given_ns is not None
    assert caller.asked_ns is not None
    assert caller.arrived_ns is not None
    service_ns = caller.arrived_ns - caller.given_ns
    # A cell in lock step can begin the next request when it asks for it.
    occupied_ns = np.append(caller.asked_ns[1:], caller.arrived_ns[-1]) - caller.given_ns
    return first_come_first_served_ns(_scheduled_ns(window), service_ns, occupied_ns)


def _open(
    case: Case, window: Window, sizing: Sizing, logs: Path, rng: Random
) -> list[KnownAnswer]:
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
        KnownAnswer(
            title,
            f"{STALL_NS / 1e6:.0f} ms once in {LASTS_S:g} s",
            _say(shown_ns),
            f"{_say(wanted_ns)}; within {100 * TOLERANCE:.0f} %",
            all(abs(share) <= TOLERANCE for share in off.values()),
            needs_quiet=min(off.values()) >= -TOLERANCE,
        ),
    ]


def _as_injected(title: str, window: Window, caller: RoleRecord) -> KnownAnswer:
    assert caller.given_ns is not None
    assert caller.intended_ns is not None
    assert caller.arrived_ns is not None
    stalled = window.stall_at
    lasted_ns = int(caller.arrived_ns[stalled] - caller.given_ns[stalled])
    off_ns = int(np.ptp(caller.intended_ns - _scheduled_ns(window)))
    most_ns = (1 + TOLERANCE) * STALL_NS
    return KnownAnswer(
        f"{title}: what was injected",
        f"{STALL_NS / 1e6:.0f} ms once, a schedule",
        f"{lasted_ns / 1e6:.1f} ms, {off_ns} ns off the schedule",
        f"{STALL_NS / 1e6:.0f} to {most_ns / 1e6:.0f} ms, 0 ns off",
        off_ns == 0 and STALL_NS <= lasted_ns <= most_ns,
        needs_quiet=off_ns == 0 and lasted_ns >= STALL_NS,
    )


def _closed(case: Case, window: Window, logs: Path, rng: Random) -> KnownAnswer:
    closed = replace(case, quantity="latency")
    measured = latency.measure(closed, run_trial(closed, window, logs, rng)).metadata
    p99_ns, max_ns = int(measured["p99_ns"]), int(measured["max_ns"])
    unseen = p99_ns < TOLERANCE * STALL_NS
    return KnownAnswer(
        f"{case.cell.id}: closed loop",
        f"{STALL_NS / 1e6:.0f} ms once",
        _say({"p99": p99_ns, "max": max_ns}),
        f"p99 below {TOLERANCE * STALL_NS / 1e6:.0f} ms, the maximum as injected",
        unseen and STALL_NS <= max_ns <= (1 + TOLERANCE) * STALL_NS,
        needs_quiet=max_ns >= STALL_NS,
    )


def _say(times_ns: dict[str, int] | dict[str, float]) -> str:
    return ", ".join(f"{name} {ns / 1e6:.3g} ms" for name, ns in times_ns.items())
