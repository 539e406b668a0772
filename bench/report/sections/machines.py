"""The machines of the published set, and every declared ratio on each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib import rc_context

from bench.analysis.compared_rows import Comparison
from bench.analysis.side import Side
from bench.contract.alike import Kind
from bench.contract.rows import case_named
from bench.report import ratio, words
from bench.report.charts import style
from bench.report.charts.all import look_of
from bench.report.charts.over_runs import overlays
from bench.report.charts.style import Chart
from bench.report.model import Columns, Data, Section, Table
from bench.report.sections import over_machines
from bench.report.sections.tables import over_each_other
from bench.report.words import date

Entry = Mapping[str, Any]
ID = "machines"
LEAD = (
    "The latest run of each kind of machine, which is a model of CPU. Charts, times and "
    "rates are those of the leading run. Only ratios may be laid beside each other."
)
RULE = (
    "Machines with the same verdict are taken together. Where their intervals have a point "
    "in common, one ratio stands for all: the geometric mean. Where they have none, the "
    "least and the greatest ratio are given. The interval is the hull of theirs."
)
HERE = "Other machines can have other ratios than those that were measured here."


def declared(entries: Sequence[Entry]) -> list[Entry]:
    """Return the declared comparisons that the published set has over its machines."""
    return [e for e in entries if e["kind"] == Kind.DECLARED and "machines" in e]


def summary(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield on how many machines declared comparisons hold, and how many depend on it.

    Nothing for a report of one run.
    """
    found = declared(entries)
    several = [entry for entry in found if over_machines.count(entry) > 1]
    if not several:
        return
    most = max(map(over_machines.count, several))
    every = "both machines" if most == 2 else f"all {most} machines"
    alike = [entry for entry in several if len(entry["over_machines"]) == 1]
    ranged = sum(
        group["value"] is None and group["verdict"] in ratio.DECIDED
        for group in (entry["over_machines"][0] for entry in alike)
    )
    contrary = sum(map(over_machines.differs, several))
    by_one = sum(map(_decided_by_some, several)) - contrary
    neither = len(several) - len(alike) - contrary - by_one
    said = [
        f"On {len(alike) or 'none'} of {words.plural(len(several), 'declared comparison')} "
        f"{every} agree",
        f"on {ranged} of these the winner is ahead by different ratios" if ranged else "",
    ]
    yield f"{', and '.join(filter(None, said))}."
    if by_one:
        yield (
            f"On {by_one}, one machine shows a winner and another's difference is too "
            "small to call."
        )
    if neither:
        yield f"On {neither}, one machine finds no difference and another cannot tell."
    yield (f"On {contrary or 'none'}, the winner on one machine is the loser on another.")


def _decided_by_some(entry: Entry) -> bool:
    """Say whether some machines name a winner, and not all of them the same."""
    groups = entry["over_machines"]
    return len(groups) > 1 and any(g["verdict"] in ratio.DECIDED for g in groups)


def charts(data: Data) -> list[Chart]:
    """Return the charts that show each machine's ratios, by placement."""
    look = look_of(data.run, data.grade.letter)
    sides = (data.side, *data.beside)

    def agree(pairs: Sequence[Comparison]) -> bool:
        return len({pair.verdict for pair in pairs}) == 1

    with rc_context(style.RC):
        named = dict(zip(_cpus(sides), sides, strict=True))
        return list(overlays(named, "machine", agree, look))


def _cpus(sides: Sequence[Side]) -> list[str]:
    return [over_machines.cpu(side.about["machine"]["cpu"]) for side in sides]


def section(data: Data, drawn: Sequence[Chart]) -> Section:
    """Return the section of the machines, of a report on a published set."""
    found = declared(data.entries)
    sides = (data.side, *data.beside)
    tables = [_machines(sides)]
    for workload in dict.fromkeys(case_named(e["case"]).workload for e in found):
        mine = [e for e in found if case_named(e["case"]).workload == workload]
        caption = f"{words.workload(workload)}, declared comparisons"
        tables.append(_ratios(caption, mine, sides))
    said = [LEAD, *summary(data.entries), RULE, HERE]

    def behind(placement: str) -> Table:
        mine = [e for e in found if case_named(e["case"]).placement == placement]
        return _ratios(words.PLACEMENTS_SHORT[placement], mine, sides)

    figures = over_each_other(drawn, behind)
    return Section(ID, "On each machine", said, tables=tables, figures=figures)


def _machines(sides: Sequence[Side]) -> Table:
    columns: Columns[Side] = {
        "CPU": lambda side: over_machines.cpu(side.about["machine"]["cpu"]),
        "date": lambda side: date(side.about),
        "profile": lambda side: str(side.about["profile"]),
        "measured": lambda side: "in turns" if side.run.ensembles else "in single trials",
        "grade": lambda side: side.grade.letter,
        "run": lambda side: side.name,
        "": lambda side: "leads" if side is sides[0] else "",
    }
    return Table.of(sides, columns, "Machines")


def _ratios(caption: str, found: Sequence[Entry], sides: Sequence[Side]) -> Table:
    """Return a row for each comparison: what each machine found, and all together."""
    rows = []
    for entry in found:
        by_run = {row["run"]: row for row in entry["machines"]}
        each = [
            ratio.finding({**entry, **by_run[side.name]})
            if side.name in by_run
            else words.PASSED_OVER
            for side in sides
        ]
        pair = " / ".join(map(str, entry["labels"]))
        rows.append([ratio.case(entry), pair, *each, over_machines.finding(entry)])
    columns = ["case", "compared", *_cpus(sides), "over machines"]
    return Table(columns, rows, caption)
