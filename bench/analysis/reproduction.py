"""Compare the declared comparisons of a published run with a run here, by ratios only.

``agreement`` is the rule, a pure function; the rest finds what it is applied to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import comparisons, grade_of, noise, of_kind
from bench.analysis.results import SIZE_PREFIX, load
from bench.analysis.stats import Interval, Verdict, verdict
from bench.contract.alike import Kind
from bench.errors import UsageError
from bench.run.archive import Archive
from bench.run.declared import Declared
from bench.run.environment import Grade

Result = Literal["agrees", "disagrees", "cannot tell"]
RESULTS: tuple[Result, ...] = ("agrees", "disagrees", "cannot tell")
REPRODUCES = "reproduces"
"""The entry of run.json that says of which run it is a reproduction."""
LEFT_OUT = "left_out"
"""Within it: cases that cannot be planned here, with the reason, by case id."""


@dataclass(frozen=True)
class Finding:
    """The result of one run for a declared comparison.

    ``low`` and ``high`` bound the ratio of times a/b, nan where ``blocks`` are too few;
    ``noise`` is the half-width that the verdict had to exceed (0.03 for 3 %, infinite
    without an A/A copy).
    """

    low: float
    high: float
    noise: float
    verdict: Verdict
    blocks: int

    @classmethod
    def of(cls, pair: Comparison) -> Finding:
        times = pair.times
        return cls(times.low, times.high, pair.noise, pair.verdict, times.blocks_done)

    @property
    def decided(self) -> bool:
        return self.verdict != Verdict.INCONCLUSIVE

    @property
    def too_few_blocks(self) -> bool:
        return math.isnan(self.low)


@dataclass(frozen=True)
class Agreement:
    """A result with its reason; ``overlap`` is whether the intervals do, None without."""

    result: Result
    reason: str
    overlap: bool | None = None


def possible(found: Finding) -> set[Verdict]:
    """Return the verdicts that an interval does not rule out on the ratio's true value.

    A verdict that was reached rules out the others. An undecided interval is widened by
    the noise first: what the machine does to two identical programs it may have done to
    this ratio as well. The end of such an interval lies on either side of the margin, so
    that ``equivalent`` always remains.
    """
    if found.decided:
        return {found.verdict}
    ends = found.low / (1 + found.noise), found.high * (1 + found.noise)
    return {
        Verdict.EQUIVALENT,
        *(verdict(Interval(end, end, end, 0.95, 1)) for end in ends),
    }


def agreement(published: Finding, here: Finding) -> Agreement:
    """Return whether the published result of a declared comparison holds here.

    What was published is a verdict, with the interval that it rests on. The rule treats
    both runs alike, and inverting the ratio of both changes nothing:

    * Without an interval on either side (too few blocks): **cannot tell**.
    * Both decided: **agrees** when they say the same, else **disagrees**. Verdicts that
      differ have intervals that exclude each other, so this takes no further test.
      Agreement is on the verdict, not on the size of the ratio: how much faster depends
      on the machine. Where the intervals do not overlap, the reason says "another ratio".
    * Both undecided: **agrees** when the intervals overlap: that the data cannot tell
      holds here as well. Otherwise **cannot tell**: the ratios are unlike, but neither
      run says anything that the other denies.
    * One decided, one not: **disagrees** when the undecided interval, widened by the
      noise of its run, rules the other's verdict out: "not faster" contradicts "faster",
      although it leaves open whether it is equivalent or slower. Otherwise **cannot
      tell**: the missing verdict is due to blocks or noise, and more or quieter ones
      might give it. Intervals that exclude each other are no disagreement as long as one
      verdict may be true of both.
    """
    for where, found in (("where published", published), ("here", here)):
        if found.too_few_blocks:
            said = f"{found.blocks} block{'s' * (found.blocks != 1)} {where}"
            return Agreement("cannot tell", f"{said}: too few for an interval")
    overlap = published.low <= here.high and here.low <= published.high
    apart = "" if overlap else ", another ratio"
    if published.decided and here.decided:
        if published.verdict == here.verdict:
            return Agreement("agrees", f"same verdict{apart}", overlap)
        return Agreement("disagrees", "contrary verdicts", overlap)
    if not (published.decided or here.decided):
        both: Result = "agrees" if overlap else "cannot tell"
        return Agreement(both, f"both undecided{apart}", overlap)
    undecided = "where published" if here.decided else "here"
    if possible(published) & possible(here):
        return Agreement("cannot tell", f"undecided {undecided}", overlap)
    reason = f"the interval {undecided} rules the verdict out"
    return Agreement("disagrees", reason, overlap)


@dataclass(frozen=True)
class Side:
    """One of the two runs.

    ``rows`` are those of ``comparisons`` by their identities, all kinds;
    ``lacking`` says why cases have no value, by case id; ``grade`` is the run's, None
    where nothing was measured.
    """

    folder: Path
    about: dict[str, Any]
    rows: Mapping[Declared, Comparison]
    lacking: Mapping[str, str]
    grade: Grade | None

    @property
    def name(self) -> str:
        return self.folder.resolve().name


@dataclass(frozen=True)
class Outcome:
    """A published comparison: its result there and here, and their agreement.

    ``here`` is None where no block has a value of both cells.
    """

    published: Comparison
    here: Comparison | None
    agreement: Agreement


def read_side(folder: Path) -> Side:
    """Read a finished run. Raises ResultsError for anything else, with what to do."""
    run = load(folder)
    failures = {failed.case: failed.reason for failed in reversed(run.failures)}
    lacking = {**_lacking(run.about, failures), **run.refused}
    rows = {pair.identity: pair for pair in comparisons(run)}
    return Side(folder, run.about, rows, lacking, grade_of(run, noise(run)))


def measured_side(archive: Archive) -> Side:
    """Read a run just made here, which may be without any value at all."""
    names = [n for suite in archive.suites.values() for n in suite.get_benchmark_names()]
    if any(SIZE_PREFIX not in name for name in names):
        return read_side(archive.folder)
    about = archive.about()
    failures = {row["case"]: row["reason"] for row in reversed(archive.failures)}
    return Side(archive.folder, about, {}, _lacking(about, failures), None)


def _lacking(about: Mapping[str, Any], failures: Mapping[str, str]) -> dict[str, str]:
    """Return why cases have no value; ``failures`` are the first reasons, by case id."""
    left_out: dict[str, str] = about.get(REPRODUCES, {}).get(LEFT_OUT, {})
    failed = {
        case: reason.removeprefix("not measured: ").splitlines()[0]
        for case, reason in failures.items()
    }
    return failed | left_out


def declared_by(run: Side) -> list[Comparison]:
    """Return a run's declared comparisons, in the order of its plan.

    Raises UsageError for a run that makes none.
    """
    found = of_kind(run.rows.values(), Kind.DECLARED)
    if not found:
        raise UsageError(
            f"{run.name} has no declared comparison: there is nothing to reproduce"
        )
    return found


def outcomes(published: Side, here: Side) -> list[Outcome]:
    """Return the outcome of each comparison that the published run declared, in order.

    A comparison that was declared there may be exploratory here. Raises UsageError for
    a published run without declared comparisons.
    """
    return [_outcome(pair, here) for pair in declared_by(published)]


def _outcome(pair: Comparison, here: Side) -> Outcome:
    again = here.rows.get(pair.identity)
    lacking = [
        f"{case.cell}: {here.lacking[case.id]}"
        for case in (pair.a, pair.b)
        if case.id in here.lacking
    ]
    if again is None:
        reason = "; ".join(lacking) or f"{here.name} did not compare these programs"
        return Outcome(pair, None, Agreement("cannot tell", reason))
    found = agreement(Finding.of(pair), Finding.of(again))
    if lacking and again.times.too_few_blocks:
        found = replace(found, reason="; ".join([found.reason, *lacking]))
    return Outcome(pair, again, found)
