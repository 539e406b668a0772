"""Tables of the report, as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.analysis.code_rows import Check, Size
from bench.analysis.compared_rows import Comparison, Copy
from bench.analysis.estimates import headline_measure
from bench.analysis.recovery_rows import Recovery
from bench.analysis.rows import Estimate
from bench.contract.alike import Kind, loses
from bench.contract.all_workloads import WORKLOADS
from bench.contract.rows import CaseRow
from bench.report import ratio, sentences, words
from bench.report.charts.style import Chart
from bench.report.model import Columns, Data, Figure, Table
from bench.report.ratio import Entry
from bench.report.sections import failures
from bench.run.archive import PILOT_BLOCK
from bench.run.environment import BlockEnvironment, flags

DASH = words.PASSED_OVER


def environment_table(data: Data) -> Table:
    """Return one row per block: its canary, stolen and foreign CPU time, its flags."""
    flagged = flags(data.run.environment)

    def name(block: BlockEnvironment) -> str:
        again = " (repeated)" if block.repeat else ""
        again += f" (attempt {block.attempt + 1})" if block.attempt else ""
        return f"{block.block + 1}{again}"

    def reasons(block: BlockEnvironment) -> str:
        return "; ".join(flagged[block.block, block.repeat, block.attempt]) or DASH

    columns: Columns[BlockEnvironment] = {
        "block": name,
        "canary, ms": lambda block: f"{block.canary_ms:.1f}",
        "stolen": lambda block: words.percent(block.steal_share),
        "other processes": lambda block: words.percent(block.other_cpu_share),
        "flagged for": reasons,
    }
    return Table.of(data.run.environment, columns)


def comparison_table(
    pairs: Sequence[Comparison], stacks: Mapping[str, Any], caption: str = ""
) -> Table:
    """Return comparisons with ratio, both intervals, blocks, check, q and verdict."""

    def sign(pair: Comparison) -> str:
        times = pair.times
        few = times.too_few_blocks
        return DASH if few else ratio.between(times.sign_low, times.sign_high)

    def confidence(pair: Comparison) -> str:
        few = pair.times.too_few_blocks
        return DASH if few else words.percent(pair.times.confidence)

    columns: Columns[Comparison] = {
        "first": lambda pair: words.cell(pair.a, stacks),
        "second": lambda pair: words.cell(pair.b, stacks),
        "workload": lambda pair: (
            f"{words.workload(pair.a.workload)} {words.quantity(pair.a)}"
        ),
        "case": lambda pair: words.case(pair.a),
        "found": lambda pair: sentences.found(pair, stacks),
        "confidence": confidence,
        "sign interval: the first is": sign,
        "blocks won by first": lambda pair: (
            f"{pair.times.faster_blocks} of {pair.times.blocks_done}"
        ),
        "A/A check": lambda pair: str(pair.check),
        "q": lambda pair: DASH if math.isnan(pair.q) else words.number(pair.q),
        "verdict": lambda pair: sentences.VERDICTS[pair.verdict],
    }
    return Table.of(pairs, columns, caption)


def unlike_table(data: Data) -> Table:
    """Return the ratios without a verdict: of programs that promise different things."""
    found = (entry for entry in data.entries if entry["kind"] == Kind.APART)
    columns: Columns[Entry] = {
        "first": lambda entry: str(entry["labels"][0]),
        "second": lambda entry: str(entry["labels"][1]),
        "case": ratio.case,
        "found": ratio.apart,
        "why it has no verdict": lambda entry: str(entry["reason"]),
    }
    return Table.of(found, columns, "Not compared: programs that make different promises")


def measure_table(found: Sequence[Estimate], stacks: Mapping[str, Any]) -> Table:
    """Return estimates with value, unit, interval and blocks."""
    columns: Columns[Estimate] = {
        "program": lambda row: words.cell(row.case, stacks),
        "case": lambda row: words.case(row.case),
        "measure": lambda row: row.measure.replace("_", " "),
        "value": lambda row: words.number(row.value),
        "unit": lambda row: row.unit,
        "interval": lambda row: words.bounds(row.low, row.high, row.value),
        "confidence": lambda row: (
            "too few blocks" if math.isnan(row.low) else words.percent(row.confidence)
        ),
        "blocks": lambda row: str(row.blocks_done),
    }
    return Table.of(found, columns)


def size_rows(found: Sequence[Size], stacks: Mapping[str, Any]) -> Table:
    columns: Columns[Size] = {
        "cell": lambda row: words.cell(row.program, stacks),
        "statements": lambda row: f"{row.counts.statements:,}",
        "tokens": lambda row: f"{row.counts.tokens:,}",
        "gzip bytes": lambda row: f"{row.counts.gzip_bytes:,}",
        "files": lambda row: row.counts.files.replace(",", " "),
    }
    return Table.of(found, columns)


def plain_table(chart: Chart) -> Table:
    """Return a chart's table as it is in its file."""
    rows = [
        [words.number(v) if isinstance(v, float) else str(v) for v in row]
        for row in chart.table.itertuples(index=False)
    ]
    return Table([str(name).replace("_", " ") for name in chart.table.columns], rows)


def figures(data: Data, section: str = "", name: str = "") -> list[Figure]:
    """Return the charts of a section, or the one of a name, each with its table."""
    return [
        chart_figure(chart, data.stacks)
        for chart in data.charts
        if chart.name == name or (chart.section == section and not chart.page_only)
    ]


def over_each_other(
    charts: Iterable[Chart], behind: Callable[[str], Table]
) -> list[Figure]:
    """Return charts of several runs with the tables behind them, by placement."""
    return [
        Figure(chart.name, chart.title, replace(table, folded=True))
        for chart in charts
        for table in [behind(chart.name.rpartition("_")[2])]
    ]


