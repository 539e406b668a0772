"""Rows of what is compared: programs with each other, and a case of two runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bench.analysis.stats import Interval, Verdict, bounds, noise_half_width, verdict
from bench.contract.alike import Kind
from bench.contract.rows import CaseRow
from bench.run.declared import Declared


class Check(StrEnum):
    """The result of A/A copies for the ratios of their case: ``bench.analysis.copies``."""

    PASSED = "passed"
    """A difference between copies, if there is any, is less than the margin."""
    COARSE = "too coarse"
    """No difference was found, and one beyond the margin could have been missed."""
    FAILED = "failed"
    NONE = "none"
    """No copy has an interval."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """The times of one case over those of another, paired by block.

    Below 1 the first takes less time. ``median_a_s`` and ``median_b_s`` are of the same
    blocks as the ratio; the first took less time in ``faster_blocks`` of them. ``sign`` is
    the interval of the sign test. ``p`` belongs to the signed-rank test, and ``p_beyond``
    to the hypothesis that the ratio lies within the margin.
    """

    interval: Interval
    sign: Interval
    median_a_s: float
    median_b_s: float
    faster_blocks: int
    p: float
    p_beyond: float

    @property
    def ratio(self) -> float:
        return self.interval.estimate

    @property
    def low(self) -> float:
        """The lower bound, nan where there are too few blocks for any."""
        return bounds(self.interval)[0]

    @property
    def high(self) -> float:
        return bounds(self.interval)[1]

    @property
    def confidence(self) -> float:
        return self.interval.confidence

    @property
    def blocks_done(self) -> int:
        return self.interval.blocks

    @property
    def too_few_blocks(self) -> bool:
        return self.interval.too_few_blocks

    @property
    def sign_low(self) -> float:
        return bounds(self.sign)[0]

    @property
    def sign_high(self) -> float:
        return bounds(self.sign)[1]

    @property
    def sign_confidence(self) -> float:
        return self.sign.confidence


@dataclass(frozen=True, slots=True)
class Copy:
    """An A/A copy (``a``) and its original (``b``), whose ratio should be 1."""

    a: CaseRow
    b: CaseRow
    times: Ratio
    check: Check

    @property
    def noise(self) -> float:
        """How far from 1 the ratio may be: 0.03 for 3 %, infinite with too few blocks."""
        return noise_half_width(self.times.interval)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two cases that differ in their program, with the verdict on the first.

    ``check`` is the result of A/A copies for it, and ``copies`` are those that failed.
    ``q`` is that of all comparisons that were not declared, nan of those that were.
    """

    kind: Kind
    a: CaseRow
    b: CaseRow
    times: Ratio
    verdict: Verdict
    check: Check
    copies: tuple[Copy, ...] = ()
    q: float = math.nan

    @property
    def identity(self) -> Declared:
        """By what it is known in every run: the name of its case, and both programs."""
        return self.a.name, self.a.key, self.b.key

    @property
    def stands(self) -> bool:
        """Whether the verdict would be the same if it had to exceed the failed copies."""
        widest = max((copy.noise for copy in self.copies), default=0.0)
        return verdict(self.times.interval, widest) == self.verdict

    def columns(self) -> dict[str, Any]:
        """Return the row as a chart's file has it."""
        shared = (
            "name", "workload", "quantity", "transport", "size_bytes", "instances",
            "placement", "load", "promise", "language",
        )  # fmt: skip
        found: dict[str, Any] = {"kind": self.kind}
        found |= {name: getattr(self.a, name) for name in shared}
        for side, case in (("a", self.a), ("b", self.b)):
            found[f"case_{side}"] = case.id
            for name in ("cell", "key", "stack", "variant", "language", "loop"):
                found[f"{name}_{side}"] = getattr(case, name)
        numbers = (
            "ratio", "low", "high", "confidence", "blocks_done", "median_a_s",
            "median_b_s", "sign_low", "sign_high", "sign_confidence", "faster_blocks", "p",
        )  # fmt: skip
        found |= {name: getattr(self.times, name) for name in numbers}
        more = ("check", "verdict", "q")
        return found | {name: getattr(self, name) for name in more}


@dataclass(frozen=True, slots=True)
class Apart:
    """Two cases whose programs promise other things: a ratio, and why it has no verdict."""

    a: CaseRow
    b: CaseRow
    times: Ratio
    reason: str


class Basis(StrEnum):
    """The times that a change between two runs divides, see ``bench.analysis.changes``."""

    TURNS = "turns"
    TIME = "time"
    RELATIVE = "relative"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """A case of two runs: its time here over its time there, with the verdict on here.

    Numbers are nan where the basis is none, bounds where there are too few blocks.
    ``declared`` is whether a declared comparison needs the case, ``same`` whether nothing
    known differs. ``reference`` is the key of the program by which both times were divided,
    '' of none.
    """

    case: CaseRow
    basis: Basis
    ratio: float
    low: float
    high: float
    confidence: float
    noise: float
    noise_from: str
    verdict: Verdict
    blocks_here: int
    blocks_there: int
    declared: bool
    same: bool
    reference: str = ""
