"""Several runs in one report: what they claim over each other, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from matplotlib import rc_context

from bench.build import COMPILER
from bench.charts import Chart, date, look_of, machine, style, words
from bench.charts.overlay import overlay
from bench.comparisons import of_kind
from bench.frames import records
from bench.machine import IN_C
from bench.report.changes import (
    Changes,
    basis_said,
    cases_table,
    counted,
    differences_table,
    faults_table,
)
from bench.report.facets import every
from bench.report.model import Data, Figure, Section, Table
from bench.reproduce import Finding, agreement

LEAD = (
    "Ratios within a run may be laid over those of another, whatever machine it was made "
    "on; absolute numbers may not. Two runs agree on a claim by the rule of `reproduce`: "
    "on the verdict, not on the size of the ratio."
)
Pairs = Mapping[tuple[str, str, str], Mapping[str, Any]]


def overlays(data: Data, others: Sequence[Data]) -> list[Chart]:
    """Return the charts that lay the claims of several runs over each other."""
    look = look_of(data.run, data.grade.letter)
    compared = [(each.run.name, each.compared) for each in (data, *others)]
    with rc_context(style.RC):
        drawn = [overlay(compared, placement, look) for placement in words.PLACEMENTS]
    return [chart for chart in drawn if chart is not None]


def _pairs(data: Data) -> Pairs:
    return {(p["name"], p["key_a"], p["key_b"]): p for p in records(data.compared)}


def _said(pair: Mapping[str, Any]) -> str:
    finding = Finding.of(pair)
    ratio = words.number(pair["ratio"])
    if finding.too_few_blocks:
        return f"{ratio}, too few blocks"
    low, high = (words.number(pair[key], pair["ratio"]) for key in ("low", "high"))
    verdict = "undecided" if not finding.decided else finding.verdict
    return f"{ratio} ({low} to {high}), {verdict}"


def claims_table(data: Data, others: Sequence[Data], placement: str = "") -> Table:
    """Return the first run's claims with their ratios in every run, and who agrees."""
    found = [_pairs(each) for each in (data, *others)]
    rows = []
    shown = [
        pair
        for pair in records(of_kind(data.compared, "claim"))
        if not placement or pair["placement"] == placement
    ]
    for pair in shown:
        key = (pair["name"], pair["key_a"], pair["key_b"])
        cells = [_said(pair)]
        for pairs in found[1:]:
            other = pairs.get(key)
            if other is None:
                cells.append(words.PASSED_OVER)
                continue
            result = agreement(Finding.of(pair), Finding.of(other))
            cells.append(f"{_said(other)}; {result.result}: {result.reason}")
        sides = " over ".join(words.side(pair, which, data.stacks) for which in "ab")
        what = f"{words.workload(pair['workload'])}, {words.case(pair)}: {sides}"
        rows.append([what, *cells])
    names = [each.run.name for each in (data, *others)]
    columns, about = ["claim, ratio of times", *names], every(shown, data.stacks)
    return Table(columns, rows, "Claims, run by run", facets=about)


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
    tables = [runs_table(data, others), claims_table(data, others)]
    for changed in made:
        tables += [
            cases_table(changed), faults_table(changed), differences_table(changed),
        ]  # fmt: skip
    placed = {f"runs_{placement}": placement for placement in words.PLACEMENTS}
    figures = []
    for chart in drawn:
        behind = claims_table(data, others, placed[chart.name])
        table = replace(behind, folded=True)
        figures.append(Figure(chart.name, chart.title, table))
    bullets = [
        f"Since {changed.there.name}: {counted(changed)}. {basis_said(changed)}"
        for changed in made
    ]
    shown = [table for table in tables if table.rows]
    return Section("runs", "Other runs", [LEAD], bullets, shown, figures)
