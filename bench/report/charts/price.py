"""The cost of a guarantee: statements of each program beside the faults it survived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox, BboxBase

from bench.analysis.code_rows import Counts
from bench.analysis.recovery import VARIANTS, with_fault
from bench.analysis.recovery_rows import Recovery
from bench.analysis.rows import frame, grouped
from bench.contract.alike import stack_order
from bench.contract.rows import ProgramRow
from bench.measure.recovery import KEPT
from bench.report import words
from bench.report.charts import style
from bench.report.charts.style import INK, MUTED, PAPER, Chart, Look

ASIDE_PT = 11
"""How far from the middle of its mark a label begins."""
ASIDE = (
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
    (0.6, 0.6, "left", "bottom"),
    (0.6, -0.6, "left", "top"),
    (-0.6, 0.6, "right", "bottom"),
    (-0.6, -0.6, "right", "top"),
)
"""Where a label may stand beside its mark, the best place first."""
OVERLAP_ALPHA = 0.75
"""Marks on top of each other show through."""
LEFT, BETWEEN = 0.06, 0.035
LABEL_PT = 14.5
Place = tuple[float, float]
ABOUT = ("stack", "variant", "workload", "language", "cell", "key", "promise")
TICKS = (10, 20, 50, 100, 200, 500, 1000)
FINE_TICKS = (*TICKS, 15, 30, 70, 150, 300, 700)
WIDE = 5
"""Fine ticks have no room where the largest size is so many times the smallest."""
CLOSE = 1.6
"""Sizes less than so many times each other have no room for a label each."""
ROOM_BEFORE, ROOM_AFTER = 1.35, 2.2
"""The axis goes on by these factors beyond the smallest and the largest size."""
ROOM_FAULTS = 0.75
"""The axis goes on for so many faults beyond the fewest and the most."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A program that was put to faults, and whose size is known.

    ``kept`` is after how many faults everything arrived, in place, in every trial; of
    ``faults`` that it met, and of ``most`` that the variants of its workload met.
    """

    program: ProgramRow
    statements: int
    kept: int
    faults: int
    most: int

    @property
    def is_whole(self) -> bool:
        """Whether it met all faults of its workload in this run."""
        return self.faults == self.most

    def columns(self) -> dict[str, Any]:
        """Return the row as a chart's file has it."""
        own = ("statements", "kept", "faults", "most")
        about = {name: getattr(self.program, name) for name in ABOUT}
        return about | {name: getattr(self, name) for name in own}


def survived(
    recoveries: Iterable[Recovery], statements: Mapping[str, int]
) -> list[Survivor]:
    """Return the programs that were put to faults, as far as their sizes are known.

    Only faults count that a variant of ``VARIANTS`` met in the same workload.
    """
    shown = with_fault(recoveries)
    met = {_place(row) for row in shown if row.case.variant in VARIANTS}
    most = Counter(workload for workload, _ in met)
    by_cell = grouped(
        (row for row in shown if _place(row) in met), lambda row: row.case.cell
    )
    return [
        Survivor(
            program=mine[0].case.program,
            statements=statements[cell],
            kept=sum(row.verdict == KEPT for row in mine),
            faults=len(mine),
            most=most[mine[0].case.workload],
        )
        for cell, mine in by_cell.items()
        if cell in statements
    ]


def _place(row: Recovery) -> tuple[str, str]:
    return row.case.workload, row.fault.name


def statements(sizes: Mapping[str, Counts]) -> dict[str, int]:
    """Return the statements of each cell of ``run.sizes``."""
    return {cell: counts.statements for cell, counts in sizes.items()}


def variant_rows(rows: Iterable[Survivor], variant: str) -> list[Survivor]:
    mine = (row for row in rows if row.program.variant == variant)
    return [row for row in mine if row.program.language == words.PYTHON]


