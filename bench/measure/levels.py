"""Levels: which faults a program survives, from the outcomes of its trials.

L0  the happy path: it passes conformance, and is measured at all
L1  survives a restart of its server: in place, neither raising nor ending nor hanging
L2  the same under every fault of a fixed list, and no message is lost, doubled or
    answered wrongly

``FAULTS_OF`` has the faults of each level, whatever a run tried. If a run did not try every
fault of a level that the workload can meet, that level is not tested, and not given.

At L2 a request that misses its deadline, or a message that is too large, may be reported
instead. A message held by a killed process is lost at any level: no program writes to a
disk.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from bench.contract.model import Workload
from bench.faults.all_faults import all_faults
from bench.faults.breach import Breach, BreachKind, counted
from bench.measure.outcome import Outcome
from bench.measure.recovery import BROKEN


class Level(StrEnum):
    """The levels of programs by the faults that they survive, the least first."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"


L0, L1, L2 = LEVELS = tuple(Level)
CREDITED = {"reconnecting": L1, "resilient": L2}
"""The level that cells of a variant are there for; others are at the one they pass."""
RESTARTS = ("server_killed", "server_killed_busy")
ESSENTIAL = (
    *RESTARTS,
    "power_lost",
    "server_frozen",
    "application_hung",
    "worker_killed",
    "link_cut_1s",
    "link_reset",
    "server_last",
    "peers_last",
    "collector_last",
    "subscriber_stalled",
    "leaves",
    "leaves_alone",
    "client_flapping",
    "subscriber_flapping",
    "worker_flapping",
)
"""The faults that test each guarantee of the contract first."""
GUARANTEED = (
    *ESSENTIAL,
    "client_dead_midway",
    "worker_dead_midway",
    "subscriber_joins",
    "worker_joins",
    "worker_slow",
    "garbage",
    "message_oversized",
    "frame_announced",
    "connection_flood",
    "port_taken",
    "link_cut_4s",
)
"""Those, and all others that take no more than seconds."""
BESIDE = ("link_refused",)
"""Measured as well, and decides no level: if ICMP refuses a connection, libzmq 4.3.5 ends
the process, and no program written on it in Python can prevent that."""
FAULTS_OF = {L1: RESTARTS, L2: GUARANTEED}
"""The faults that decide on a level: each workload has those that it can meet."""
NOT_PROMISED = ("server_absent", "name_unknown", "path_taken")
"""Faults outside the contract: a subscriber or worker may wait forever for its peer, and
only the file system decides to which process the path of a socket belongs."""
REFUSED = ("message_oversized",)
"""Faults in which the contract requires a refusal: reporting the message keeps it."""
DEADLINE_S = 3.0
"""The contract's time for a request: a fault that lasts longer may cost some."""


def _in_place(outcome: Outcome) -> list[Breach]:
    """Return why a program did not recover by itself, [] if it did."""
    stays_out = not (outcome.settled or outcome.hopeless)
    again = {BreachKind.RAISED: outcome.raised, BreachKind.ENDED: outcome.ended}
    return [Breach(BreachKind.NOT_RECOVERED)] * stays_out + counted(again)


def breaches(outcome: Outcome, level: Level) -> list[Breach]:
    """Return the breaches in one trial that refuse a level, [] without one. If no message
    could get through, the verdict shows whether the application was told.
    """
    if outcome.fault not in FAULTS_OF.get(level, ()):
        return []
    if level == L2 and outcome.verdict == BROKEN:
        return list(outcome.breaches)
    if outcome.hopeless:
        return []
    found = _in_place(outcome)
    may_report = outcome.healed_s > DEADLINE_S or outcome.fault in REFUSED
    if level == L2 and not may_report:
        lost, late = outcome.unreported, outcome.overdue
        found += counted({BreachKind.LOST: lost, BreachKind.LATE: late})
    return found


def broken_beside(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the faults on no list that broke a program, each once."""
    broken = [outcome.fault for outcome in outcomes if outcome.verdict == BROKEN]
    return tuple(dict.fromkeys(fault for fault in broken if fault in BESIDE))


def faults_of(level: Level, workload: Workload) -> list[str]:
    """Return the faults that a level is given for, as far as a workload can meet them."""
    known = all_faults()
    wanted = FAULTS_OF.get(level, ())
    return [name for name in wanted if workload.name in known[name].workloads]


def untested(
    outcomes: Sequence[Outcome], level: Level, workload: Workload, but: Collection[str] = ()
) -> list[str]:
    """Return the faults of a level that were not tried; ``but`` are not asked for."""
    tried = {outcome.fault for outcome in outcomes} | {*but}
    return [name for name in faults_of(level, workload) if name not in tried]


def level_of(
    outcomes: Sequence[Outcome], workload: Workload, but: Collection[str] = ()
) -> Level | None:
    """Return the highest level whose faults were all tried without a breach. None if the
    restart was not tested and nothing was breached. ``but`` are faults that need not have
    been tried.
    """
    passed: Level | None = None
    for level in LEVELS:
        if any(breaches(outcome, level) for outcome in outcomes):
            return passed or L0
        if untested(outcomes, level, workload, but):
            return passed if passed != L0 else None
        passed = level
    return passed
