"""The report's sections, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bench.analysis.comparisons import of_kind
from bench.analysis.short_windows import short_windows
from bench.analysis.stats import Verdict
from bench.contract.alike import Kind
from bench.report import sentences, words
from bench.report.model import Data, Section, Table
from bench.report.sections import (
    across,
    code,
    connections,
    evidence,
    failures,
    flexibility,
    glossary,
    hosts,
    levels,
    losses,
    price,
    questions,
    side_by_side,
    story,
    tables,
)
from bench.report.sections.encryption import encryption
from bench.report.sections.limits import limits
from bench.report.sections.placement import placement
from bench.report.sections.reading import how_to_read, method
from bench.report.sections.response import response
from bench.report.sections.tables import figures


def _speed(data: Data, quantity: str, title: str) -> Section:
    lead = {
        "latency": "Request/reply: round trips in a closed loop, one request at a time. "
        "Fan-out and pipeline: one way, at 200 and 100 messages a second. That is idle "
        "for a stack that needs microseconds for a message, and not for one that needs "
        "milliseconds.",
        "throughput": "Messages delivered per second, given as fast as the program takes "
        "them. In request/reply one client waits for each reply. For a program that may "
        "lose messages, only those that arrived count; its losses are shown beside it, "
        "and it is not compared. HTTP's pipeline called polling promises more than the "
        "others: it hands out one task at a time and acknowledges each result. The "
        "others stream and acknowledge nothing.",
    }
    said = [lead[quantity], *(_short_windows(data) if quantity == "throughput" else ())]
    said += hosts.machines(data)
    said += hosts.clocks(data) if quantity == "latency" else []
    return Section(quantity, title, said, [], [], figures(data, quantity))


def _short_windows(data: Data) -> Iterator[str]:
    """Yield which programs have short windows, and what that means for their speed."""
    named = [
        f"{data.cell(case)} {words.in_case(case)} ({1e3 * seconds:.0f} ms)"
        for case, seconds in short_windows(data.run).items()
    ]
    if named:
        yield (
            "A driver builds its messages before the window and holds a limited number of "
            "them. The windows of fast programs are therefore short. The ends of a stream "
            "weigh more in a short window, and make its program seem slower than it is. "
            f"Windows under 25 ms: {'; '.join(named)}."
        )


def _loses(data: Data) -> Section:
    broken = losses.broken(data.recoveries, data.stacks)
    said = [
        *(one.sentence for one in losses.lost(data.entries)),
        *(one.sentence for one in losses.longer(data.entries)),
        *(one.sentence for one in broken),
    ]
    return Section("loses", "Where ZeroMQ loses", [losses.lead(data.entries)], said)


def _cannot_tell(data: Data) -> Section:
    bullets = [
        f"{sentences.comparison(pair, data.stacks)}; {sentences.verdict_detail(pair)}."
        for pair in data.compared
        if pair.verdict == Verdict.INCONCLUSIVE
    ]
    lead = (
        f"{words.plural(len(bullets), 'comparison')} of {len(data.compared)} in which the "
        "interval is too wide, or has an end on either side of 5 %."
    )
    return Section("undecided", "Where the data cannot tell", [lead], bullets)


def _comparisons(data: Data) -> Section:
    titles = {
        Kind.DECLARED: "Declared comparisons",
        Kind.FURTHER: "The same programs in other cases, and the alternatives of other "
        "stacks",
        Kind.ALTERNATIVE: "Variants compared with their own stack",
        Kind.LANGUAGE: "Python compared with the same program in another language",
        Kind.OTHER_LANGUAGE: "Stacks compared in another language than Python",
    }
    made = [
        tables.comparison_table(pairs, data.stacks, title)
        for kind, title in titles.items()
        if (pairs := of_kind(data.compared, kind))
    ]
    made += [unlike] if (unlike := tables.unlike_table(data)).rows else []
    drawn = figures(data, "comparisons")
    return Section("comparisons", "Every comparison", tables=made, figures=drawn)


def _size(data: Data) -> Section:
    lead = (
        "Counted sizes of programs. Programs with different guarantees are not comparable."
    )
    said, made = list(code.shares_sentences(data)), code.size_tables(data)
    return Section("size", "Code size", [lead], said, made, figures(data, "size"))


def _cells(data: Data) -> Section:
    lead = (
        "Every case of the plan, with its median over blocks and interval, or the reason "
        "for none."
    )
    failures = [
        f"{failure.case}, block {failure.block + 1}: {failure.reason}"
        if failure.block >= 0
        else f"{failure.case}: {failure.reason}"
        for failure in data.run.failures
    ]
    made = [tables.every_cell(data)]
    if failures:
        rows = [[text] for text in failures]
        made.append(Table(["what failed, in full"], rows, "Failures", folded=True))
    return Section("cells", "Every case", [lead], tables=made)


def _failures(data: Data) -> Section:
    made = [
        levels.price(data),
        levels.cures(data),
        failures.not_measured(data),
        *failures.every_table(data),
    ]
    measured = any(row.repeats for row in data.recoveries)
    return Section(
        "failures",
        "What survives which failure",
        [*failures.summary(data)] if measured else [],
        notes=[failures.LEAD, levels.LEAD] if measured else [],
        tables=[table for table in made if table.rows],
        figures=figures(data, "failures"),
    )


def _over_time(data: Data) -> Section:
    drawn = figures(data, "timelines")
    lead = (
        "Each fault under which the stacks differ, over time: the share of messages in "
        "time, for every tenth of a second in which they were due. Stacks are drawn below "
        "each other on one time axis."
    )
    return Section(
        "timelines", "Failures over time", [lead] if drawn else [], figures=drawn
    )


def _drawn(section: str, title: str) -> Callable[[Data], Section]:
    """Return what makes a section of charts alone."""
    return lambda data: Section(section, title, figures=figures(data, section))


COST = _drawn("cost", "CPU and memory")
SECTIONS: list[Callable[[Data], Section]] = [
    lambda data: replace(story.opening(data), answers=questions.answered(data)),
    how_to_read,
    _failures,
    _over_time,
    across.section,
    price.price,
    lambda data: _speed(data, "latency", "Latency"),
    response,
    lambda data: _speed(data, "throughput", "Throughput"),
    connections.section,
    placement,
    limits,
    _drawn("other", "Large messages and other transports"),
    encryption,
    _loses,
    _cannot_tell,
    _size,
    code.languages,
    flexibility.flexibility,
    side_by_side.section,
    COST,
    _comparisons,
    _cells,
    evidence.conformance,
    evidence.copies,
    evidence.precision,
    evidence.environment,
    lambda _: glossary.section(),
    lambda data: Section(
        "method", "Method in ten lines", bullets=method(in_turns=bool(data.run.ensembles))
    ),
    evidence.facts,
    evidence.time,
]


def sections(
    data: Data,
    beside: Section | None = None,
    surveys: Sequence[Section] = (),
    network: Section | None = None,
) -> list[Section]:
    """Return the report of one run.

    ``beside`` is what other runs add to it, ``network`` what is left over the networks of
    all of them; ``surveys`` have looked at other things.
    """
    made = [section(data) for section in SECTIONS]
    code_ends = SECTIONS.index(COST)
    made[code_ends:code_ends] = surveys
    if network:
        made.insert(SECTIONS.index(placement) + 1, network)
    if beside:
        made.insert(2, beside)
    return [section for section in made if section]


def facts_line(data: Data) -> str:
    """Return the provenance that stands below the title."""
    about = data.run.about
    started = str(about["started"])[:10]
    return (
        f"run {data.run.name}, profile {about['profile']}, {started}, "
        f"grade {data.grade.letter}"
    )