def title(rows: Sequence[Survivor], look: Look) -> str:
    """Return what the chart found: how much the equal guarantees take on each stack."""
    happy, equal = (variant_rows(rows, variant) for variant in VARIANTS)
    if not equal:
        return "What surviving takes: statements, and faults survived"
    spans: dict[str, list[int]] = {}
    for row in equal:
        spans.setdefault(row.program.stack, []).append(row.statements)
    said: list[str] = []
    for stack, sizes in sorted(spans.items(), key=lambda span: min(span[1])):
        unit = "" if said else " statements"
        ends = " to ".join(str(size) for size in sorted({min(sizes), max(sizes)}))
        said.append(f"{ends}{unit} on {words.stack(stack, look.stacks)}")
    missed = max(row.most - row.kept for row in equal)
    but = f" all but {words.plural(missed, 'fault')}" if missed else ""
    found = f"Surviving{but} takes {', '.join(said)}"
    if not happy:
        return found
    least = min(row.statements for row in happy)
    most = max(row.statements for row in happy)
    return f"{found}; the happy path {least} to {most}"


def price(
    recoveries: Sequence[Recovery], statements: Mapping[str, int], look: Look
) -> Chart | None:
    """Return faults survived over statements, a panel for each workload."""
    # A program that met one of many faults is not comparable.
    rows = [r for r in survived(recoveries, statements) if 2 * r.faults > r.most]
    by_workload = grouped(rows, lambda row: row.program.workload)
    names = [name for name in words.WORKLOADS if name in by_workload]
    if not names:
        return None
    shown = {row.program.cell for row in rows}
    trials = sum(r.repeats for r in with_fault(recoveries) if r.case.cell in shown)
    footer = (
        f"{words.plural(len(rows), 'program')} in Python, "
        f"{words.plural(trials, 'trial')} with a fault; survived: everything arrived, in "
        "place, in each of its trials"
    )
    if not all(row.is_whole for row in rows):
        footer += "; hollow: put to some of the faults only"
    heading = title(rows, look)
    down = max(row.most - row.kept for row in rows)
    figure = style.blank(heading, _subtitle(rows, down), footer, look)
    made = style.panels(figure, len(names), left=LEFT, gap=BETWEEN)
    low = float(min(row.statements for row in rows))
    high = float(max(row.statements for row in rows))
    for axes, workload in zip(made, names, strict=True):
        mine = by_workload[workload]
        _frame(axes, workload, max(row.most for row in mine), down, low, high)
        draw(axes, mine, look)
    made[0].set_ylabel("faults survived", fontsize=style.SMALL_PT, labelpad=2)
    table = frame(rows)
    return Chart("price", "price", heading, figure, table, rows)


def _subtitle(rows: Sequence[Survivor], down: int) -> str:
    """Return how to read the chart, of lines and of a cut axis where there are some."""
    said = ["Up is better, left is less to write"]
    whole = Counter(
        (row.program.workload, row.program.stack) for row in rows if row.is_whole
    )
    if max(whole.values(), default=0) > 1:
        said.append("Lines join the programs of a stack")
    if min(row.most for row in rows) - down > ROOM_FAULTS:
        said.append("The axis of faults does not start at 0")
    return ". ".join(said)


def _frame(
    axes: Axes, workload: str, most: int, down: int, low: float, high: float
) -> None:
    """Give axes the room that each panel has, for ``down`` faults less than ``most``."""
    axes.set_xscale("log")
    axes.set_xlim(low / ROOM_BEFORE, high * ROOM_AFTER)
    axes.set_ylim(most - down - ROOM_FAULTS, most + ROOM_FAULTS)
    ticks = [
        tick
        for tick in (TICKS if high > WIDE * low else FINE_TICKS)
        if low / ROOM_BEFORE < tick < high * ROOM_AFTER
    ]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.tick_params(axis="y", length=0, pad=4)
    axes.grid(axis="y", color=style.GRID, linewidth=1)
    axes.set_xlabel("statements", fontsize=style.SMALL_PT, labelpad=8)
    axes.set_title(
        f"{words.workload(workload)}, {words.plural(most, 'fault')}",
        fontsize=style.LABEL_PT, loc="left", pad=12,
    )  # fmt: skip


