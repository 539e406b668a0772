"""The service while a fault lasts: all stacks on one time axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bench.analysis.recovery import measured
from bench.analysis.recovery_rows import Recovery
from bench.analysis.results import Run
from bench.analysis.rows import frame, grouped
from bench.faults.history import DEADLINE_NS
from bench.measure.recovery import NEVER_ARRIVED_NS
from bench.report import words
from bench.report.charts import findings, outcomes, style
from bench.report.charts.failures import case_line, columns
from bench.report.charts.outcomes import variant_order
from bench.report.charts.rows import color
from bench.report.charts.style import INK, Chart, Look

BIN_NS = 100_000_000
DUE, ARRIVED = ".due", ".arrived"
SHADE = "#ececef"
HALF = 0.5
LEFT, RIGHT, BOTTOM, TOP = 0.095, 1.015, 0.125, 0.845
CAPTION_PT = 15.0
ABREAST = 3
"""More strips than this side by side have no room for a caption in one line."""


def in_time(history: Mapping[str, NDArray[np.int64]]) -> pd.Series[float]:
    """Return the share of messages in time, by the tenth of a second they were due in.

    ``history`` is of one trial, see ``Run.histories``. The index counts tenths from the
    fault; where nothing was due there is no value.
    """
    due_ns, good = [], []
    for name in history:
        if name.endswith(DUE):
            due = history[name].astype(np.int64)
            arrived = history[name.removesuffix(DUE) + ARRIVED].astype(np.int64)
            there = arrived != NEVER_ARRIVED_NS
            late_ns = np.where(there, arrived, 0) - due
            due_ns.append(due)
            good.append(there & (late_ns <= DEADLINE_NS))
    bins = np.floor_divide(np.concatenate(due_ns), BIN_NS)
    return pd.Series(np.concatenate(good), index=bins).groupby(level=0).mean()


def trials(run: Run, case: str) -> pd.DataFrame:
    """Return ``in_time`` of every trial of a case: a column each, a row per tenth."""
    each = [in_time(history) for history in run.histories(case)]
    return pd.concat(each, axis=1, keys=range(len(each))) if each else pd.DataFrame()


def middle(shares: pd.DataFrame) -> pd.Series[float]:
    """Return the median over trials, where more than half of them still went on.

    A trial ends when all flows again, so only trials without recovery go on.
    """
    enough = shares.notna().sum(axis=1) > HALF * shares.shape[1]
    return shares[enough].median(axis=1)


def steps(shares: pd.Series[float]) -> tuple[list[float], list[float]]:
    """Return the corners of a staircase in seconds and per cent, broken at gaps."""
    xs: list[float] = []
    ys: list[float] = []
    ended = None
    for tenth, share in shares.dropna().items():
        begins, height = int(str(tenth)), 100 * share
        if ended is not None and ended != begins:
            xs, ys = [*xs, xs[-1]], [*ys, np.nan]
        if ended == begins and ys[-1] == height:
            xs[-1] += BIN_NS / 1e9
        else:
            xs += [begins * BIN_NS / 1e9, (begins + 1) * BIN_NS / 1e9]
            ys += [height, height]
        ended = begins + 1
    return xs, ys


def _strip(
    axes: Axes, row: Recovery, shares: pd.DataFrame, healed_s: float, look: Look
) -> None:
    ink = color(row.case, look)
    axes.axvspan(0, max(healed_s, 0.02), color=SHADE, zorder=0)
    thin: list[tuple[list[float], list[float]]] = [steps(shares[n]) for n in shares]
    xs = [x for part, _ in thin for x in (*part, np.nan)]
    ys = [y for _, part in thin for y in (*part, np.nan)]
    axes.plot(xs, ys, color=ink, linewidth=1.1, alpha=0.45)
    axes.plot(*steps(middle(shares)), color=ink, linewidth=3.6, solid_capstyle="butt")
    axes.set_ylim(-6, 106)
    axes.set_yticks([0, 100])
    axes.set_yticklabels(["0", "100 %"], fontsize=12.5)
    axes.tick_params(axis="x", labelsize=14)


def caption(row: Recovery) -> str:
    """Return "silent 64, in place, late for 0.65 s": what stands above a strip."""
    word, count = outcomes.worst(row)
    said = (f"{word} {count:,}" if count else word) + outcomes.share(row)
    if row.not_recovered < row.repeats:
        how = "in place" if row.in_place >= row.re_entered else "re-entered"
        late = f", late for {outcomes.seconds(row, 'late')}"
        said += f", {how}{late if outcomes.is_late(row) else ''}"
    return said


def _place(figure: Figure, place: tuple[int, int], shape: tuple[int, int]) -> Axes:
    """Return the axes of one strip: its column and row, of so many."""
    wide, high = (RIGHT - LEFT) / shape[0], (TOP - BOTTOM) / shape[1]
    left, low = LEFT + place[0] * wide, TOP - (place[1] + 1) * high
    return figure.add_axes((left, low + 0.02, wide - 0.03, high - 0.08))


def timeline(run: Run, rows: Sequence[Recovery], look: Look) -> Chart | None:
    """Return one fault in one workload: a strip per cell, stacks below each other.

    ``rows`` are those with a result. None for a fault in whose trials no message was in
    time: nothing flows where no peer is there, and a line at 0 % would look like a failure.
    """
    every = {row.case.id: trials(run, row.case.id) for row in rows}
    known = [shares for shares in every.values() if len(shares)]
    if not any((shares > 0).any(axis=None) for shares in known):
        return None
    head = rows[0]
    workload = words.workload(head.case.workload)
    fault_name = outcomes.short_title(head.fault.title)
    title = f"{workload}, {fault_name}: {findings.kept_by(rows, look)}"
    subtitle = (
        "Share of messages in time, within 0.1 s of when they were due. Thin: each trial, "
        "until all flowed; thick: median"
    )
    figure = style.blank(title, subtitle, case_line(rows), look)
    stacks = list(dict.fromkeys(column.stack for column in columns(rows)))
    variants = sorted({row.case.variant for row in rows}, key=variant_order)
    first_s = min(shares.index.min() for shares in known) * BIN_NS / 1e9
    last_s = (max(shares.index.max() for shares in known) + 1) * BIN_NS / 1e9
    healed_s = median(row.healed_s for row in rows)
    captions = []
    for row in rows:
        place = variants.index(row.case.variant), stacks.index(row.case.stack)
        axes = _place(figure, place, (len(variants), len(stacks)))
        _strip(axes, row, every[row.case.id], healed_s, look)
        axes.set_xlim(first_s, last_s)
        between = "\n" if len(variants) > ABREAST else " "
        said = f"{row.case.variant}:{between}{caption(row)}"
        captions.append(axes.set_title(said, loc="left", pad=7, fontsize=CAPTION_PT))
        if place[1] < len(stacks) - 1:
            axes.set_xticklabels([])
    style.shrink(captions, axes.bbox.width, CAPTION_PT)
    figure.text(
        (LEFT + RIGHT) / 2, BOTTOM - 0.033,
        "when a message was due, in seconds from the fault (shaded: while it lasts); "
        "one due just before the fault may be late for it", ha="center", va="center",
        fontsize=14,
    )  # fmt: skip
    for number, stack in enumerate(stacks):
        figure.text(
            0.028, TOP - (number + 0.56) * (TOP - BOTTOM) / len(stacks),
            words.stack(stack, look.stacks), rotation=90, ha="center", va="center",
            fontsize=style.LABEL_PT, color=look.colors.get(stack, INK), fontweight="bold",
        )  # fmt: skip
    name = f"timeline_{head.fault.name}_{head.case.workload}"
    return Chart(name, "timelines", title, figure, frame(rows), rows)


def timelines(run: Run, rows: Iterable[Recovery], look: Look) -> Iterator[Chart | None]:
    """Yield a timeline for each fault and workload in which the stacks' outcomes differ."""
    if "samples" not in run.recovery:
        return
    by_fault = grouped(
        measured(rows), lambda row: (row.fault.order, row.case.workload)
    ).values()
    for mine in by_fault:
        if differ(mine):
            yield timeline(run, mine, look)


def differ(rows: Iterable[Recovery]) -> bool:
    """Whether programs of one variant came to different verdicts under one fault."""
    verdicts: dict[str, set[str | None]] = {}
    for row in rows:
        verdicts.setdefault(row.case.variant, set()).add(row.verdict)
    return any(len(found) > 1 for found in verdicts.values())
