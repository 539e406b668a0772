"""The heat map: what every fault came to, by stack and variant."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from bench.analysis.recovery import VARIANTS, measured, with_fault
from bench.analysis.recovery_rows import FaultRow, Recovery
from bench.analysis.rows import frame, grouped
from bench.contract.alike import stack_order
from bench.measure.recovery import BROKEN, KEPT, REPORTED, VERDICTS, ContractVerdict
from bench.report import words
from bench.report.charts import outcomes, style
from bench.report.charts.outcomes import variant_order
from bench.report.charts.style import INK, MUTED, PAPER, Chart, Look

COLORS = {KEPT: "#cdeae0", REPORTED: "#f0b429", BROKEN: "#8f1d3f"}
"""Light, middle and dark, so that they differ without colour as well."""
TEXT = {KEPT: INK, REPORTED: INK, BROKEN: PAPER}
NOT_MEASURED, NOT_MEASURED_COLOR = "not measured", "#d9d9dc"
VARIANTS_SHORT = {"minimal": "min", "resilient": "res"}
ROWS_MAX = 18
"""More rows than this cannot be read from the back of a room."""
SQUARE_WIDE, LEFT = 0.96, 0.275
BETWEEN_STACKS, BETWEEN_WORKLOADS = 0.12, 0.5
Said = Callable[[Recovery], str]


class Column(NamedTuple):
    """One cell's column: its workload, stack and variant, and where it stands."""

    workload: str
    stack: str
    variant: str
    x: float


def columns(rows: Iterable[Recovery]) -> list[Column]:
    """Return the columns of the cells of rows, grouped by workload and by stack."""
    found = {(row.case.workload, row.case.stack, row.case.variant) for row in rows}

    def place(key: tuple[str, str, str]) -> tuple[Any, ...]:
        workload, stack, variant = key
        first, name = stack_order(stack)
        return words.order(workload), workload, -first, name, variant_order(variant)

    made: list[Column] = []
    x = 0.0
    for workload, stack, variant in sorted(found, key=place):
        if made and made[-1].workload != workload:
            x += BETWEEN_WORKLOADS
        elif made and made[-1].stack != stack:
            x += BETWEEN_STACKS
        made.append(Column(workload, stack, variant, x))
        x += 1
    return made


def faults(rows: Iterable[Recovery]) -> dict[str, str]:
    """Return the faults of rows in the order of the catalogue, with their labels."""
    unique = {row.fault.name: row.fault for row in rows}
    return {
        fault.name: f"{outcomes.short_title(fault.title)}  {fault.number}"
        for fault in sorted(unique.values(), key=lambda fault: fault.order)
    }


class Square(NamedTuple):
    """A field of a grid: its corner, the verdict whose colour it has, and its words."""

    x: float
    y: float
    verdict: ContractVerdict | None
    said: str


def squares(axes: Axes, shown: Iterable[Square], most_pt: float) -> None:
    """Draw fields with words in type of one size, so large that the longest fits."""
    texts = []
    for x, y, verdict, said in shown:
        face = COLORS[verdict] if verdict else NOT_MEASURED_COLOR
        corner = (x + 0.02, y + 0.04)
        axes.add_patch(Rectangle(corner, SQUARE_WIDE, 0.92, facecolor=face, linewidth=0))
        text = axes.text(
            x + 0.5, y + 0.52, said, ha="center", va="center", fontsize=style.SMALL_PT,
            color=TEXT[verdict] if verdict else MUTED,
            fontweight="bold" if verdict == BROKEN else "normal",
        )  # fmt: skip
        texts.append(text)
    (left, _), (right, _) = axes.transData.transform([(0, 0), (SQUARE_WIDE, 0)])
    style.shrink(texts, 0.96 * float(right - left), most_pt)


def _row_pt(axes: Axes, rows: int) -> float:
    return axes.get_position().height * style.HEIGHT_IN * 72 / rows


