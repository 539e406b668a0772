"""Levels: what a cell survives, from what its trials with faults came to.

L0  the happy path: it passes conformance, and is measured at all
L1  survives a restart of its server: in place, neither raising nor ending nor hanging
L2  the same under every fault that it was put to and that the contract is about, and what
    it was given is not lost, doubled or answered wrongly

Of L2, what outlasts the deadline of a request, or is too large, may be reported instead.
What dies with the process that had taken it is lost at any level: nobody writes to a disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contract import Cell
from bench.measure.measured import Measured
from bench.measure.recovery import BROKEN
from bench.plan import Group, Planned, Profile, plan
from bench.recover import AT_ONCE, NO_CHANCE, measure_recovery
from bench.schedule import Slot, schedule

L0, L1, L2 = LEVELS = ("L0", "L1", "L2")
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
)
"""The faults that each guarantee of the contract is put to first."""
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
)
"""Those, and all others that take no more than seconds."""
NOT_PROMISED = ("server_absent", "name_unknown", "path_taken")
"""Faults that the contract says nothing of: who subscribes or works may wait for ever for
somebody to do it for, and whose a socket's path is, nobody but the file system says."""
REFUSED = ("message_oversized",)
"""Faults in which the contract wants a message refused: that it is reported keeps it."""
DEADLINE_S = 3.0
"""The contract's time for a request: a fault that lasts longer may cost some."""

Outcome = Mapping[str, Any]
"""What a trial came to: the metadata that ``bench.measure.recovery`` gives it."""


def _in_place(outcome: Outcome) -> list[str]:
    """Return what speaks against a recovery in place."""
    said = {"raised": outcome["raised"], "ended": outcome["ended"]}
    hangs = [] if outcome["settled"] or outcome["hopeless"] else ["did not recover"]
    return hangs + [f"{count} {what}" for what, count in said.items() if count]


def against(outcome: Outcome, level: str) -> str:
    """Return what of one trial speaks against a level, '' where nothing does.

    Where there was no hope, the verdict says whether the application was told so.
    """
    fault = outcome["fault"]
    if level == L0 or fault in NOT_PROMISED or (level == L1 and fault not in RESTARTS):
        return ""
    if level == L2 and outcome["verdict"] == BROKEN:
        return str(outcome["against"])
    if outcome["hopeless"]:
        return ""
    said = _in_place(outcome)
    lost = outcome["attempted"] - outcome["delivered"] - outcome["orphaned"]
    may_report = outcome["healed_s"] > DEADLINE_S or fault in REFUSED
    if level == L2 and lost and not may_report:
        said.append(f"{lost} lost")
    return ", ".join(said)


def level_of(outcomes: Sequence[Outcome]) -> str | None:
    """Return the highest level against which no trial speaks, None without a restart."""
    if not any(outcome["fault"] in RESTARTS for outcome in outcomes):
        return None
    passed = L0
    for level in LEVELS:
        if any(against(outcome, level) for outcome in outcomes):
            break
        passed = level
    return passed


@dataclass
class Standing:
    """What a cell's trials came to; ``unmeasured`` says why a fault has none."""

    cell: Cell
    outcomes: list[Outcome]
    unmeasured: dict[str, str]

    @property
    def level(self) -> str | None:
        return level_of(self.outcomes)

    @property
    def falls_short(self) -> bool:
        """Whether it was not seen at the level that its variant is there for.

        That this machine does not permit a fault is not held against it.
        """
        credited = CREDITED.get(self.cell.variant.name)
        if credited is None:
            return False
        failed = [why for why in self.unmeasured.values() if not why.startswith(NO_CHANCE)]
        if self.level is None or failed:
            return True
        return LEVELS.index(self.level) < LEVELS.index(credited)

    def breaches(self, level: str) -> list[str]:
        """Return what speaks against a level: the faults, and what happened."""
        found = [(outcome["fault"], against(outcome, level)) for outcome in self.outcomes]
        return list(dict.fromkeys(f"{fault}: {what}" for fault, what in found if what))

    def reasons(self) -> list[str]:
        """Return what keeps a cell from the next level, and what could not be seen."""
        place = LEVELS.index(self.level) if self.level else 0
        above = LEVELS[place + 1 : place + 2]
        unmeasured = [f"{fault}: {why}" for fault, why in self.unmeasured.items()]
        return [line for level in above for line in self.breaches(level)] + unmeasured


def trials_of(
    cells: Sequence[Cell], faults: tuple[str, ...] = GUARANTEED, repeats: int = 1
) -> list[Planned]:
    """Return the trials that show at which level cells are."""
    group = Group(("*",), faults=faults, blocks=repeats, leaving_out=())
    return plan(Profile("levels", "what cells survive", (group,)), cells)


def standings(
    planned: Sequence[Planned], logs: Path, seed: int, at_once: int = AT_ONCE
) -> list[Standing]:
    """Make trials, several side by side, and return what those of each cell came to."""
    found = {entry.case.cell.id: Standing(entry.case.cell, [], {}) for entry in planned}

    def kept(slot: Slot, measured: Measured) -> None:
        found[slot.planned.case.cell.id].outcomes.append(measured.metadata)

    def failed(slot: Slot, reason: str) -> None:
        case = slot.planned.case
        found[case.cell.id].unmeasured[case.fault] = reason

    def folder(slot: Slot) -> Path:
        return logs / f"{slot.planned.case.id}.{slot.name}"

    measure_recovery(schedule(planned, seed), folder, kept, failed, at_once)
    return list(found.values())
