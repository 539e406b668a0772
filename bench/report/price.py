"""What a guarantee takes to write: the smallest program at each measured level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.charts import words
from bench.frames import records
from bench.levels import LEVELS
from bench.report.facets import every
from bench.report.failures import cell_order
from bench.report.levels import statements
from bench.report.model import Data, Section, Table

Row = Mapping[str, Any]


def cheapest(data: Data) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Return the smallest program in Python at each level, by workload and stack.

    A program at a higher level has all lower ones too. Levels that none has are left out.
    """
    counted = statements(data)
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in sorted(records(data.levels), key=cell_order):
        if row["level"] not in LEVELS or row["cell"] not in counted:
            continue
        if row["language"] != words.PYTHON:
            continue
        mine = {**row, "statements": counted[row["cell"]]}
        levels = found.setdefault((row["workload"], row["stack"]), {})
        for level in LEVELS[: LEVELS.index(row["level"]) + 1]:
            best = levels.get(level)
            if best is None or mine["statements"] < best["statements"]:
                levels[level] = mine
    known = list(words.WORKLOADS)
    order = sorted(found, key=lambda k: (known.index(k[0]), cell_order(found[k]["L0"])))
    return {key: found[key] for key in order}


def steps(levels: Mapping[str, Row]) -> Iterator[tuple[str, Row, int]]:
    """Yield each level with its program, and its statements beyond the level before."""
    before = 0
    for level in LEVELS:
        if level in levels:
            size = int(levels[level]["statements"])
            yield level, levels[level], size - before
            before = size


def price_table(data: Data) -> Table:
    rows = []
    for (workload, stack), levels in cheapest(data).items():
        cells = dict.fromkeys(LEVELS, words.PASSED_OVER)
        for level, row, more in steps(levels):
            beyond = "" if level == LEVELS[0] else f" ({more:+d})"
            cells[level] = f"{row['statements']}{beyond}, {row['variant']}"
        place = [words.workload(workload), words.stack(stack, data.stacks)]
        rows.append([*place, *cells.values()])
    columns = ["workload", "stack", *LEVELS]
    about = [{"workload": workload, "stack": stack} for workload, stack in cheapest(data)]
    caption = "Statements of the smallest program at each level"
    return Table(columns, rows, caption, facets=every(about, data.stacks))


def price_sentences(data: Data) -> Iterator[str]:
    """Yield, per workload, what the highest level takes beyond the happy path."""
    found = cheapest(data)
    for workload in words.WORKLOADS:
        said = []
        for (name, stack), levels in found.items():
            if name != workload or LEVELS[-1] not in levels:
                continue
            most, least = (int(levels[k]["statements"]) for k in (LEVELS[-1], LEVELS[0]))
            label, times = words.stack(stack, data.stacks), most / least
            said.append(
                f"{label} {most} statements, {most - least:+d} or "
                f"{words.number(times, digits=2)} times its happy path of {least}"
            )
        if said:
            yield f"{words.workload(workload)} at {LEVELS[-1]}: {'; '.join(said)}."


def price(data: Data, figures: Sequence[Any]) -> Section:
    made = price_table(data)
    lead = (
        "What a guarantee takes to write, at levels that were measured: the smallest "
        "program of each stack at each level, and its statements beyond those of the one "
        "before. No program is counted at a level at which it was not seen."
    )
    said = [lead, *price_sentences(data)] if made.rows else []
    tables = [made] if made.rows else []
    return Section(
        "price", "What a guarantee takes", said, tables=tables, figures=[*figures]
    )
