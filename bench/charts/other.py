"""Beyond 64 B over tcp: large messages, and transports that only some stacks have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from bench.charts import style, words
from bench.charts.findings import spoken
from bench.charts.ratios import counted
from bench.charts.rows import accompanied, label, rows_of
from bench.charts.speed import draw_row, floor_line, limits, rate_tick
from bench.charts.style import INK, Chart, Look
from bench.comparisons import PYTHON, SUBJECT
from bench.estimates import headline_measure
from bench.frames import records
from bench.plan import SMALL_BYTES

LARGE_BYTES = 64 * 1024
TRANSPORTS = ("tcp", "ipc", "inproc")
NARROW_LEFT = 0.165
NARROW_GAP = 0.155
WIDE = 1e4


def _headline_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return each case's p50 or rate on one CPU, twins left out."""
    wanted = table["quantity"].map(headline_measure)
    once = (table["twin"] == 0) & (table["measure"] == wanted)
    return table[once & (table["placement"] == "shared")]


def _with_floor(shown: pd.DataFrame, everything: pd.DataFrame) -> pd.DataFrame:
    """Return the rows to show with the null stack's of the same quantities and sizes."""
    floors = everything[everything["floor"].astype(bool)]
    same = ["workload", "quantity", "size_bytes"]
    wanted = set(map(tuple, shown[same].to_numpy()))
    beside = [tuple(row) in wanted for row in floors[same].to_numpy()]
    return pd.concat([shown, floors[beside]])


def _note(row: dict[str, Any]) -> str:
    if row["measure"] == "rate":
        return words.rate(row["value"])
    return words.time_us(row["value"])


def _axis(part: pd.DataFrame) -> tuple[str, Callable[[float], str]]:
    if part["measure"].iloc[0] == "rate":
        return "messages/s, more is better", rate_tick
    return "p50, \N{MICRO SIGN}s, less is better", lambda value: f"{value:g}"


def _panel(
    axes: Axes, part: pd.DataFrame, look: Look, names: Callable[[dict[str, Any]], str]
) -> None:
    rows = records(part)
    at = {row["case"]: -float(number) for number, row in enumerate(rows)}
    floor_line(axes, rows)
    for row in rows:
        draw_row(axes, row, at[row["case"]], look, _note(row))
    low, high = limits(pd.concat([part["value"], part["low"], part["high"]]).dropna())
    title, form = _axis(part)
    style.log_axis(axes, low / 1.25, high * 1.3 * (high / low) ** 0.14, title, form)
    if high / low > WIDE:  # the floor is far away, and the panel narrow
        axes.xaxis.set_major_locator(LogLocator(base=10, numticks=3))
    row = rows[0]
    heading = f"{words.workload(row['workload'])}\n{words.quantity(row)}"
    axes.set_title(heading, fontsize=style.LABEL_PT, loc="left", pad=10)
    style.row_labels(axes, [(at[row["case"]], names(row), INK) for row in rows])
    for tick in axes.get_yticklabels():
        tick.set_fontsize(15)
    axes.set_ylim(min(at.values()) - 0.7, 0.7)


def _chart(
    shown: pd.DataFrame,
    about: dict[str, str],
    look: Look,
    names: Callable[[dict[str, Any]], str],
) -> Chart | None:
    if shown.empty:
        return None
    footer = style.footer(shown[~shown["floor"].astype(bool)])
    figure = style.blank(about["title"], about["subtitle"], footer, look)
    parts = [part for _, part in shown.groupby(["workload", "quantity"], sort=False)]
    made = style.panels(figure, len(parts), left=NARROW_LEFT, gap=NARROW_GAP)
    for axes, part in zip(made, parts, strict=True):
        box = axes.get_position()
        axes.set_position((box.x0, box.y0, box.width, box.height - 0.035))
        _panel(axes, part, look, names)
    return Chart(about["name"], about["section"], about["title"], figure, shown)


