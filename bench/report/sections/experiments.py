"""The experiments in the report: a table of each, and the numbers of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.analysis.stats import Interval, bounds
from bench.report import words
from bench.report.charts.findings import listed
from bench.report.entries import from_survey
from bench.report.model import Columns, Section, Table
from bench.report.words import date
from bench.surveys.experiments import kept
from bench.surveys.experiments.all_experiments import all_experiments
from bench.surveys.experiments.experiment import PROFILES

Row = Mapping[str, Any]
KIND = "experiment"
ID = "experiments"
TITLE = "Experiments on what the talk says"
NOT_MADE = "Not made: .venv/bin/nomiddle experiments."
NEVER = "never"
ROWS_MAX = 24
"""A longer table is folded: its reader looks for one row."""
COLUMNS_MAX = 9
"""A wider table stands on its side: a page has room for more rows, not for more columns."""
LEAD = (
    "Each experiment provokes one effect that the talk speaks of, and has a control in "
    "which the effect is absent. All experiments are made once in each block. A value is "
    "the median over blocks, with its interval."
)


def shown(value: float) -> str:
    """Return a value without decimals that nobody measured: "2", "88.0", "never"."""
    if math.isinf(value):
        return NEVER
    return f"{value:,.0f}" if float(value).is_integer() else words.number(value)


def heading(name: str, unit: str) -> str:
    """Return the heading of a quantity, with its unit once: "round trip (ms)"."""
    said = name.split("_")
    if said[-1] == unit.lower():
        said.pop()
    return f"{' '.join(said)} ({unit})" if said else unit


def section(made: Row | None) -> Section:
    """Return the report's section; without experiments, with the command for them."""
    rows = [with_profile(row) for row in kept.rows(made)]
    if not rows:
        return Section(ID, TITLE, [NOT_MADE])
    tables = [table for row in rows for table in _tables(row)]
    lead = [LEAD, took(rows)]
    return Section(ID, TITLE, lead, tables=[_list(rows), *tables])


def header(made: Row | None) -> str:
    """Return the line below the title of their page: their dates and machines."""
    rows = kept.rows(made)
    if not rows:
        return ""
    dates = sorted({date(row) for row in rows})
    machines = dict.fromkeys(words.machine(row) for row in rows)
    return f"made on {listed(dates)}; {listed(machines)}"


def with_profile(row: Row) -> Row:
    """Return a row with the profile that makes its experiment today, if any does."""
    one = all_experiments().get(row["name"])
    return {**row, "profile": one.profile} if one else row


def took(rows: Sequence[Row]) -> str:
    """Return a sentence for each profile: how long its experiments took, in all blocks."""
    said: list[str] = []
    for profile in PROFILES:
        mine = [row for row in rows if row["profile"] == profile]
        if mine:
            which = "experiment" if len(mine) == 1 else "experiments"
            minutes = words.number(sum(sum(row["took_s"]) for row in mine) / 60, digits=2)
            more = " more" if said else ""
            said.append(
                f"The {len(mine)} {which} of `{profile}` took {minutes} minutes{more}."
            )
    return " ".join(said)


def _list(rows: Sequence[Row]) -> Table:
    columns: Columns[Row] = {
        "experiment": lambda row: str(row["name"]),
        "asks": lambda row: str(row["asks"]),
        "control": lambda row: str(row["control"]),
        "profile": lambda row: str(row["profile"]),
        "made": lambda row: date(dict(row)),
        "blocks": lambda row: str(len(row["blocks"])),
        "seconds a block": lambda row: words.number(max(row["took_s"]), digits=2),
        "seconds in all": lambda row: words.number(sum(row["took_s"]), digits=2),
    }
    caption = "Every experiment; the seconds are those of its longest block"
    return Table.of(rows, columns, caption)


def _tables(row: Row) -> Iterator[Table]:
    """Yield the numbers of one experiment, and what was answered in words."""
    cells = {(q, s): _cell(found) for q, s, found in kept.numbers(row)}
    measured = [
        [label, *(cells.get((q, s), words.PASSED_OVER) for q in row["quantities"])]
        for s, label in row["subjects"].items()
        if any((q, s) in cells for q in row["quantities"])
    ]
    quantities = row["quantities"].items()
    columns = ["subject", *(heading(name, told["unit"]) for name, told in quantities)]
    if len(columns) > COLUMNS_MAX:
        columns, *measured = map(list, zip(*[columns, *measured], strict=True))
        columns[0] = "quantity"
    left_out = "; ".join(f"{name}: {why}" for name, why in row["left_out"].items())
    more = f" (left out: {left_out})" if left_out else ""
    caption = f"{row['name']}: {row['asks']}{more}"
    yield Table(columns, measured, caption, folded=len(measured) > ROWS_MAX)
    if row["answers"]:
        answered = {name for found in row["answers"].values() for name in found}
        asked = [name for name in row["subjects"] if name in answered]
        said = [
            [question, *(found.get(name, words.PASSED_OVER) for name in asked)]
            for question, found in row["answers"].items()
        ]
        yield Table(["case", *asked], said, f"{row['name']}: what each did", folded=True)


def _cell(found: Interval) -> str:
    low, high = bounds(found)
    if math.isnan(low):
        return f"{shown(found.estimate)} (too few blocks)"
    if low == high:
        return shown(found.estimate)
    return f"{shown(found.estimate)} ({shown(low)} to {shown(high)})"


def numbers(made: Row | None) -> Iterator[dict[str, Any]]:
    """Yield the entries of numbers.json: ``<experiment>.<quantity>.<subject>``."""
    for row in kept.rows(made):
        for quantity, subject, found in kept.numbers(row):
            told = row["quantities"][quantity]
            said = sentence(told, row["subjects"][subject], found.estimate)
            low, high = bounds(found)
            none = math.isnan(low)
            value = {
                "value": _plain(found.estimate),
                "ci_low": None if none else _plain(low),
                "ci_high": None if none else _plain(high),
                "confidence": None if none else round(found.confidence, 6),
                "blocks": found.blocks,
            }
            name = f"{row['name']}.{quantity}.{subject}"
            yield from_survey(row, KIND, name, value, told["unit"], said)


def sentence(told: Row, subject: str, value: float) -> str:
    """Return the sentence of a quantity, in which "never" has no unit."""
    said = str(told["says"]).format(subject=subject, value=shown(value))
    if math.isinf(value):
        said = said.replace(f"{NEVER} {told['unit']}", NEVER)
        said = said.replace(f"after {NEVER}", NEVER)
    return said[:1].upper() + said[1:]


def _plain(value: float) -> float | None:
    return None if math.isinf(value) else float(f"{value:.6g}")
