"""At which level cells are: their trials with faults are made, and judged by ``levels``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.contract.model import Cell
from bench.faults.breach import described
from bench.measure.common import Measured
from bench.measure.levels import (
    CREDITED,
    GUARANTEED,
    LEVELS,
    Level,
    breaches,
    level_of,
    untested,
)
from bench.measure.outcome import Outcome
from bench.run.no_value import Cause, NoValue
from bench.run.plan import Group, Planned, Profile, plan
from bench.run.recovery import AT_ONCE, measure_recovery
from bench.run.schedule import Slot, schedule


@dataclass
class Standing:
    """The outcomes of a cell's trials; ``unmeasured`` has the reasons for missing ones.

    ``made`` has all that was measured in each trial.
    """

    cell: Cell
    outcomes: list[Outcome]
    unmeasured: dict[str, NoValue]
    made: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def level(self) -> Level | None:
        return level_of(self.outcomes, self.cell.workload)

    @property
    def no_chance(self) -> set[str]:
        """The faults that this machine does not permit."""
        unmeasured = self.unmeasured.items()
        return {fault for fault, why in unmeasured if why.cause == Cause.NOT_PERMITTED}

    @property
    def falls_short(self) -> bool:
        """Whether it was not seen at the level that its variant is there for.

        A fault that this machine does not permit does not count.
        """
        credited = CREDITED.get(self.cell.variant.name)
        if credited is None:
            return False
        level = level_of(self.outcomes, self.cell.workload, self.no_chance)
        if level is None or {*self.unmeasured} - self.no_chance:
            return True
        return LEVELS.index(level) < LEVELS.index(credited)

    def breaches(self, level: Level) -> list[str]:
        """Return the breaches that refuse a level: the faults, and what happened."""
        found = [(outcome.fault, breaches(outcome, level)) for outcome in self.outcomes]
        lines = (f"{fault}: {described(breached)}" for fault, breached in found if breached)
        return list(dict.fromkeys(lines))

    def reasons(self) -> list[str]:
        """Return what keeps a cell from the next level, and what could not be seen."""
        place = LEVELS.index(self.level) if self.level else 0
        above = LEVELS[place + 1 : place + 2]
        unmeasured = [f"{fault}: {why}" for fault, why in self.unmeasured.items()]
        speaks = [line for level in above for line in self.breaches(level)]
        if not speaks:
            speaks = [line for level in above for line in self.untested(level)]
        return speaks + unmeasured

    def untested(self, level: Level) -> list[str]:
        """Return which faults of a level were not tried, beside those without a result."""
        workload = self.cell.workload
        missing = untested(self.outcomes, level, workload, self.unmeasured)
        return [f"{level} not tested: {', '.join(missing)}"] if missing else []


def trials_of(
    cells: Sequence[Cell], faults: tuple[str, ...] = GUARANTEED, repeats: int = 1
) -> list[Planned]:
    """Return the trials that show at which level cells are."""
    group = Group(("*",), faults=faults, blocks=repeats, leaving_out=())
    return plan(Profile("levels", "what programs survive", (group,)), cells)


def standings(
    planned: Sequence[Planned], logs: Path, seed: int, at_once: int = AT_ONCE
) -> list[Standing]:
    """Make trials, several side by side, and return what those of each cell came to."""
    found = {entry.case.cell.id: Standing(entry.case.cell, [], {}) for entry in planned}

    def kept(slot: Slot, measured: Measured) -> None:
        standing = found[slot.planned.case.cell.id]
        standing.outcomes.append(Outcome.read(measured.metadata))
        standing.made.append(measured.metadata)

    def failed(slot: Slot, reason: NoValue) -> None:
        case = slot.planned.case
        found[case.cell.id].unmeasured[case.fault] = reason

    def folder(slot: Slot) -> Path:
        return logs / f"{slot.planned.case.id}.{slot.name}"

    measure_recovery(schedule(planned, seed), folder, kept, failed, at_once)
    return list(found.values())
