"""Charts of a web of peers: pairs that still talk under each blow, and in chaos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes

from bench.report import words
from bench.report.charts import style
from bench.report.charts.boxes import BLOW, WHOLE, Struck, heat_map, labels
from bench.report.charts.style import Chart, Look
from bench.surveys.topologies.tally import CHAOS, PAIRS, is_web, medians, usable, usual

HUB = "box_killed_hub"
LEFT = 0.075
LINES = {"mesh": "-", "star": "--"}
OTHER_LINE = ":"
SUBTITLE = "Share of the pairs of unharmed peers that talk 2 to 4 s after one box is struck"
FOOTER = "a pair talks if the second peer answers the first within 2 s"


def charts(survey: Mapping[str, Any] | None, source: str) -> Iterator[Chart]:
    """Yield the heat map of each web, and its pairs over time under a monkey."""
    if survey is None:
        return
    for topology in survey["topologies"]:
        rows = struck(survey, topology) if is_web(survey, topology) else []
        if rows:
            said = title(rows)
            yield heat_map(topology, said, (SUBTITLE, FOOTER), rows, survey, source)
        over_time = chaos(survey, topology)
        if not over_time.empty:
            look = Look.of(survey["stacks"], [], source)
            with rc_context(style.RC):
                chart = _over_time(topology, over_time, look)
            yield chart


def struck(survey: Mapping[str, Any], topology: str) -> list[Struck]:
    """Return the share of pairs that each program keeps under each blow."""
    names = labels(survey, topology)
    return sorted(
        Struck(m.key, names[m.key], m.fault, m.value, 0.0, told=False)
        for m in usual(survey, medians(survey))
        if m.topology == topology and m.fault.startswith(BLOW) and m.measure == PAIRS
    )


def title(rows: Sequence[Struck]) -> str:
    """Return the finding: how many programs keep their pairs, and what a dead hub takes."""
    least: dict[str, float] = {}
    for row in rows:
        least[row.key] = min(row.survival, least.get(row.key, 1.0))
    hubs = {row.key: row.survival for row in rows if row.blow == HUB}
    kept = sum(share >= WHOLE for key, share in least.items() if key not in hubs)
    said = f"{kept} of {len(least) - len(hubs)} meshes keep the pairs of all unharmed peers"
    if not hubs:
        return said
    stopped = sum(share < 1 - WHOLE for share in hubs.values())
    return f"{said}; with its hub, {stopped} of {len(hubs)} stars lose all"


def chaos(survey: Mapping[str, Any], topology: str) -> pd.DataFrame:
    """Return the median share of pairs alive by second, a column for each program."""
    found: dict[str, list[list[float]]] = {}
    for row in usable(survey["rows"]):
        if row["topology"] == topology and row["fault"] == CHAOS:
            found.setdefault(row["key"], []).append(row["pairs_each_s"])
    return pd.DataFrame({key: np.median(each, axis=0) for key, each in found.items()})


def _over_time(topology: str, shares: pd.DataFrame, look: Look) -> Chart:
    means = shares.mean()
    least, most = words.number(100 * means.min()), words.number(100 * means.max())
    said = (
        f"Of {len(means)} programs under a monkey, {least} to {most} % of all pairs talk "
        "on average"
    )
    subtitle = "One peer is killed, frozen or cut off every two seconds, and comes back"
    figure = style.blank(said, subtitle, FOOTER, look)
    for axes, kinds in zip(style.panels(figure, 2, LEFT), ("mesh", "star"), strict=True):
        _lines(axes, shares[[key for key in shares if kinds in str(key)]], look, kinds)
    return Chart(f"chaos_{topology}", "topologies", said, figure, shares)


def _lines(axes: Axes, shares: pd.DataFrame, look: Look, kind: str) -> None:
    for key in shares:
        stack, variant, _ = str(key).split(".")
        axes.plot(
            shares.index,
            100 * shares[key],
            LINES.get(variant, OTHER_LINE),
            color=look.colors[stack],
            lw=3,
            label=f"{look.stacks[stack]['label']} ({variant})",
        )
    axes.set_ylim(0, 102)
    axes.set_xlabel(f"s, {kind}")
    axes.set_ylabel("% of all pairs" if kind == "mesh" else "")
    axes.grid(axis="y", color=style.GRID)
    axes.legend(loc="lower right", fontsize=style.SMALL_PT)