def _stacks(rows: Iterable[Survivor]) -> list[str]:
    names = {row.program.stack for row in rows}
    return sorted(names, key=lambda name: (-stack_order(name)[0], name))


def draw(axes: Axes, rows: Sequence[Survivor], look: Look) -> None:
    """Draw the programs of one workload. The axes must have their limits."""
    labels: list[tuple[Survivor, str, dict[str, Any]]] = []
    for stack in _stacks(rows):
        mine = sorted(
            (row for row in rows if row.program.stack == stack),
            key=lambda row: row.statements,
        )
        variants = [row for row in mine if row.is_whole]
        color, marker = look.colors[stack], look.markers[stack]
        axes.plot(
            [row.statements for row in variants], [row.kept for row in variants],
            color=color, linewidth=2.5, zorder=2, alpha=OVERLAP_ALPHA,
        )  # fmt: skip
        for row in mine:
            _point(axes, row, color, marker)
            if not row.is_whole:
                said = f"{row.program.variant} {row.statements}, {row.kept} of {row.faults}"
                labels.append((row, said, {"color": MUTED, "fontsize": style.FOOTER_PT}))
        for row, sizes in apart(variants):
            if row is variants[-1]:
                said = f"{words.stack(stack, look.stacks)} {sizes}"
                labels.append((row, said, {"color": color, "fontweight": "bold"}))
            else:
                labels.append((row, sizes, {}))
    marks = [_box_of(axes, row) for row in rows]
    taken: list[Bbox] = []
    for row, said, how in labels:
        others = [box for box, of in zip(marks, rows, strict=True) if of is not row]
        taken.append(_beside(axes, (row.statements, row.kept), said, taken + others, how))


def apart(rows: Sequence[Survivor]) -> Iterator[tuple[Survivor, str]]:
    """Yield where to write which sizes: those that would overlap at the last of them."""
    said: list[str] = []
    for row, after in zip_longest(rows, rows[1:]):
        said.append(f"{row.statements}")
        close = after and after.statements < CLOSE * row.statements
        if not (close and after.kept == row.kept):
            yield row, ", ".join(said)
            said.clear()


def _point(axes: Axes, row: Survivor, color: str, marker: str) -> None:
    face = color if row.is_whole else PAPER
    axes.plot(
        [row.statements], [row.kept], marker=marker, color=color, alpha=OVERLAP_ALPHA,
        markersize=13 if row.is_whole else 10, markerfacecolor=face, markeredgewidth=2.5,
        linestyle="none", zorder=3,
    )  # fmt: skip


def _box_of(axes: Axes, row: Survivor) -> Bbox:
    """Return the pixels about a mark where no label of another mark may stand."""
    x, y = axes.transData.transform((row.statements, row.kept))
    half = ASIDE_PT * style.DPI / 72
    return Bbox.from_extents(x - half, y - half, x + half, y + half)


def _beside(
    axes: Axes, at: Place, said: str, taken: Sequence[Bbox], how: dict[str, Any]
) -> Bbox:
    """Write beside a place, where least is taken, and return the pixels of the label."""
    look = {"color": INK, "fontsize": LABEL_PT, **how}
    label = axes.annotate(
        said, at, (0, 0), textcoords="offset points", zorder=4,
        path_effects=[style.HALO], **look,
    )  # fmt: skip

    def move(where: tuple[float, float, str, str]) -> Bbox:
        x, y, ha, va = where
        label.set(position=(x * ASIDE_PT, y * ASIDE_PT), ha=ha, va=va)
        return label.get_window_extent()

    def lost(where: tuple[float, float, str, str]) -> float:
        box = move(where)
        inside = Bbox.intersection(box, axes.bbox)
        outside = _area(box) - (_area(inside) if inside else 0)
        covered = (Bbox.intersection(box, other) for other in taken)
        return outside + sum(_area(box) for box in covered if box)

    return move(min(ASIDE, key=lost))


def _area(box: BboxBase) -> float:
    return float(box.width * box.height)
