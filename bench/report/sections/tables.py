"""Tables of the report, as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.analysis.code_rows import Size
from bench.analysis.compared_rows import Comparison
from bench.analysis.estimates import headline_measure
from bench.analysis.recovery_rows import Recovery
from bench.analysis.rows import Estimate
from bench.contract.alike import Kind, loses
from bench.contract.all_workloads import WORKLOADS
from bench.contract.rows import CaseRow
from bench.report import sentences, words
from bench.report.charts.style import Chart
from bench.report.facets import PROGRAM, every, every_pair, program_at
from bench.report.model import Data, Figure, Table
from bench.report.sections import failures, faster
from bench.run.archive import PILOT_BLOCK
from bench.run.environment import flags


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


def _bounds(low: float, high: float, value: float) -> str:
    if math.isnan(low):
        return words.PASSED_OVER
    return f"{words.number(low, value)} to {words.number(high, value)}"


def comparison_table(
    pairs: Sequence[Comparison], stacks: Mapping[str, Any], caption: str = ""
) -> Table:
    """Return comparisons with ratio, both intervals, blocks, noise, q and verdict."""
    columns = [
        "first", "second", "workload", "case", "ratio of times", "interval", "confidence",
        "sign interval", "blocks won by first", "A/A noise", "q", "verdict",
    ]  # fmt: skip
    rows = []
    for pair in pairs:
        times, some = pair.times, not pair.times.too_few_blocks
        rows.append(
            [
                words.cell(pair.a, stacks),
                words.cell(pair.b, stacks),
                f"{words.workload(pair.a.workload)} {words.quantity(pair.a)}",
                words.case(pair.a),
                words.number(times.ratio),
                _bounds(times.low, times.high, times.ratio),
                words.percent(times.confidence) if some else "too few blocks",
                _bounds(times.sign_low, times.sign_high, times.ratio),
                f"{times.faster_blocks} of {times.blocks_done}",
                sentences.noise(pair.noise),
                words.PASSED_OVER if math.isnan(pair.q) else words.number(pair.q),
                sentences.VERDICTS[pair.verdict],
            ]
        )
    return Table(columns, rows, caption, facets=every_pair(pairs, stacks))


def unlike_table(data: Data) -> Table:
    """Return the ratios without a verdict: of programs that promise different things."""
    found = [entry for entry in data.entries if entry["kind"] == Kind.APART]
    rows = [
        [*entry["labels"], faster.case(entry), faster.apart(entry), str(entry["reason"])]
        for entry in found
    ]
    columns = ["first", "second", "case", "ratio", "why it has no verdict"]
    about = [program_at(entry["cells"][0]) for entry in found]
    caption = "Not compared: programs that make different promises"
    return Table(columns, rows, caption, facets=every(about, data.stacks))


def measure_table(
    found: Sequence[Estimate],
    stacks: Mapping[str, Any],
    lost: Sequence[float] | None = None,
) -> Table:
    """Return estimates with value, unit, interval and blocks.

    ``lost`` is what was lost in each case, in per cent.
    """
    columns = [
        "program", "case", "measure", "value", "unit", "interval", "confidence", "blocks",
    ]  # fmt: skip
    rows = [
        [
            words.cell(row.case, stacks),
            words.case(row.case),
            row.measure.replace("_", " "),
            words.number(row.value),
            row.unit,
            _bounds(row.low, row.high, row.value),
            "too few blocks" if math.isnan(row.low) else words.percent(row.confidence),
            str(row.blocks_done),
        ]
        for row in found
    ]
    if lost is not None:
        columns.append("lost, %")
        for made, share in zip(rows, lost, strict=True):
            made.append(words.number(share))
    return Table(columns, rows, facets=every((row.case for row in found), stacks))


def size_rows(found: Sequence[Size], stacks: Mapping[str, Any]) -> Table:
    columns = ["cell", "statements", "tokens", "gzip bytes", "files"]
    rows = [
        [
            words.cell(row.program, stacks),
            f"{row.counts.statements:,}",
            f"{row.counts.tokens:,}",
            f"{row.counts.gzip_bytes:,}",
            row.counts.files.replace(",", " "),
        ]
        for row in found
    ]
    return Table(columns, rows, facets=every((row.program for row in found), stacks))


def plain_table(chart: Chart, stacks: Mapping[str, Any]) -> Table:
    """Return a chart's table as it is in its file."""
    rows = [
        [words.number(v) if isinstance(v, float) else str(v) for v in row]
        for row in chart.table.itertuples(index=False)
    ]
    columns = [str(name).replace("_", " ") for name in chart.table.columns]
    programs = (row.program for row in chart.rows)
    return Table(columns, rows, facets=every(programs, stacks, (*PROGRAM, "placement")))


