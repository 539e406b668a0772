"""Tables of the report, as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from bench.charts import Chart, words
from bench.environment import flags
from bench.estimates import headline_measure
from bench.frames import records
from bench.report import failures, sentences
from bench.report.facets import columns_of, every
from bench.report.model import Data, Figure, Table
from bench.run import PILOT_BLOCK
from bench.workloads import WORKLOADS

NOT_MEASURED = "not measured: "


def environment_table(data: Data) -> Table:
    """Return one row per block: its canary, stolen and foreign CPU time, its flags."""
    columns = ["block", "canary, ms", "stolen", "other processes", "flagged for"]
    flagged = flags(data.run.environment)
    rows = []
    for block in data.run.environment:
        again = " (repeated)" if block.repeat else ""
        again += f" (attempt {block.attempt + 1})" if block.attempt else ""
        reasons = flagged[block.block, block.repeat, block.attempt]
        rows.append(
            [
                f"{block.block + 1}{again}",
                f"{block.canary_ms:.1f}",
                _share(block.steal_share),
                _share(block.other_cpu_share),
                "; ".join(reasons) or words.PASSED_OVER,
            ]
        )
    return Table(columns, rows)


def _share(value: float | None) -> str:
    return words.PASSED_OVER if value is None else f"{100 * value:.1f} %"


def _bounds(row: Mapping[str, Any], value: float) -> str:
    if math.isnan(row["low"]):
        return words.PASSED_OVER
    return f"{words.number(row['low'], value)} to {words.number(row['high'], value)}"


def comparison_table(
    table: pd.DataFrame, stacks: Mapping[str, Any], caption: str = ""
) -> Table:
    """Return comparisons with ratio, both intervals, blocks, noise, q and verdict."""
    found = records(table)
    columns = [
        "first", "second", "workload", "case", "ratio of times", "interval", "level",
        "sign interval", "first faster in", "A/A noise", "q", "verdict",
    ]  # fmt: skip
    rows = []
    for row in found:
        some = not math.isnan(row["low"])
        sign = {"low": row["sign_low"], "high": row["sign_high"]}
        rows.append(
            [
                words.side(row, "a", stacks),
                words.side(row, "b", stacks),
                f"{words.workload(row['workload'])} {words.quantity(row)}",
                words.case(row),
                words.number(row["ratio"]),
                _bounds(row, row["ratio"]),
                words.percent(row["confidence"]) if some else "too few blocks",
                _bounds(sign, row["ratio"]),
                f"{row['faster_blocks']} of {row['blocks_done']}",
                sentences.noise(row["noise"]),
                words.PASSED_OVER if math.isnan(row["q"]) else words.number(row["q"]),
                sentences.VERDICTS[row["verdict"]],
            ]
        )
    return Table(columns, rows, caption, facets=every(found, stacks))


def measure_table(table: pd.DataFrame, stacks: Mapping[str, Any]) -> Table:
    """Return rows of ``estimates`` with value, unit, interval and blocks."""
    found = records(table)
    columns = ["cell", "case", "measure", "value", "unit", "interval", "level", "blocks"]
    rows = []
    for row in found:
        some = not math.isnan(row["low"])
        rows.append(
            [
                words.cell(row, stacks),
                words.case(row),
                str(row["measure"]).replace("_", " "),
                words.number(row["value"]),
                row["unit"],
                _bounds(row, row["value"]),
                words.percent(row["confidence"]) if some else "too few blocks",
                str(row["blocks_done"]),
            ]
        )
    extra = "lost_percent"
    if extra in table:
        columns.append("lost, %")
        for made, lost in zip(rows, table[extra], strict=True):
            made.append(words.number(lost))
    return Table(columns, rows, facets=every(found, stacks))


def size_rows(table: pd.DataFrame, stacks: Mapping[str, Any]) -> Table:
    found = records(table)
    columns = ["cell", "statements", "tokens", "gzip bytes", "files"]
    rows = [
        [
            words.cell(row, stacks),
            *(f"{row[name]:,}" for name in ("statements", "tokens", "gzip_bytes")),
            str(row["files"]).replace(",", " "),
        ]
        for row in found
    ]
    return Table(columns, rows, facets=every(found, stacks))


def plain_table(table: pd.DataFrame, stacks: Mapping[str, Any]) -> Table:
    found = records(table)
    rows = [
        [words.number(v) if isinstance(v, float) else str(v) for v in row.values()]
        for row in found
    ]
    columns = [str(name).replace("_", " ") for name in table.columns]
    return Table(columns, rows, facets=every(found, stacks))


def chart_figure(chart: Chart, stacks: Mapping[str, Any]) -> Figure:
    """Return a chart with the table behind it."""
    if "ratio" in chart.table:
        data = comparison_table(chart.table, stacks)
    elif "measure" in chart.table:
        data = measure_table(chart.table, stacks)
    elif "gzip_bytes" in chart.table:
        data = size_rows(chart.table, stacks)
    elif "verdict_trials" in chart.table:
        data = failures.table_of(chart.table, stacks)
    else:
        data = plain_table(chart.table, stacks)
    return Figure(chart.name, chart.title, replace(data, folded=True))


def _first_line(reason: str) -> str:
    return reason.split("\n", 1)[0].strip()


def _result(values: dict[tuple[str, str], dict[str, Any]], case: Mapping[str, Any]) -> str:
    """Return a case's numbers in one line, '' where it has none."""
    main = values.get((case["case"], headline_measure(case["quantity"])))
    if main is None:
        return ""
    bounds = _bounds(main, main["value"])
    said = f"{main['measure']} {words.number(main['value'])} {main['unit']} ({bounds})"
    for name in ("p90", "p99", "p999", "max", "lost"):
        more = values.get((case["case"], name))
        if more is not None and (name != "lost" or case["fan_out_mode"] == "lossy"):
            spoken = sentences.PERCENTILE_NAMES.get(name, name)
            said += f"; {spoken} {words.number(more['value'])}"
            said += f" {more['unit']}" if name == "lost" else ""
    return said.removeprefix("rate ")