def _ordered(table: pd.DataFrame, *then: str) -> pd.DataFrame:
    """Sort by workload, then in the order in which charts list cells."""
    if table.empty:
        return table
    order = list(words.WORKLOADS)
    place = {row["key"]: number for number, row in enumerate(rows_of(table))}
    keyed = table.assign(
        _workload=[order.index(w) if w in order else len(order) for w in table["workload"]],
        _cell=table["key"].map(place),
        _transport=[
            TRANSPORTS.index(t) if t in TRANSPORTS else 9 for t in table["transport"]
        ],
    )
    return keyed.sort_values(["_workload", *then], kind="stable").drop(
        columns=["_workload", "_cell", "_transport"]
    )


def _two_lines(row: dict[str, Any], look: Look) -> str:
    return (
        label(row, look).replace(" (", "\n(").replace(": ", ":\n" if row["floor"] else ": ")
    )


def _large_title(compared: pd.DataFrame, look: Look) -> str:
    """Return how often the subject is faster with large messages on one CPU."""
    if compared.empty or "size_bytes" not in compared:
        return f"Messages of {words.size(LARGE_BYTES)}"
    mine = compared[
        (compared["size_bytes"] == LARGE_BYTES)
        & (compared["placement"] == "shared")
        & (compared["stack_a"] == SUBJECT)
        & (compared["stack_b"] != SUBJECT)
        & (compared["language"] == PYTHON)
    ]
    said = f"Messages of {words.size(LARGE_BYTES)}"
    if mine.empty:
        return said
    return f"{said}: {words.stack(SUBJECT, look.stacks)} is {counted(mine)}"


def _transports_title(shown: pd.DataFrame) -> str:
    """Return how long each other transport takes beside tcp, over all cells shown."""
    real = shown[~shown["floor"].astype(bool)]
    same = ["key", "workload", "quantity", "instances"]
    time = real["value"].where(real["measure"] != "rate", 1 / real["value"])
    real = real.assign(time=time)
    tcp = real[real["transport"] == TRANSPORTS[0]].set_index(same)["time"]
    said: list[str] = []
    for name in TRANSPORTS[1:]:
        beside = real[real["transport"] == name].set_index(same)["time"]
        ratios = (beside / tcp).dropna()
        if len(ratios):
            verb = "" if said else " takes"
            said.append(f"{name}{verb} {spoken(list(ratios))}")
    if not said:
        return "Transports"
    return f"{said[0]} times as long as tcp{''.join(f', {more}' for more in said[1:])}"


def large(table: pd.DataFrame, compared: pd.DataFrame, look: Look) -> Chart | None:
    """Return the 64 KiB cases on one CPU."""
    mine = _headline_rows(table)
    real = ~mine["floor"].astype(bool)
    shown = accompanied(mine[real & (mine["size_bytes"] == LARGE_BYTES)])
    about = {
        "name": "large",
        "section": "other",
        "title": _large_title(compared, look),
        "subtitle": "Everything on one CPU, with 1024 times the bytes in each message",
    }
    shown = _with_floor(shown, mine)
    return _chart(_ordered(shown, "_cell"), about, look, lambda row: _two_lines(row, look))


def transports(table: pd.DataFrame, look: Look) -> Chart | None:
    """Return cells that ran over more than tcp, one row per cell and transport."""
    mine = _headline_rows(table)
    small = mine[(mine["size_bytes"] == SMALL_BYTES) & mine["transport"].isin(TRANSPORTS)]
    same = ["key", "workload", "quantity", "instances"]
    several = small.groupby(same)["transport"].transform("nunique") > 1
    # HTTP has no second transport here, so no `requests` can stand alone.
    shown = accompanied(small[several])
    about = {
        "name": "transports",
        "section": "other",
        "title": _transports_title(shown),
        "subtitle": "The same cells on one CPU. ipc: a Unix socket; inproc: threads of one "
        "process",
    }

    def names(row: dict[str, Any]) -> str:
        if row["floor"]:
            return _two_lines(row, look)
        return f"{words.stack(row['stack'], look.stacks)}\n{row['transport']}"

    shown = _with_floor(shown, mine)
    return _chart(_ordered(shown, "_cell", "_transport"), about, look, names)
