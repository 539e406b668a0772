"""The report's sections, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.charts import words
from bench.comparisons import claims_supported, of_kind
from bench.frames import records
from bench.inference import family_error
from bench.report import (
    answers,
    code,
    evidence,
    failures,
    flexibility,
    levels,
    price,
    questions,
    side_by_side,
    tables,
)
from bench.report.against_wrk import wrk_table
from bench.report.limits import limits_table
from bench.report.model import Data, Section, Table
from bench.report.placement import placement_sentences
from bench.report.prose import HOW_TO_READ, METHOD
from bench.report.response import response_table
from bench.stats import INCONCLUSIVE


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
        ("Which survives failures?", list(failures.summary(data))),
    ]
    return Section(
        "answer",
        "The answer",
        [*([warning] if warning else []), *_grade_banner(data), answers.summary(data)],
        groups=[(question, said) for question, said in asked if said],
        figures=_figures(data, "headline"),
        answers=questions.answered(data),
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
        "compared with nothing. HTTP's pipeline called polling promises more than the "
        "others: it hands out a task at a time and acknowledges each result, where they "
        "stream and acknowledge nothing.",
    }
    return Section(quantity, title, [lead[quantity]], [], [], _figures(data, quantity))


def _response(data: Data) -> Section:
    mine = data.table[data.table["quantity"] == "response"]
    figures = _figures(data, "response")
    refused = data.run.refused
    if mine.empty and not figures:
        return Section("response", "Response time under load")
    lead = (
        "An open loop: messages become due by a Poisson schedule, the same for every cell, "
        "whether or not earlier ones have been answered. Response time counts from the "
        "moment a message was due; counted from the moment it was given, it would leave "
        "out what it waited for the cell (coordinated omission). Never compare it with "
        "the round trips above."
    )
    bullets = [f"{c}: {reason}" for c, reason in refused.items() if ".response." in c]
    made = [response_table(data)]
    return Section("response", "Response time under load", [lead], bullets, made, figures)


def _limits(data: Data) -> Section:
    lead = (
        "A case is bound by the role that had a thread at work, or its CPUs full, for 95 % "
        "of the window; by the host where several roles filled CPUs together; else by "
        "latency: messages wait for something that takes no CPU. At work is who runs, or "
        "waits for a CPU that others have, so that shares may add up to more than 100 %."
    )
    made = [limits_table(data)]
    beside = wrk_table(data)
    if beside.rows:
        made.insert(0, beside)
    return Section("limits", "What limits each case", [lead], tables=made)


def _placement(data: Data) -> Section:
    title = "Why the order can differ between placements"
    return Section("placement", title, placement_sentences(data))


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
    table = data.compared[data.compared["verdict"] == INCONCLUSIVE]
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
        "language": "Python against the same program in another language",
        "other_language": "Stacks against each other in another language than Python",
    }
    made = [
        tables.comparison_table(of_kind(data.compared, kind), data.stacks, title)
        for kind, title in titles.items()
        if (data.compared["kind"] == kind).any()
    ]
    return Section("comparisons", "Every comparison", tables=made)


def _size(data: Data) -> Section:
    lead = "Sizes of the happy path, counted; programs of unlike guarantees are not alike."
    said, made = list(code.shares_sentences(data)), code.size_tables(data)
    return Section("size", "Code size", [lead], said, made, _figures(data, "size"))


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


def _method(_: Data) -> Section:
    return Section("method", "Method in ten lines", bullets=METHOD)


def _failures(data: Data) -> Section:
    made = [
        levels.price(data),
        levels.cures(data),
        failures.not_measured(data),
        *failures.every_table(data),
    ]
    measured = any(data.recoveries["repeats"] > 0)
    return Section(
        "failures",
        "What survives which failure",
        [failures.LEAD, *failures.summary(data), levels.LEAD] if measured else [],
        groups=list(failures.answers(data)),
        tables=[table for table in made if table.rows],
        figures=_figures(data, "failures"),
    )


def _over_time(data: Data) -> Section:
    figures = _figures(data, "timelines")
    lead = (
        "Each fault as it goes: the share of messages in time, for every tenth of a second "
        "in which they were due. Stacks stand below each other on one axis of time."
    )
    said = [lead] if figures else []
    return Section("timelines", "Failures over time", said, figures=figures)


SECTIONS: list[Callable[[Data], Section]] = [
    _answer,
    _how_to_read,
    _failures,
    _over_time,
    lambda data: price.price(data, _figures(data, "price")),
    lambda data: _speed(data, "latency", "Latency"),
    _response,
    lambda data: _speed(data, "throughput", "Throughput"),
    _placement,
    _limits,
    _large,
    _loses,
    _cannot_tell,
    _size,
    code.languages,
    flexibility.flexibility,
    side_by_side.section,
    _cost,
    _comparisons,
    _cells,
    evidence.conformance,
    evidence.noise,
    evidence.precision,
    evidence.environment,
    _method,
    evidence.facts,
    evidence.time,
]


def sections(
    data: Data, beside: Section | None = None, surveys: Sequence[Section] = ()
) -> list[Section]:
    """Return the report of one run.

    ``beside`` is what other runs add to it; ``surveys`` have looked at other things.
    """
    made = [section(data) for section in SECTIONS]
    code_ends = SECTIONS.index(_cost)
    made[code_ends:code_ends] = surveys
    if beside:
        made.insert(2, beside)
    return [s for s in made if s.paragraphs or s.bullets or s.figures or _rows(s)]


def _rows(section: Section) -> bool:
    return any(table.rows for table in section.tables)


def facts_line(data: Data) -> str:
    """Return the provenance that stands below the title."""
    about = data.run.about
    started = str(about["started"])[:10]
    return (
        f"run {data.run.name}, profile {about['profile']}, {started}, "
        f"grade {data.grade.letter}"
    )
