"""The harness measures the known length of an outage, and counts an outage without end.

The server is killed, and a standby binds after a known time. One client tries again each
millisecond, so that it recovers as soon as the standby listens. Another never tries again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

from bench.contract.find import find_cells
from bench.contract.model import Case
from bench.faults.fault import Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.history import CLASSES, FailureRecord
from bench.faults.participants import BINDING
from bench.faults.trial import run_failure
from bench.measure import recovery
from bench.measure.common import Measured
from bench.selftest.answers import KnownAnswer
from bench.selftest.losses import FAULTY

DOWN_S = (0.3, 1.0)
"""Two lengths in seconds: a clock that always shows one value would be right once."""
TRIALS = 5
LATE_S = 0.01
"""The longest time in seconds that a standby needs to bind, and a client to notice it."""
WATCH_S = 2.0


def killed(trial: FaultTrial, down_s: float) -> None:
    """Kill the server, and have the standby take over ``down_s`` seconds later."""
    with trial.fault():
        trial.processes.kill(trial.participants.binder)
    trial.wait(down_s - (time.perf_counter_ns() - trial.fault_ns) / 1e9)
    trial.start_standby(trial.participants.binder)
    trial.healed()


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make some trials of each kind, with the fault at random moments."""
    del blocks
    rng = Random(seed)
    records: list[FailureRecord] = []
    found = []
    for down_s in DOWN_S:
        made = [_trial("asking_again", down_s, logs, rng) for _ in range(TRIALS)]
        records += [record for record, _ in made]
        found.append(_known(down_s, [measured for _, measured in made]))
    record, measured = _trial("asking_once", DOWN_S[0], logs, rng)
    records.append(record)
    return [*found, _endless(measured), *_books(records)]


def _trial(
    variant: str, down_s: float, logs: Path, rng: Random
) -> tuple[FailureRecord, Measured]:
    cell = next(cell for cell in find_cells([FAULTY]) if cell.variant.name == variant)
    fault = Fault(
        "killed_for_a_known_time",
        "F1",
        f"server killed, restarted after {down_s:g} s",
        (cell.workload.name,),
        partial(killed, down_s=down_s),
        Setup(standby=(BINDING,)),
        lasts_s=down_s,
        watch_s=WATCH_S,
    )
    case = Case(cell, "recovery", "tcp", fault.setup.size_bytes, 2, "free")
    record = run_failure(case, fault, logs, rng)
    return record, recovery.measure(case, fault, record)


def _known(down_s: float, made: list[Measured]) -> KnownAnswer:
    outages_s = sorted(measured.value_s for measured in made)
    interval_s = float(made[0].metadata["interval_s"])
    in_place = all(measured.metadata["verdict"] == recovery.KEPT for measured in made)
    right = down_s <= outages_s[0] and outages_s[-1] <= down_s + LATE_S + interval_s
    return KnownAnswer(
        "outage of a client that tries each ms",
        f"back after {down_s:.3f} s",
        f"{outages_s[0]:.3f} to {outages_s[-1]:.3f} s in {len(made)} trials, "
        f"{'all kept' if in_place else 'not all kept'}",
        f"{down_s:.3f} to {down_s + LATE_S:.3f} s and up to {interval_s:.3f} s of "
        "resolution, all kept",
        right and in_place,
        needs_quiet=down_s <= outages_s[0],
    )


def _endless(measured: Measured) -> KnownAnswer:
    facts = measured.metadata
    censored = bool(facts["censored"])
    least_s = DOWN_S[0] + WATCH_S
    return KnownAnswer(
        "outage of a client that never tries again",
        f"back after {DOWN_S[0]:.3f} s",
        f"{'> ' if censored else ''}{measured.value_s:.3f} s, {facts['verdict']}: "
        f"{facts['against']}; told: {facts['told']}",
        f"> {least_s:.3f} s, {recovery.BROKEN}; told: no",
        censored
        and measured.value_s >= least_s
        and (facts["verdict"], facts["told"]) == (recovery.BROKEN, "no"),
    )


def _books(records: list[FailureRecord]) -> Iterator[KnownAnswer]:
    """Compare the sums of counted messages with the schedule, which no ledger knows."""
    due = classes = 0
    for record in records:
        grid = (record.stop_ns - record.start_ns) // record.interval_ns + 1
        due += grid * len(record.lines)
        classes += sum(record.total(name) for name in CLASSES)
    yield KnownAnswer(
        "messages of all classes",
        f"{due} due in {len(records)} trials",
        f"{classes}",
        f"{due}",
        classes == due,
    )
