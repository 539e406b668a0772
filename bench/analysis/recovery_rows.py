"""Rows of trials with a fault: what they came to, and the levels that follow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.analysis.rows import parameters
from bench.contract.rows import CaseRow, ProgramRow
from bench.faults.breach import BreachKind
from bench.measure.recovery import ContractVerdict, Told


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A fault as a run kept it; ``order`` is its place in the catalogue."""

    name: str
    number: str
    title: str
    order: int


class Breached(NamedTuple):
    """A breach in the trials of a case: its least and greatest count, in how many trials.

    The counts are 0 if the kind cannot be counted.
    """

    kind: BreachKind
    least: int
    most: int
    trials: int
    detail: str = ""

    @property
    def what(self) -> str:
        """The breach in words, without its count."""
        return f"{self.kind} {self.detail}".strip()


class Median(NamedTuple):
    """A median over trials with its interval.

    It is infinite where half of the trials or more never got there. Bounds are nan where
    there are too few trials. ``most`` is the value of the worst trial.
    """

    value: float
    low: float
    high: float
    most: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The outcome of the trials of a program with a fault.

    Without a trial ``repeats`` is 0, and there is no verdict. The docstring of
    ``bench.analysis.recovery`` lists the medians.
    """

    case: CaseRow
    fault: FaultRow
    reason: str = ""
    repeats: int = 0
    verdict: ContractVerdict | None = None
    verdict_trials: int = 0
    breaches: tuple[Breached, ...] = ()
    told: Told = Told.NOTHING_TO_TELL
    healed_s: float = math.nan
    interval_s: float = math.nan
    memory_mib: float = math.nan
    offered: float = math.nan
    in_place: int = 0
    re_entered: int = 0
    not_recovered: int = 0
    availability: float = math.nan
    told_after_s: float = math.nan
    watched_s: float = math.nan
    confidence: float = math.nan
    times: Mapping[str, Median]
    counts: Mapping[str, Median]

    @property
    def program(self) -> CaseRow:
        return self.case

    def median(self, name: str) -> Median:
        """Return the median of a time or a count."""
        return self.times[name] if name in self.times else self.counts[name]

    def columns(self) -> dict[str, Any]:
        """Return the row as a chart's file has it."""
        fault, about = self.fault, ("number", "title", "order")
        own = (
            "healed_s", "interval_s", "memory_mib", "offered", "in_place", "re_entered",
            "not_recovered", "availability", "told_after_s",
        )  # fmt: skip
        found = {
            **parameters(self.case),
            "fault": fault.name,
            **{f"fault_{name}": getattr(fault, name) for name in about},
            "reason": self.reason,
            "repeats": self.repeats,
            "verdict": self.verdict,
            "verdict_trials": self.verdict_trials,
            "against": list(self.breaches) if self.repeats else None,
            "told": self.told if self.repeats else None,
            **{name: getattr(self, name) for name in own},
        }
        for name, (value, low, high, _) in self.times.items():
            found |= {f"{name}_s": value, f"{name}_low": low, f"{name}_high": high}
            found["confidence"] = self.confidence
        found["watched_s"] = self.watched_s
        for name, (value, low, high, most) in self.counts.items():
            found |= {name: value, f"{name}_low": low, f"{name}_high": high}
            found[f"{name}_max"] = 0 if math.isnan(most) else int(most)
        return found


@dataclass(frozen=True, slots=True)
class LevelRow:
    """The level of a program that met faults, and what blocks the next.

    ``level`` is '' if the faults of a restart were not tried. ``amiss`` is what blocks the
    next level, or that it was not tested; ``not_tested`` is that level, '' if it is
    blocked. ``lost_at_restart`` is how many messages the restart of a server cost at most,
    which the first level allows. ``beside`` are faults that break the program and decide on
    no level. ``faults`` and ``trials`` count all that were made.
    """

    program: ProgramRow
    level: str
    amiss: str
    not_tested: str
    lost_at_restart: int
    beside: tuple[str, ...]
    faults: int
    trials: int


class FaultChange(NamedTuple):
    """A fault whose verdict is not that of the other run; ``row`` is of this run.

    ``broken_now``: broken here, and not there.
    """

    row: Recovery
    verdict_there: ContractVerdict | None
    worse: bool
    broken_now: bool