def every_cell(data: Data) -> Table:
    """Return a row per planned case, and one per program that should exist and does not."""
    keyed = {(row["case"], row["measure"]): row for row in records(data.table)}
    failed: dict[str, list[str]] = {}
    for row in records(data.run.failures):
        reason = _first_line(str(row["reason"]))
        if row["block"] != PILOT_BLOCK:
            reason = f"block {row['block'] + 1}: {reason}"
        failed.setdefault(str(row["case"]), []).append(reason)
    for refused, reason in data.run.refused.items():
        failed.setdefault(refused, []).append(reason)
    messages = data.run.trials.groupby("case")["delivered"].median().to_dict()
    rows = []
    for case in records(data.run.cases):
        result = _result(keyed, case)
        done = keyed.get((case["case"], headline_measure(case["quantity"])))
        reasons = "; ".join(dict.fromkeys(failed.get(case["case"], [])))
        if not result:
            result = NOT_MEASURED + (
                reasons.removeprefix(NOT_MEASURED) or "no trial was made"
            )
            reasons = ""
        blocks = f"{done['blocks_done'] if done else 0} of {case['blocks']}"
        count = f"{messages[case['case']]:,.0f}" if case["case"] in messages else ""
        twin = " (A/A twin)" if case["twin"] else ""
        quantity = f"{words.quantity(case)}{twin}"
        rows.append(
            [case["cell"], quantity, words.case(case), result, count, blocks, reasons]
        )
    without = _without_case(data) + _not_implemented(data)
    rows += without
    about = [*records(data.run.cases), *(columns_of(row[0]) for row in without)]
    columns = [
        "cell",
        "quantity",
        "case",
        "result",
        "messages a trial",
        "blocks",
        "failed trials",
    ]
    return Table(columns, rows, facets=every(about, data.stacks))


def _without_case(data: Data) -> list[list[str]]:
    planned = {*data.run.cases["cell"], *data.run.recovery_cases["cell"]}
    return [
        [cell, "", "", "not in this plan", "", "0 of 0", ""]
        for cell in sorted(set(data.run.about["cells"]) - planned)
    ]


def _not_implemented(data: Data) -> list[list[str]]:
    """Return a row per workload that no ``minimal`` program of a stack implements."""
    rows = []
    floors = set(data.run.cases.loc[data.run.cases["floor"].astype(bool), "stack"])
    for stack in data.stacks:
        there = {
            cell for cell in data.run.about["cells"] if cell.startswith(f"{stack}/minimal/")
        }
        for workload in WORKLOADS:
            has = any(cell.startswith(f"{stack}/minimal/{workload}.") for cell in there)
            if not has and stack not in floors:
                rows.append(
                    [f"{stack}/minimal/{workload}", "", "", "not implemented", "", "", ""]
                )
    return rows


def checks_table(data: Data) -> Table:
    rows = []
    for row in records(data.run.checks):
        passed = "passed" if row["passed"] else "skipped" if row["skipped"] else "FAILED"
        losses = f"{row['losses']:,}" if row["losses"] else "0"
        rows.append(
            [row["cell"], row["transport"], passed, losses, _first_line(row["reason"])]
        )
    columns = ["cell", "transport", "conformance", "lost in the blast", "reason"]
    about = [{**columns_of(row[0]), "transport": row[1]} for row in rows]
    return Table(columns, rows, facets=every(about, data.stacks))


def noise_table(data: Data) -> Table:
    found = records(data.floor)
    columns = ["case", "cell", "twin over original", "interval", "blocks", "noise floor"]
    rows = [
        [
            f"{words.workload(row['workload'])} {words.quantity(row)}, {words.case(row)}",
            row["cell"],
            words.number(row["ratio"]),
            _bounds(row, row["ratio"]),
            str(row["blocks_done"]),
            sentences.noise(row["noise"]),
        ]
        for row in found
    ]
    return Table(columns, rows, facets=every(found, data.stacks))