def _fill(axes: Axes, rows: Sequence[Recovery], said: Said) -> None:
    """Draw a coloured square with a word for every row, and none without a row."""
    across, down = columns(rows), list(faults(rows))
    at = {(c.workload, c.stack, c.variant): c.x for c in across}
    axes.set_xlim(-0.02, across[-1].x + 1.02)
    axes.set_ylim(len(down), 0)
    shown = [
        Square(
            at[row.case.workload, row.case.stack, row.case.variant],
            down.index(row.fault.name),
            row.verdict,
            said(row) if row.repeats else "?",
        )
        for row in rows
    ]
    squares(axes, shown, 0.62 * _row_pt(axes, len(down)))


def _headings(axes: Axes, across: Sequence[Column], look: Look, short: bool) -> None:
    """Write workload, stack and variant above the columns, each over what it spans."""
    blended = axes.get_xaxis_transform()

    def over(same: Callable[[Column], Any], y: float, name: Any, **how: Any) -> None:
        groups: dict[Any, list[float]] = {}
        for column in across:
            groups.setdefault(same(column), []).append(column.x)
        for key, xs in groups.items():
            axes.text(
                (min(xs) + max(xs) + 1) / 2, y, name(key), transform=blended,
                ha="center", va="bottom", **how,
            )  # fmt: skip

    def label(key: tuple[str, str]) -> str:
        return words.stack(key[1], look.stacks)

    if short:
        over(lambda c: c.workload, 1.105, words.workload, fontsize=18, fontweight="bold")
    over(
        lambda c: (c.workload, c.stack),
        1.055,
        label,
        fontsize=13.5 if short else style.LABEL_PT,
    )
    size = 12.0 if short else 14.0
    variants = []
    for column in across:
        variant = (
            VARIANTS_SHORT.get(column.variant, column.variant) if short else column.variant
        )
        text = axes.text(
            column.x + 0.5, 1.012, variant, transform=blended, ha="center", va="bottom",
            fontsize=size, color=MUTED,
        )  # fmt: skip
        variants.append(text)
    (left, _), (right, _) = axes.transData.transform([(0, 0), (SQUARE_WIDE, 0)])
    style.shrink(variants, float(right - left), size)


def key(
    figure: Figure, meanings: Mapping[ContractVerdict, str], not_measured: str = ""
) -> None:
    """Name the colours of squares, that of those without a verdict if it has a name."""
    named = {COLORS[verdict]: said for verdict, said in meanings.items()}
    named |= {NOT_MEASURED_COLOR: not_measured} if not_measured else {}
    handles = [Patch(facecolor=c, edgecolor=MUTED, label=s) for c, s in named.items()]
    style.legend(figure, handles, 13)


def repeats(rows: Iterable[Recovery]) -> str:
    """Return how many trials the rows with a result have: "3", "5 to 10"."""
    return words.block_counts([row.repeats for row in measured(rows)] or [0])


def case_line(rows: Sequence[Recovery]) -> str:
    """Return what all rows share on one line, for the foot of a chart."""
    cases = [row.case for row in rows]
    sizes = [words.size(n) for n in sorted({case.size_bytes for case in cases})]
    carried = " / ".join(dict.fromkeys(case.transport for case in cases))
    many = sorted({words.instances(case) for case in cases})
    return (
        f"case: {' / '.join(sizes)}, {carried}, {' / '.join(many)}, offered in open loop, "
        f"CPUs left to the scheduler  |  {repeats(rows)} trials each"
    )


