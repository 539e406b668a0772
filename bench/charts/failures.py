"""The heat map: what every fault came to, by stack and tier."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text

from bench.charts import outcomes, style, words
from bench.charts.outcomes import tier_order
from bench.charts.style import INK, MUTED, PAPER, Chart, Look
from bench.comparisons import stack_order
from bench.frames import records
from bench.measure.recovery import BROKEN, KEPT, REPORTED, VERDICTS
from bench.recoveries import TIERS, measured

COLORS = {KEPT: "#cdeae0", REPORTED: "#f0b429", BROKEN: "#8f1d3f"}
"""Light, middle and dark, so that they differ without colour as well."""
TEXT = {KEPT: INK, REPORTED: INK, BROKEN: PAPER}
NOT_MEASURED, NOT_MEASURED_COLOR = "not measured", "#d9d9dc"
TIERS_SHORT = {"minimal": "min", "resilient": "res"}
ROWS_MAX = 18
"""More rows than this cannot be read from the back of a room."""
CELL_WIDE, LEFT = 0.96, 0.275
BETWEEN_STACKS, BETWEEN_WORKLOADS = 0.12, 0.5
Said = Callable[[dict[str, Any]], str]


class Column(NamedTuple):
    """One cell's column: its workload, stack and variant, and where it stands."""

    workload: str
    stack: str
    variant: str
    x: float


def columns(table: pd.DataFrame) -> list[Column]:
    """Return the columns of a table's cells, grouped by workload and by stack."""
    known = list(words.WORKLOADS)
    found = set(table[["workload", "stack", "variant"]].itertuples(index=False, name=None))

    def place(key: tuple[str, str, str]) -> tuple[Any, ...]:
        workload, stack, variant = key
        rank = known.index(workload) if workload in known else len(known)
        order = stack_order(stack)
        return rank, workload, -order[0], order[1], tier_order(variant)

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


def faults(table: pd.DataFrame) -> dict[str, str]:
    """Return the faults of a table in the order of the catalogue, with their labels."""
    unique = table.drop_duplicates("fault").sort_values("fault_order", kind="stable")
    return {
        row["fault"]: f"{outcomes.short_title(row['fault_title'])}  {row['fault_number']}"
        for row in records(unique)
    }


def _fit(axes: Axes, texts: Sequence[Text], rows: int) -> None:
    """Give all texts the size at which the widest fits into its cell."""
    (left, _), (right, _) = axes.transData.transform([(0, 0), (CELL_WIDE, 0)])
    style.shrink(texts, 0.96 * float(right - left), 0.62 * _row_pt(axes, rows))


def _row_pt(axes: Axes, rows: int) -> float:
    return axes.get_position().height * style.HEIGHT_IN * 72 / rows


def _cells(axes: Axes, table: pd.DataFrame, said: Said) -> None:
    """Draw a coloured, worded cell for every row of the table, none where there is none."""
    across, down = columns(table), list(faults(table))
    at = {(c.workload, c.stack, c.variant): c.x for c in across}
    axes.set_xlim(-0.02, across[-1].x + 1.02)
    axes.set_ylim(len(down), 0)
    texts = []
    for row in records(table):
        x = at[row["workload"], row["stack"], row["variant"]]
        y = down.index(row["fault"])
        face = COLORS.get(row["verdict"], NOT_MEASURED_COLOR)
        axes.add_patch(
            Rectangle((x + 0.02, y + 0.04), CELL_WIDE, 0.92, facecolor=face, linewidth=0)
        )
        bold = "bold" if row["verdict"] == BROKEN else "normal"
        text = axes.text(
            x + 0.5, y + 0.52, said(row) if row["repeats"] else "?", ha="center",
            va="center", fontsize=style.SMALL_PT, fontweight=bold,
            color=TEXT.get(row["verdict"], MUTED),
        )  # fmt: skip
        texts.append(text)
    _fit(axes, texts, len(down))


def _headings(axes: Axes, across: Sequence[Column], look: Look, short: bool) -> None:
    """Write workload, stack and tier above the columns, each over what it spans."""
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
    tiers = []
    for column in across:
        tier = TIERS_SHORT.get(column.variant, column.variant) if short else column.variant
        text = axes.text(
            column.x + 0.5, 1.012, tier, transform=blended, ha="center", va="bottom",
            fontsize=size, color=MUTED,
        )  # fmt: skip
        tiers.append(text)
    (left, _), (right, _) = axes.transData.transform([(0, 0), (CELL_WIDE, 0)])
    widest = max(float(text.get_window_extent().width) for text in tiers)
    for text in tiers:
        text.set_fontsize(size * min(1.0, float(right - left) / widest))


def _legend(figure: Figure, table: pd.DataFrame) -> None:
    handles = [
        Patch(facecolor=COLORS[name], edgecolor=MUTED, label=outcomes.MEANINGS[name])
        for name in VERDICTS
    ]
    if (table["repeats"] == 0).any():
        handles.append(Patch(color=NOT_MEASURED_COLOR, label=f"?: {NOT_MEASURED}"))
    figure.legend(
        handles=handles, loc="center left", bbox_to_anchor=(0.01, 0.092),
        ncols=len(handles), frameon=False, fontsize=13, handletextpad=0.5,
        columnspacing=1.4,
    )  # fmt: skip