def chart_figure(chart: Chart, stacks: Mapping[str, Any]) -> Figure:
    """Return a chart with the table behind it."""
    rows = chart.rows
    match rows[0] if rows else None:
        case Comparison():
            data = comparison_table(rows, stacks)
        case Estimate():
            data = measure_table(rows, stacks)
        case Size():
            data = size_rows(rows, stacks)
        case Recovery():
            data = failures.table_of(rows, stacks)
        case _:
            data = plain_table(chart)
    if "lost_percent" in chart.table:
        shares = chart.table["lost_percent"]
        data.columns.append("lost, %")
        for row, share in zip(data.rows, shares, strict=True):
            row.append(words.number(share))
    return Figure(chart.name, chart.title, replace(data, folded=True))


def _first_line(reason: str) -> str:
    return reason.split("\n", 1)[0].strip()


def _first_and_last_line(reason: str) -> str:
    """Return what happened and the last words of the process to which it did."""
    lines = reason.strip().splitlines()
    return " ".join(dict.fromkeys(line.strip() for line in (lines[0], lines[-1])))


def _result(values: Mapping[tuple[str, str], Estimate], case: CaseRow) -> str:
    """Return a case's numbers in one line, '' where it has none."""
    main = values.get((case.id, headline_measure(case)))
    if main is None:
        return ""
    bounds = words.bounds(main.low, main.high, main.value)
    said = f"{main.measure} {words.number(main.value)} {main.unit} ({bounds})"
    for name in ("p90", "p99", "p999", "lost"):
        more = values.get((case.id, name))
        if more is not None and (name != "lost" or loses(case)):
            spoken = sentences.PERCENTILE_NAMES.get(name, name)
            said += f"; {spoken} {words.number(more.value)}"
            said += f" {more.unit}" if name == "lost" else ""
    return said.removeprefix("rate ")


def every_cell(data: Data) -> Table:
    """Return a row per planned case, and one per program that should exist and does not."""
    keyed = {(row.case.id, row.measure): row for row in data.estimates}
    failed: dict[str, list[str]] = {}
    for failure in data.run.failures:
        reason = _first_and_last_line(failure.reason)
        if failure.block != PILOT_BLOCK:
            reason = f"block {failure.block + 1}: {reason}"
        failed.setdefault(failure.case, []).append(reason)
    for refused, reason in data.run.refused.items():
        failed.setdefault(refused, []).append(reason)
    messages = data.run.trials.groupby("case")["delivered"].median().to_dict()

    def reasons(case: CaseRow) -> str:
        return "; ".join(dict.fromkeys(failed.get(case.id, [])))

    def result(case: CaseRow) -> str:
        why = reasons(case) or "no trial was made"
        return _result(keyed, case) or f"not measured: {why}"

    def blocks(case: CaseRow) -> str:
        done = keyed.get((case.id, headline_measure(case)))
        return f"{done.blocks_done if done else 0} of {case.blocks}"

    columns: Columns[CaseRow] = {
        "program": lambda case: case.cell,
        "quantity": lambda case: (
            f"{words.quantity(case)}{' (A/A copy)' if case.copy else ''}"
        ),
        "case": words.case,
        "result": result,
        "messages a trial": lambda case: (
            f"{messages[case.id]:,.0f}" if case.id in messages else ""
        ),
        "blocks": blocks,
        "failed trials": lambda case: reasons(case) if _result(keyed, case) else "",
    }
    made = Table.of(data.run.cases.values(), columns)
    made.rows.extend([*_without_case(data), *_not_implemented(data)])
    return made


def _without_case(data: Data) -> list[list[str]]:
    every_case = {**data.run.cases, **data.run.recovery_cases}
    planned = {case.cell for case in every_case.values()}
    return [
        [cell, "", "", "not in this plan", "", "0 of 0", ""]
        for cell in sorted(set(data.run.about["cells"]) - planned)
    ]


def _not_implemented(data: Data) -> list[list[str]]:
    """Return a row per workload that no ``minimal`` program of a stack implements."""
    rows = []
    floors = {case.stack for case in data.run.cases.values() if case.floor}
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
    def outcome(check: Check) -> str:
        return "passed" if check.passed else "skipped" if check.skipped else "FAILED"

    def reason(check: Check) -> str:
        if check.passed and check.first_failure:
            return f"at its second try; the first: {_first_line(check.first_failure)}"
        return _first_line(check.reason)

    columns: dict[str, Callable[[Check], str]] = {
        "program": lambda check: check.cell,
        "transport": lambda check: check.transport,
        "conformance": outcome,
        "checked on": lambda check: check.made[:10] or DASH,
        "lost at full speed": lambda check: f"{check.losses:,}",
        "reason": reason,
    }
    if not any(check.made for check in data.run.checks):  # earlier runs have no dates
        del columns["checked on"]
    return Table.of(data.run.checks, columns)


def copies_table(data: Data) -> Table:
    """Return the A/A copies with their ratio, p, how far from 1 it may be, and check."""
    columns: Columns[Copy] = {
        "case": lambda copy: words.measured_case(copy.a),
        "program": lambda copy: copy.a.cell,
        "the copy is": lambda copy: sentences.of_first(copy.times),
        "blocks": lambda copy: str(copy.times.blocks_done),
        "p": lambda copy: words.number(copy.times.p),
        "may differ by": lambda copy: sentences.noise(copy.noise),
        "A/A check": lambda copy: str(copy.check),
    }
    return Table.of(data.copies, columns)