def _map(
    rows: Sequence[Recovery], name: str, title: str, said: Said, look: Look, short: bool
) -> Chart:
    subtitle = "Each square shows the worst of its trials"
    if not short:
        subtitle += ", 1/3: one of three. +6s: messages were late for so long"
    else:
        subtitle += (
            ". min: minimal, library defaults; res: resilient, under the same faults. The "
            "title counts no control"
        )
    figure = style.blank(title, subtitle, case_line(rows), look)
    top = 0.755 if short else 0.775
    axes = figure.add_axes((LEFT, 0.13, 0.99 - LEFT, top - 0.13))
    axes.set_axis_off()
    _fill(axes, rows, said)
    _headings(axes, columns(rows), look, short)
    down = faults(rows).values()
    labels = [
        figure.text(
            LEFT - 0.008, top - (y + 0.52) * (top - 0.13) / len(down), label,
            ha="right", va="center", fontsize=style.SMALL_PT,
        )
        for y, label in enumerate(down)
    ]  # fmt: skip
    wide = (LEFT - 0.02) * figure.bbox.width
    style.shrink(labels, wide, 0.62 * _row_pt(axes, len(labels)))
    every = all(row.repeats for row in rows)
    key(figure, outcomes.MEANINGS, "" if every else f"?: {NOT_MEASURED}")
    return Chart(name, "failures", title, figure, frame(rows), rows)


def _counted(rows: Iterable[Recovery], variant: str) -> str:
    """Return how many faults a variant survives: "9 of 27"."""
    mine = [row for row in rows if row.case.variant == variant]
    return f"{sum(row.verdict == KEPT for row in mine)} of {len(mine)}"


def _kept(rows: Sequence[Recovery]) -> str:
    """Return how many faults the programs of each variant survive, controls left out.

    A program counts once for each fault, as on the first screen.
    """
    struck = with_fault(rows)
    met = {row.case.variant for row in struck}
    said = [
        f"{variant} programs survive {_counted(struck, variant)}{{}}"
        for variant in VARIANTS
        if variant in met
    ]
    if not said:
        return "no minimal or resilient program met a fault"
    return ", ".join([said[0].format(" faults"), *(one.format("") for one in said[1:])])


def by_number(rows: Sequence[Recovery]) -> list[Recovery]:
    """Return the worst row of each program for each number of the catalogue.

    A fault of which there are several kinds has their number beside its name.
    """
    named = {}
    for number, mine in grouped(rows, lambda row: row.fault.number).items():
        kinds = len({row.fault.name for row in mine})
        title = outcomes.short_title(mine[0].fault.title)
        title += f" / {kinds - 1} more" if kinds > 1 else ""
        named[number] = FaultRow(number, number, title, mine[0].fault.order)

    def badness(row: Recovery) -> int:
        return VERDICTS.index(row.verdict) if row.verdict else -1

    worst: dict[tuple[str, str], Recovery] = {}
    for row in sorted(rows, key=badness, reverse=True):
        worst.setdefault((row.case.cell, row.fault.number), row)
    return [replace(row, fault=named[row.fault.number]) for row in worst.values()]


def overview(rows: Sequence[Recovery], look: Look) -> Chart | None:
    """Return every workload's faults by stack and variant on one slide, a word for each."""
    rows = [row for row in rows if row.case.variant in VARIANTS]
    if not measured(rows):
        return None
    met = {row.fault.name for row in rows if row.case.variant == VARIANTS[0]}
    if met:  # faults that only one variant met are on the slide of their workload
        rows = [row for row in rows if row.fault.name in met]
    kept = _kept(rows)
    title = f"{kept[:1].upper()}{kept[1:]}"
    shown = by_number(rows) if len(faults(rows)) > ROWS_MAX else rows
    return _map(
        shown, "failures", title, lambda row: outcomes.worst(row)[0], look, short=True
    )


def of_workload(rows: Iterable[Recovery], workload: str, look: Look) -> Iterator[Chart]:
    """Yield the faults of one workload by program, each with its number, slide by slide."""
    mine = [row for row in rows if row.case.workload == workload]
    if not measured(mine):
        return
    known = list(faults(mine))
    slides = math.ceil(len(known) / ROWS_MAX)
    for number, part in enumerate(np.array_split(known, slides), start=1):
        title = f"{words.workload(workload)}: {_kept(mine)}"
        name = f"failures_{workload}"
        if slides > 1:
            title, name = f"{title} ({number} of {slides})", f"{name}_{number}"
        shown = [row for row in mine if row.fault.name in {*part}]
        yield _map(shown, name, title, outcomes.in_a_square, look, short=False)
