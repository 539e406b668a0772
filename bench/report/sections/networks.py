"""Declared comparisons on loopback, and on hosts apart at each delay, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.analysis.compared_rows import Comparison
from bench.analysis.networks import Place, declared_apart, places
from bench.analysis.side import Side
from bench.contract.model import APART
from bench.report import ratio, sentences, words
from bench.report.charts.style import Chart
from bench.report.model import Figure, Section, Table

ID, TITLE = "network", "What is left over a network"
LEAD = (
    "The declared comparisons of round trips, with both ends on the loopback of one "
    "machine, and with driver and peers on hosts apart. A link between these may hold each "
    "packet for a fixed time in each direction. A round trip over the link then takes "
    "twice that time. What a program takes itself comes on top."
)
HOW = (
    "The hosts are network namespaces of one machine, and the link is a process of this "
    "project. It bounds no rate, loses nothing while its queue has room, and has no jitter "
    "but that of the machine. A real network has all three."
)
MS_US = 1e3


def labels(columns: Sequence[Place]) -> list[str]:
    """Return the heading of each place; with its run where two have the same."""
    plain = [
        f"hosts apart, {words.delay(place.delay_ms)}"
        if place.placement == APART
        else words.LOOPBACK_SHORT[place.placement]
        for place in columns
    ]
    several = Counter(plain)
    return [
        f"{label} ({place.side.name})" if several[label] > 1 else label
        for label, place in zip(plain, columns, strict=True)
    ]


def section(sides: Sequence[Side], drawn: Sequence[Chart]) -> Section:
    """Return the section; empty if none of the runs has hosts apart.

    The first of the ``sides`` is the run that the report is about.
    """
    pairs, columns = declared_apart(sides), places(sides)
    if not pairs:
        return Section(ID, TITLE)
    ratios = _ratios(pairs, columns)
    said = [LEAD, *([HOW] if any(place.delay_ms is not None for place in columns) else [])]
    return Section(
        ID,
        TITLE,
        said,
        bullets=[*_left(pairs, columns)],
        tables=[ratios, _times(pairs, columns)],
        figures=[Figure(chart.name, chart.title, ratios) for chart in drawn],
        notes=[*_links(sides)],
    )


def _left(pairs: Sequence[Comparison], columns: Sequence[Place]) -> Iterator[str]:
    """Yield a sentence for each pair: what is left of its ratio in each place."""
    stacks = _stacks(columns)
    for pair in pairs:
        found = [
            f"{label}: {ratio.short(sentences.entry(same, stacks))}"
            for label, place in zip(labels(columns), columns, strict=True)
            if (same := place.of(pair))
        ]
        named = words.over(pair, stacks)
        where = words.size(pair.a.size_bytes)
        yield f"{named}, {words.quantity(pair.a)} of {where}. {'; '.join(found)}."


def _stacks(columns: Sequence[Place]) -> words.Stacks:
    stacks: words.Stacks = columns[0].side.about["stacks"]
    return stacks


def _ratios(pairs: Sequence[Comparison], columns: Sequence[Place]) -> Table:
    stacks = _stacks(columns)
    rows = []
    for pair in pairs:
        each = [
            sentences.finding(same, stacks)
            if (same := place.of(pair))
            else words.PASSED_OVER
            for place in columns
        ]
        rows.append([_case(pair), words.over(pair, stacks), *each])
    heads = ["case", "compared", *labels(columns)]
    return Table(heads, rows, "Ratios on loopback and over each link")


def _case(pair: Comparison) -> str:
    """Return the case of a pair without its placement, which is a column."""
    workload, quantity = words.workload(pair.a.workload), words.quantity(pair.a)
    return f"{workload} {quantity}, {words.size(pair.a.size_bytes)}"


def _times(pairs: Sequence[Comparison], columns: Sequence[Place]) -> Table:
    """Return the time of each program in each place, in round trips of the link too."""
    programs: dict[tuple[str, str], list[str]] = {}
    for pair in pairs:
        found = [place.of(pair) for place in columns]
        for number, case in enumerate((pair.a, pair.b)):
            cells = [
                _time(place, sentences.values(same)[number]) if same else words.PASSED_OVER
                for place, same in zip(columns, found, strict=True)
            ]
            name = words.cell(case, _stacks(columns))
            programs.setdefault((_case(pair), name), cells)
    rows = [[*named, *cells] for named, cells in programs.items()]
    heads = ["case", "program", *labels(columns)]
    return Table(heads, rows, "Round trips, medians, and how many of the link's each is")


def _time(place: Place, value_us: float) -> str:
    said = words.time_us(value_us)
    if not place.delay_ms:
        return said
    trips = value_us / (2 * place.delay_ms * MS_US)
    return f"{said} ({words.number(trips)}x the link's)"


def _links(sides: Sequence[Side]) -> Iterator[str]:
    """Yield what the link of each run has done."""
    for side in sides:
        if link := side.run.link:
            lost = link.dropped + link.dropped_before
            dropped = f"dropped {lost:,}" if lost else "dropped none"
            yield (
                f"Run {side.name}, {words.delay(link.delay_ms)}: the link passed "
                f"{link.passed:,} packets and {dropped}. It took "
                f"{words.number(link.cpu_s)} s of CPU time. Packets left "
                f"{words.time_us(link.late_us)} after they were due on average, and "
                f"{words.time_us(link.latest_us)} at worst."
            )