def repeats(table: pd.DataFrame) -> str:
    """Return how many trials the rows with a result have: "3", "5 to 10"."""
    return words.block_counts([int(n) for n in measured(table)["repeats"]] or [0])


def case_line(table: pd.DataFrame) -> str:
    """Return what all rows share on one line, for the foot of a chart."""
    sizes = [words.size(int(n)) for n in sorted(set(table["size_bytes"]))]
    carried = " / ".join(dict.fromkeys(table["transport"]))
    many = sorted({words.instances(row) for row in records(table)})
    return (
        f"case: {' / '.join(sizes)}, {carried}, {' / '.join(many)}, offered in open loop, "
        f"CPUs left to the scheduler  |  {repeats(table)} trials each"
    )


def _map(
    table: pd.DataFrame, name: str, title: str, said: Said, look: Look, short: bool
) -> Chart:
    subtitle = "Each cell is the worst of its trials"
    if not short:
        subtitle += ", 1/3: one of three. Seconds: for how long messages were late"
    else:
        subtitle += ". min: minimal, library defaults; res: resilient, equal guarantees"
    figure = style.blank(title, subtitle, case_line(table), look)
    top = 0.755 if short else 0.775
    axes = figure.add_axes((LEFT, 0.13, 0.99 - LEFT, top - 0.13))
    axes.set_axis_off()
    _cells(axes, table, said)
    _headings(axes, columns(table), look, short)
    labels = [
        figure.text(
            LEFT - 0.008, top - (y + 0.52) * (top - 0.13) / len(faults(table)), label,
            ha="right", va="center", fontsize=style.SMALL_PT,
        )
        for y, label in enumerate(faults(table).values())
    ]  # fmt: skip
    wide = (LEFT - 0.02) * figure.bbox.width
    style.shrink(labels, wide, 0.62 * _row_pt(axes, len(labels)))
    _legend(figure, table)
    return Chart(name, "failures", title, figure, table)


def _counted(table: pd.DataFrame, variant: str) -> str:
    """Return in how many cases a tier keeps its contract: "9 of 27"."""
    mine = measured(table)
    mine = mine[mine["variant"] == variant]
    return f"{(mine['verdict'] == KEPT).sum()} of {len(mine)}"


def _kept(table: pd.DataFrame) -> str:
    """Return in how many cases each tier keeps its contract."""
    said = ", ".join(
        f"{tier} in {_counted(table, tier)}"
        for tier in TIERS
        if (measured(table)["variant"] == tier).any()
    )
    return f"the contract is kept, {said}" if said else "no tier was put to a fault"


def by_number(table: pd.DataFrame) -> pd.DataFrame:
    """Return the worst row of each cell for each number of the catalogue.

    A fault of which there are several kinds has their number beside its name.
    """
    shown = table.assign(_rank=[VERDICTS.index(v) if v else -1 for v in table["verdict"]])
    first = table.drop_duplicates("fault_number").set_index("fault_number")
    kinds = table.groupby("fault_number")["fault"].nunique()
    titles = {
        number: outcomes.short_title(str(first.at[number, "fault_title"]))
        + (f" / {count - 1} more" if count > 1 else "")
        for number, count in kinds.items()
    }
    worst = shown.sort_values("_rank", ascending=False, kind="stable")
    worst = worst.drop_duplicates(["cell", "fault_number"]).drop(columns="_rank")
    return worst.assign(
        fault=worst["fault_number"],
        fault_title=worst["fault_number"].map(titles),
        fault_order=worst["fault_number"].map(first["fault_order"]),
    )


def overview(table: pd.DataFrame, look: Look) -> Chart | None:
    """Return every workload's faults by stack and tier on one slide, a word for each."""
    table = table[table["variant"].isin(TIERS)] if len(table) else table
    if not len(measured(table)):
        return None
    title = f"Things fail: {_kept(table)}"
    shown = by_number(table) if table["fault"].nunique() > ROWS_MAX else table
    return _map(
        shown, "failures", title, lambda row: outcomes.worst(row)[0], look, short=True
    )


def of_workload(table: pd.DataFrame, workload: str, look: Look) -> Iterator[Chart]:
    """Yield the faults of one workload by cell, each with its number, slide by slide."""
    mine = table[table["workload"] == workload]
    if not len(measured(mine)):
        return
    known = list(faults(mine))
    slides = math.ceil(len(known) / ROWS_MAX)
    for number, part in enumerate(np.array_split(known, slides), start=1):
        title = f"{words.workload(workload)}: {_kept(mine)}"
        name = f"failures_{workload}"
        if slides > 1:
            title, name = f"{title} ({number} of {slides})", f"{name}_{number}"
        shown = mine[mine["fault"].isin(part)]
        yield _map(shown, name, title, outcomes.in_a_cell, look, short=False)
