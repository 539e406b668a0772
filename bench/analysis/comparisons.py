"""Cells against cells: ratios of times, paired, with intervals and verdicts.

A comparison is made inside one benchmark: cases that differ in their cell only. Ratios
are of seconds, a over b, so below 1 means that a is faster, for throughput too. The
null stack is drawn in charts, never compared. A verdict follows from the interval of its
own ratio alone. A/A copies check it (``bench.analysis.copies``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

from bench.analysis.compared_rows import Apart, Comparison, Copy
from bench.analysis.copies import checked, copies_of, failed
from bench.analysis.inference import q_values
from bench.analysis.paired import compare
from bench.analysis.results import Run, read
from bench.analysis.rows import grouped
from bench.analysis.stats import verdict
from bench.contract.alike import (
    Kind,
    alike,
    has_ratios,
    in_two_languages,
    pairs,
    pairs_apart,
    what_separates,
)
from bench.contract.rows import PYTHON, CaseRow
from bench.run.archive import Archive
from bench.run.declared import Declared, declarations
from bench.run.environment import Grade, grade

FAMILY_ERROR = 0.05
ORDER = tuple(Kind)
"""The order of comparisons in every table: what was declared comes first."""


def _benchmarks(run: Run) -> Iterator[tuple[str, list[CaseRow]]]:
    """Yield each benchmark's cases that may stand beside each other, and its language.

    That is '' for those of all languages, which come first.
    """
    refused = run.refused
    planned = [
        case
        for case in run.cases.values()
        if not case.copy and not case.floor and case.id not in refused and has_ratios(case)
    ]
    for cases in grouped(planned, lambda case: case.name).values():
        yield "", cases
        yield from grouped(cases, lambda case: case.language).items()


def comparisons(run: Run) -> list[Comparison]:
    """Return every comparison of a run, declared ones first, in the order of the plan."""
    copies = copies_of(run)
    declared = declarations(run.about)
    rows: list[Comparison] = []

    def add(kind: Kind, a: CaseRow, b: CaseRow) -> None:
        times = compare(run, a.id, b.id)
        if times is not None:
            is_declared = (a.name, a.key, b.key) in declared
            kind = Kind.DECLARED if is_declared else kind
            said, check = verdict(times.interval), checked(copies, a, b)
            wrong = failed(copies, a, b)
            rows.append(Comparison(kind, a, b, times, said, check, wrong))

    for language, cases in _benchmarks(run):
        if language:
            for kind, a, b in pairs(cases):
                add(kind if language == PYTHON else Kind.OTHER_LANGUAGE, a, b)
        else:
            for python, other in in_two_languages(cases):
                if alike(python, other):
                    add(Kind.LANGUAGE, python, other)
    rows.sort(key=lambda row: ORDER.index(row.kind))
    return _with_q(rows)


def declared_without_ratio(run: Run, compared: Sequence[Comparison]) -> list[Declared]:
    """Return the declared comparisons that a run should have and has no ratio of.

    A program of theirs failed, or was refused. ``compared`` is ``comparisons`` of the run.
    """
    planned = {(case.name, case.key) for case in run.cases.values()}
    made = {row.identity for row in of_kind(compared, Kind.DECLARED)}
    wanted = declarations(run.about) - made
    return sorted(
        (name, a, b) for name, a, b in wanted if {(name, a), (name, b)} <= planned
    )


def apart(run: Run, names: Mapping[str, str]) -> list[Apart]:
    """Return the ratios that get no verdict, since the two programs promise other things.

    ``names`` are the labels of stacks.
    """
    rows: list[Apart] = []
    for language, cases in _benchmarks(run):
        found = pairs_apart(cases) if language else in_two_languages(cases)
        for a, b in found:
            labels = [names.get(case.stack, case.stack) for case in (a, b)]
            if not language:
                labels = [case.language.capitalize() for case in (a, b)]
            times = compare(run, a.id, b.id)
            if times is not None and not alike(a, b):
                rows.append(Apart(a, b, times, what_separates(a, b, labels)))
    return rows


def _with_q(rows: Sequence[Comparison]) -> list[Comparison]:
    """Return rows, with q for the exploratory ones over all of them."""
    exploratory = [row for row in rows if row.kind != Kind.DECLARED]
    adjusted = iter(q_values([row.times.p for row in exploratory]))
    return [
        row if row.kind == Kind.DECLARED else replace(row, q=float(next(adjusted)))
        for row in rows
    ]


def grade_of(run: Run, copies: Iterable[Copy]) -> Grade:
    """Return the grade of a run from its environment and its A/A copies.

    A run whose environment was not recorded is a C, and so is one in which nothing was
    measured.
    """
    if run.is_empty:
        return Grade("C", ("Nothing could be measured.",))
    share = run.flagged_share
    if share is None:
        return Grade("C", ("The environment of this run was not recorded.",))
    return grade(share, [copy.noise for copy in copies])


def half_widths(compared: Iterable[Comparison]) -> dict[str, list[float]]:
    """Return the relative half-widths of declared comparisons by placement: 0.05 is 5 %.

    That is the square root of high over low, less 1: intervals of ratios are symmetric on
    a log scale.
    """
    found: dict[str, list[float]] = {}
    for row in of_kind(compared, Kind.DECLARED):
        if not row.times.too_few_blocks:
            width = math.sqrt(row.times.high / row.times.low) - 1
            found.setdefault(row.a.placement, []).append(width)
    return found


def median_half_widths(compared: Iterable[Comparison]) -> dict[str, float]:
    """Return the medians of ``half_widths``."""
    return {place: median(widths) for place, widths in half_widths(compared).items()}


def measured_half_widths(archive: Archive) -> dict[str, float]:
    """Return ``median_half_widths`` of a run as far as it was measured."""
    return median_half_widths(comparisons(read(archive)))


def of_kind(rows: Iterable[Comparison], *kinds: Kind) -> list[Comparison]:
    return [row for row in rows if row.kind in kinds]
