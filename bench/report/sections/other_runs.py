"""Several runs in one report: their declared comparisons, and their differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from matplotlib import rc_context

from bench.analysis.agreement import Finding, agreement
from bench.analysis.compared_rows import Comparison
from bench.analysis.two_runs import Outcome, TwoRuns
from bench.report import words
from bench.report.charts import over_runs, style
from bench.report.charts.all import look_of
from bench.report.charts.style import Chart
from bench.report.model import Data, Section, Table
from bench.report.sections.differences import facts
from bench.report.sections.tables import over_each_other
from bench.report.sections.two_runs import (
    basis_said,
    cases_counted,
    cases_table,
    declared_table,
    faults_table,
)
from bench.report.words import date

LEAD = (
    "Ratios within a run may be laid over those of another, whatever machine it was made "
    "on; absolute numbers may not. Two runs agree on a declared comparison by the rule of "
    "`reproduce`: on the verdict, not on the size of the ratio."
)
ALWAYS = ("date", "profile", "grade", "cpu", "kernel")
"""Facts that the table of runs has although they are alike."""

Outcomes = Mapping[str, Sequence[Outcome]]
"""The outcomes of the first run's declared comparisons in each other run, by its name."""


def _outcomes(data: Data, others: Sequence[Data], placement: str = "") -> Outcomes:
    """Return the outcomes in each other run, of one placement or of all."""
    return {
        other.run.name: [
            outcome
            for outcome in TwoRuns(here=other.side, there=data.side).declared
            if not placement or outcome.there.a.placement == placement
        ]
        for other in others
    }


def overlays(data: Data, others: Sequence[Data]) -> list[Chart]:
    """Return the charts that show the declared comparisons of several runs."""
    look = look_of(data.run, data.grade.letter)

    def agree(pairs: Sequence[Comparison]) -> bool:
        there, *here = map(Finding.of, pairs)
        return all(agreement(there, each).result == "agrees" for each in here)

    with rc_context(style.RC):
        sides = {each.run.name: each.side for each in (data, *others)}
        return list(over_runs.overlays(sides, "run", agree, look))


def declared_in_runs(data: Data, others: Sequence[Data], placement: str = "") -> Table:
    """Return the first run's comparisons with their ratios in every run, and who agrees."""
    found = _outcomes(data, others, placement)
    declared = [
        pair
        for pair in data.side.declared
        if not placement or pair.a.placement == placement
    ]
    return declared_table(declared, data.run.name, list(found.items()), data.stacks)


def runs_table(data: Data, others: Sequence[Data]) -> Table:
    """Return what the runs are: dates, machines, versions; a mark where they differ."""
    every = (data, *others)
    cells = sorted({cell for each in every for cell in each.run.about["cells"]})
    known = [
        {
            "date": date(each.run.about),
            "profile": str(each.run.about["profile"]),
            "grade": each.grade.letter,
            **facts(each.run.about, data.run.about, cells),
        }
        for each in every
    ]
    rows = []
    for name in dict.fromkeys(name for mine in known for name in mine):
        values = [mine.get(name, words.PASSED_OVER) for mine in known]
        differ = len(set(values)) > 1
        if differ or name in ALWAYS:
            rows.append([name, *values, "differs" if differ else ""])
    return Table(["", *(each.run.name for each in every), ""], rows, "The runs")


def section(data: Data, others: Sequence[Data], drawn: Sequence[Chart]) -> Section:
    """Return the section of a report in which further runs stand beside the first."""
    made = [TwoRuns(here=data.side, there=other.side) for other in others]
    tables = [runs_table(data, others), declared_in_runs(data, others)]
    for two in made:
        tables += [cases_table(two), faults_table(two)]
    figures = over_each_other(drawn, partial(declared_in_runs, data, others))
    bullets = [
        f"Since {two.there.name}: {cases_counted(two)}. {basis_said(two)}" for two in made
    ]
    shown = [table for table in tables if table.rows]
    return Section("runs", "Other runs", [LEAD], bullets, shown, figures)
