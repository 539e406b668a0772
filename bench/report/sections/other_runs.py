"""Several runs in one report: their declared comparisons, and their differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib import rc_context

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import of_kind
from bench.analysis.reproduction import Finding, agreement
from bench.analysis.stats import Verdict
from bench.contract.alike import Kind
from bench.report import words
from bench.report.charts import style
from bench.report.charts.all import look_of
from bench.report.charts.overlay import overlay
from bench.report.charts.style import Chart
from bench.report.facets import every_pair
from bench.report.model import Data, Figure, Section, Table
from bench.report.sections.changes import (
    Changes,
    basis_said,
    cases_table,
    counted,
    differences_table,
    faults_table,
)
from bench.report.words import date, machine
from bench.run.machine import IN_C
from bench.trial.build import COMPILER

LEAD = (
    "Ratios within a run may be laid over those of another, whatever machine it was made "
    "on; absolute numbers may not. Two runs agree on a claim by the rule of `reproduce`: "
    "on the verdict, not on the size of the ratio."
)


def overlays(data: Data, others: Sequence[Data]) -> list[Chart]:
    """Return the charts that show the declared comparisons of several runs."""
    look = look_of(data.run, data.grade.letter)
    compared = [(each.run.name, each.compared) for each in (data, *others)]
    with rc_context(style.RC):
        drawn = [overlay(compared, placement, look) for placement in words.PLACEMENTS]
    return [chart for chart in drawn if chart is not None]


def _said(pair: Comparison) -> str:
    times = pair.times
    ratio = words.number(times.ratio)
    if times.too_few_blocks:
        return f"{ratio}, too few blocks"
    low, high = (words.number(end, times.ratio) for end in (times.low, times.high))
    undecided = pair.verdict == Verdict.INCONCLUSIVE
    return f"{ratio} ({low} to {high}), {'undecided' if undecided else pair.verdict}"


def declared_table(data: Data, others: Sequence[Data], placement: str = "") -> Table:
    """Return the first run's comparisons with their ratios in every run, and who agrees."""
    found = [{pair.identity: pair for pair in each.compared} for each in others]
    rows = []
    shown = [
        pair
        for pair in of_kind(data.compared, Kind.DECLARED)
        if not placement or pair.a.placement == placement
    ]
    for pair in shown:
        cells = [_said(pair)]
        for pairs in found:
            other = pairs.get(pair.identity)
            if other is None:
                cells.append(words.PASSED_OVER)
                continue
            result = agreement(Finding.of(pair), Finding.of(other))
            cells.append(f"{_said(other)}; {result.result}: {result.reason}")
        sides = words.over(pair, data.stacks)
        what = f"{words.workload(pair.a.workload)}, {words.case(pair.a)}: {sides}"
        rows.append([what, *cells])
    names = [each.run.name for each in (data, *others)]
    columns, about = (
        ["declared comparison, ratio of times", *names],
        every_pair(shown, data.stacks),
    )
    return Table(columns, rows, "Declared comparisons, run by run", facets=about)


def _facts(data: Data) -> dict[str, str]:
    about = data.run.about
    facts, versions = about["machine"], about["machine"]["versions"]
    needed = [n for stack in about["stacks"].values() for n in stack["requirements"]]
    in_c = [n for n in versions if n == COMPILER or n.endswith(IN_C)]
    usual = ("python", *sorted(set(needed)), "libzmq")
    named = [*(n for n in usual if n in versions), *in_c]
    return {
        "date": date(about),
        "profile": str(about["profile"]),
        "grade": data.grade.letter,
        "machine": machine(about),
        "kernel": str(facts["kernel"]),
        **{name: str(versions[name]) for name in named},
        "harness": str(facts.get("harness", words.PASSED_OVER)),
    }


def runs_table(data: Data, others: Sequence[Data]) -> Table:
    """Return what the runs are: dates, machines, versions; a mark where they differ."""
    facts = [_facts(each) for each in (data, *others)]
    rows = []
    for name in dict.fromkeys(name for known in facts for name in known):
        values = [known.get(name, words.PASSED_OVER) for known in facts]
        rows.append([name, *values, "differs" if len(set(values)) > 1 else ""])
    names = [each.run.name for each in (data, *others)]
    return Table(["", *names, ""], rows, "The runs")


def section(data: Data, others: Sequence[Data], drawn: Sequence[Chart]) -> Section:
    """Return the section of a report in which further runs stand beside the first."""
    made = [Changes.of(data.run, other.run) for other in others]
    tables = [runs_table(data, others), declared_table(data, others)]
    for changed in made:
        tables += [
            cases_table(changed), faults_table(changed), differences_table(changed),
        ]  # fmt: skip
    placed = {f"runs_{placement}": placement for placement in words.PLACEMENTS}
    figures = []
    for chart in drawn:
        behind = declared_table(data, others, placed[chart.name])
        table = replace(behind, folded=True)
        figures.append(Figure(chart.name, chart.title, table))
    bullets = [
        f"Since {changed.there.name}: {counted(changed)}. {basis_said(changed)}"
        for changed in made
    ]
    shown = [table for table in tables if table.rows]
    return Section("runs", "Other runs", [LEAD], bullets, shown, figures)
