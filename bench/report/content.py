"""The report's sections, in the order in which a reader asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bench.charts import words
from bench.charts.style import records
from bench.comparisons import claims_supported, of_kind
from bench.inference import family_error
from bench.report import answers, tables
from bench.report.model import Data, Section, Table
from bench.report.prose import HOW_TO_READ, METHOD
from bench.report.sockets import socket_table


def _figures(data: Data, section: str, *names: str) -> list[Any]:
    return [
        tables.chart_figure(chart, data.stacks)
        for chart in data.charts
        if chart.section == section and (not names or chart.name in names)
    ]


def _answer(data: Data) -> Section:
    warning = answers.screening(data)
    asked = [
        *answers.speed_answers(data),
        ("Which takes less code?", list(answers.size_answers(data))),
        ("Which takes less CPU time?", list(answers.cpu_answers(data))),
    ]
    return Section(
        "answer",
        "The answer",
        [*([warning] if warning else []), *_grade_banner(data), answers.summary(data)],
        groups=[(question, said) for question, said in asked if said],
        figures=_figures(data, "headline"),
    )


def _grade_banner(data: Data) -> list[str]:
    """Return what a run of grade C opens with."""
    if data.grade.letter != "C":
        return []
    return [
        f"Grade C: {' '.join(data.grade.reasons)} Faster or slower is said "
        "only where a ratio clears the noise of its own twin, or without one the widest."
    ]


def _how_to_read(data: Data) -> Section:
    claims = len(of_kind(data.compared, "claim"))
    blocks = answers.claim_blocks(data)
    named = words.plural(blocks, "block")
    more = (
        f"This run makes {words.plural(claims, 'claim')}, each at its own level of about "
        f"95 %; {named} could support {claims_supported(blocks)} at a family-wise error of "
        f"5 %. {_family(claims, blocks)} All other comparisons are exploratory: q beside "
        "them is the share of false findings among those with a q as small, of a ratio "
        "that differs from 1 at all; it says nothing about how much."
    )
    return Section("read", "How to read this", [], [*HOW_TO_READ, more])


def _family(claims: int, blocks: int) -> str:
    bound = family_error(claims, blocks)
    if bound >= 1:
        return (
            "So many intervals together have no useful bound on the chance that one misses."
        )
    return (
        f"The chance that any of their intervals misses is at most {words.percent(bound)}."
    )


def _speed(data: Data, quantity: str, title: str) -> Section:
    lead = {
        "latency": "Round trips in a closed loop, one request at a time; fan-out and "
        "pipeline one way, paced at 200 and 100 messages a second: idle for a stack that "
        "needs microseconds for a message, not for one that needs milliseconds.",
        "throughput": "Messages delivered per second when they are given as fast as they "
        "are taken; for request/reply, by one client that waits for each reply. A number "
        "of a lossy cell counts what arrived; what was lost stands beside it, and it is "
        "compared with nothing. HTTP's polling pipeline hands out a task at a time and "
        "acknowledges each result; the others stream, and acknowledge nothing.",
    }
    return Section(quantity, title, [lead[quantity]], [], [], _figures(data, quantity))


def _large(data: Data) -> Section:
    return Section(
        "other", "Large messages and other transports", figures=_figures(data, "other")
    )


def _loses(data: Data) -> Section:
    lost = [answers.answer(data, row) for row in answers.losses(data)]
    code = list(answers.size_losses(data))
    none = ["No comparison of this run shows ZeroMQ slower."] if not lost + code else []
    lead = (
        "Every comparison whose verdict is that ZeroMQ is slower, the largest ratio first."
    )
    return Section("loses", "Where ZeroMQ loses", [lead, *none], [*lost, *code])


def _cannot_tell(data: Data) -> Section:
    table = data.compared[data.compared["verdict"] == "inconclusive"]
    bullets = [answers.answer(data, row) for row in records(table)]
    lead = (
        f"{words.plural(len(bullets), 'comparison')} of {len(data.compared)} in which the "
        "interval is too wide, too close to 1, or within the noise of this run."
    )
    return Section("undecided", "Where the data cannot tell", [lead], bullets)


def _comparisons(data: Data) -> Section:
    titles = {
        "claim": "Claims",
        "further": "The same cells in other cases, and the alternatives of other stacks",
        "alternative": "Variants against their own stack",
    }
    made = [
        tables.comparison_table(of_kind(data.compared, kind), data.stacks, title)
        for kind, title in titles.items()
        if (data.compared["kind"] == kind).any()
    ]
    return Section("comparisons", "Every comparison", tables=made)


def _size(data: Data) -> Section:
    lead = "Sizes of the happy path, counted; programs of unlike guarantees are not alike."
    return Section("size", "Code size", [lead], figures=_figures(data, "size"))


def _cost(data: Data) -> Section:
    return Section("cost", "CPU and memory", figures=_figures(data, "cost"))


def _cells(data: Data) -> Section:
    lead = (
        "Every case of the plan: its median over blocks with interval, or why it has none."
    )
    failures = [
        f"{row['case']}, block {row['block'] + 1}: {row['reason']}"
        if row["block"] >= 0
        else f"{row['case']}: {row['reason']}"
        for row in records(data.run.failures)
    ]
    made = [tables.every_cell(data)]
    if failures:
        rows = [[text] for text in failures]
        made.append(Table(["what failed, in full"], rows, "Failures", folded=True))
    return Section("cells", "Every cell", [lead], tables=made)


def _conformance(data: Data) -> Section:
    lead = (
        "What each cell passed before it was timed. Losses are those of a lossy cell in a "
        "blast; it loses nothing when paced."
    )
    return Section("conformance", "Conformance", [lead], tables=[tables.checks_table(data)])


def _noise(data: Data) -> Section:
    lead = (
        "The same cell, measured twice under two names in every block. How far that "
        "ratio may be from 1 is the noise that a verdict must exceed."
    )
    if data.floor.empty:
        return Section("noise", "A/A noise floor", ["This run has no A/A twin."])
    return Section("noise", "A/A noise floor", [lead], tables=[tables.noise_table(data)])


def _environment(data: Data) -> Section:
    lead = (
        "What the machine did during each block. A block is flagged for its environment, "
        "never for its result: CPU time stolen by a hypervisor, work of other processes, "
        "a fixed piece of work (the canary) that took longer than usual, clock jumps, "
        "throttling."
    )
    graded = f"Grade {data.grade.letter}: {' '.join(data.grade.reasons)}"
    made = [tables.environment_table(data)] if data.run.environment else []
    return Section("environment", "Environment and grade", [lead, graded], tables=made)


def _facts(data: Data) -> Section:
    about = data.run.about
    machine = dict(about["machine"])
    versions = machine.pop("versions")
    sysctl = machine.pop("sysctl", {})
    rows = [[name, _text(value)] for name, value in machine.items()]
    rows += [[name, str(about[name])] for name in ("profile", "seed", "started")]
    made = [
        Table(["fact", "value"], rows),
        Table(
            ["package", "version"], [[n, str(v)] for n, v in versions.items()], "Versions"
        ),
        Table(["sysctl", "value"], [[n, str(v)] for n, v in sysctl.items()], "Kernel"),
    ]
    sockets = socket_table(data)
    if sockets.rows:
        named = Table(sockets.columns, sockets.rows, "Socket options", folded=True)
        made.append(named)
    return Section("machine", "Machine, versions, seed, socket options", tables=made)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _time(data: Data) -> Section:
    rows = [
        [
            str(int(entry["trials"])),
            f"{entry['predicted_s'] / 60:.1f} min",
            f"{entry['took_s'] / 60:.1f} min",
            f"{100 * (entry['took_s'] / entry['predicted_s'] - 1):+.0f} %"
            if entry["predicted_s"]
            else words.PASSED_OVER,
        ]
        for entry in data.run.timing
    ]
    columns = ["trials", "predicted", "took", "difference"]
    return Section("time", "Predicted and actual time", tables=[Table(columns, rows)])


def _method(_: Data) -> Section:
    return Section("method", "Method in ten lines", bullets=METHOD)


SECTIONS: list[Callable[[Data], Section]] = [
    _answer,
    _how_to_read,
    lambda data: _speed(data, "latency", "Latency"),
    lambda data: _speed(data, "throughput", "Throughput"),
    _large,
    _loses,
    _cannot_tell,
    _size,
    _cost,
    _comparisons,
    _cells,
    _conformance,
    _noise,
    _environment,
    _method,
    _facts,
    _time,
]


def sections(data: Data, others: list[Data]) -> list[Section]:
    """Return the report of one run; the ``others`` add their headline ratios."""
    made = [section(data) for section in SECTIONS]
    if others:
        lead = "Ratios may be compared across runs and machines; absolute numbers may not."
        beside = tables.other_runs_table(data, others)
        made.insert(2, Section("runs", "Other runs", [lead], tables=[beside]))
    return [s for s in made if s.paragraphs or s.bullets or s.tables or s.figures]


def facts_line(data: Data) -> str:
    """Return the provenance that stands below the title."""
    about = data.run.about
    started = str(about["started"])[:10]
    return (
        f"run {data.run.name}, profile {about['profile']}, {started}, "
        f"grade {data.grade.letter}"
    )