def chart_figure(chart: Chart, stacks: Mapping[str, Any]) -> Figure:
    """Return a chart with the table behind it."""
    if chart.rows and isinstance(chart.rows[0], Comparison):
        data = comparison_table(chart.rows, stacks)
    elif chart.rows and isinstance(chart.rows[0], Estimate):
        data = measure_table(chart.rows, stacks, _lost(chart))
    elif chart.rows and isinstance(chart.rows[0], Size):
        data = size_rows(chart.rows, stacks)
    elif chart.rows and isinstance(chart.rows[0], Recovery):
        data = failures.table_of(chart.rows, stacks)
    else:
        data = plain_table(chart, stacks)
    return Figure(chart.name, chart.title, replace(data, folded=True))


def _lost(chart: Chart) -> Sequence[float] | None:
    """Return what was lost in each case of a chart, where it shows that."""
    known = "lost_percent" in chart.table
    return list(chart.table["lost_percent"]) if known else None


def _first_line(reason: str) -> str:
    return reason.split("\n", 1)[0].strip()


def _first_and_last_line(reason: str) -> str:
    """Return what happened and the last words of the process to which it did."""
    lines = reason.strip().splitlines()
    return " ".join(dict.fromkeys(line.strip() for line in (lines[0], lines[-1])))


def _result(values: Mapping[tuple[str, str], Estimate], case: CaseRow) -> str:
    """Return a case's numbers in one line, '' where it has none."""
    main = values.get((case.id, headline_measure(case.quantity)))
    if main is None:
        return ""
    bounds = _bounds(main.low, main.high, main.value)
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
    rows = []
    for case in data.run.cases.values():
        result = _result(keyed, case)
        done = keyed.get((case.id, headline_measure(case.quantity)))
        reasons = "; ".join(dict.fromkeys(failed.get(case.id, [])))
        if not result:
            result = f"not measured: {reasons or 'no trial was made'}"
            reasons = ""
        blocks = f"{done.blocks_done if done else 0} of {case.blocks}"
        count = f"{messages[case.id]:,.0f}" if case.id in messages else ""
        copy = " (A/A copy)" if case.copy else ""
        quantity = f"{words.quantity(case)}{copy}"
        rows.append([case.cell, quantity, words.case(case), result, count, blocks, reasons])
    without = _without_case(data) + _not_implemented(data)
    rows += without
    about = [*data.run.cases.values(), *(program_at(row[0]) for row in without)]
    columns = [
        "program",
        "quantity",
        "case",
        "result",
        "messages a trial",
        "blocks",
        "failed trials",
    ]
    return Table(columns, rows, facets=every(about, data.stacks))


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
    rows = []
    for check in data.run.checks:
        passed = "passed" if check.passed else "skipped" if check.skipped else "FAILED"
        reason = _first_line(check.reason)
        if check.passed and check.first_failure:
            reason = f"at its second try; the first: {_first_line(check.first_failure)}"
        rows.append([check.cell, check.transport, passed, f"{check.losses:,}", reason])
    columns = ["program", "transport", "conformance", "lost at full speed", "reason"]
    if any(check.made for check in data.run.checks):  # in earlier versions none has a date
        columns.insert(3, "checked on")
        for row, check in zip(rows, data.run.checks, strict=True):
            row.insert(3, check.made[:10] or words.PASSED_OVER)
    about = [program_at(cell, transport) for cell, transport, *_ in rows]
    return Table(columns, rows, facets=every(about, data.stacks))


def noise_table(data: Data) -> Table:
    columns = ["case", "program", "copy over original", "interval", "blocks", "noise floor"]
    rows = [
        [
            words.measured_case(copy.a),
            copy.a.cell,
            words.number(copy.times.ratio),
            _bounds(copy.times.low, copy.times.high, copy.times.ratio),
            str(copy.times.blocks_done),
            sentences.noise(copy.noise),
        ]
        for copy in data.floor
    ]
    about = every((copy.a for copy in data.floor), data.stacks)
    return Table(columns, rows, facets=about)
