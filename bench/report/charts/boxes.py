"""Heat maps of a survey: requests that a topology still serves while a box is struck."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib import rc_context

from bench.faults.boxes import BLOWS, CUT
from bench.measure.recovery import BROKEN, KEPT, REPORTED, ContractVerdict
from bench.report import words
from bench.report.charts import style
from bench.report.charts.failures import Square, key, squares
from bench.report.charts.style import Chart, Look
from bench.surveys.topologies.tally import is_web, medians, usual

BLOW = "box_"
WHOLE, HALF = 0.99, 0.5
MEANINGS = {KEPT: "99 % or more", REPORTED: "50 % or more", BROKEN: "less"}
NO_BOX = f"{words.PASSED_OVER}: no such box, or not measured"
KILLED, FROZEN = "box_killed_busy_server", "box_frozen_server"
SUBTITLE = (
    "Share of the requests of the next 4 s that were answered within 2 s, and clients hurt"
)
FOOTER = (
    "hurt: clients of which a request was never answered  |  "
    "told: they got an error for each such request"
)
LEFT, TOP, FOOT = 0.2, 0.76, 0.13


class Struck(NamedTuple):
    """One program under one blow: medians over its trials.

    ``survival`` is a share, ``hurt`` the clients of which a request was never answered.
    ``told`` is whether all that failed were reported.
    """

    key: str
    label: str
    blow: str
    survival: float
    hurt: float
    told: bool

    @property
    def said(self) -> str:
        """The words of a square: "95 %, 1 hurt"."""
        if not self.hurt:
            return share(self.survival)
        return f"{share(self.survival)}, {self.hurt:g} {'told' if self.told else 'hurt'}"


def share(value: float) -> str:
    """Return a share in per cent, rounded down: 100 % is every request.

    Between 99 and 100 % it has a decimal: 99.9 % is one request of a thousand.
    """
    tenths = math.floor(1000 * value + 1e-9)
    return f"{tenths / 10 if tenths > 990 else tenths // 10:g} %"


def grade(survival: float) -> ContractVerdict:
    """Return the verdict whose colour a share of requests that were served has."""
    return KEPT if survival >= WHOLE else REPORTED if survival >= HALF else BROKEN


def label(survey: Mapping[str, Any], program: Mapping[str, Any]) -> str:
    stack = survey["stacks"][program["stack"]]["label"]
    return f"{stack} ({program['variant']})"


def labels(survey: Mapping[str, Any], topology: str) -> dict[str, str]:
    """Return the names of the programs of a topology, by their keys."""
    return {
        row["key"]: label(survey, row)
        for row in survey["programs"]
        if row["topology"] == topology
    }


def struck(survey: Mapping[str, Any], topology: str) -> list[Struck]:
    """Return what each program of a topology came to under each blow."""
    names = labels(survey, topology)
    by: dict[tuple[str, str], dict[str, float]] = {}
    for median in usual(survey, medians(survey)):
        if median.topology == topology and median.fault.startswith(BLOW):
            by.setdefault((median.key, median.fault), {})[median.measure] = median.value
    return [
        Struck(
            name,
            names[name],
            blow,
            values["survival"],
            values["hurt"],
            told=values["reported"] > 0 == values["lost"] + values["held"],
        )
        for (name, blow), values in sorted(by.items())
    ]


def charts(survey: Mapping[str, Any] | None, source: str) -> Iterator[Chart]:
    """Yield the heat map of each topology with several servers. ``source`` says whence."""
    if survey is None:
        return
    for topology, about in survey["topologies"].items():
        if is_web(survey, topology):
            continue
        rows = struck(survey, topology)
        servers = next(box["count"] for box in about["boxes"] if box["kind"] == "server")
        if servers > 1 and rows:
            said = title(rows, servers)
            yield heat_map(topology, said, (SUBTITLE, FOOTER), rows, survey, source)


def title(rows: Sequence[Struck], servers: int) -> str:
    """Return the finding: how many programs one server of several costs most requests."""
    frozen, killed = (
        [row for row in rows if row.blow == blow] for blow in (FROZEN, KILLED)
    )
    if not frozen or not killed:
        return "Requests that are still served when a box is struck"
    less = sum(row.survival < HALF for row in killed)
    return (
        f"{stopped(frozen, servers)}; if a busy one is killed, {less} of {len(killed)} "
        f"{'answers' if less == 1 else 'answer'} under half"
    )


def stopped(frozen: Sequence[Struck], servers: int) -> str:
    """Return how many programs answer few requests once a server of several freezes.

    "If one of 3 servers freezes for good, 6 of 10 programs answer under 10 % of requests".
    """
    if_so = f"If one of {servers} servers freezes for good"
    low = [row.survival for row in frozen if row.survival < HALF]
    if not low:
        return f"{if_so}, all {len(frozen)} programs answer half of the requests or more"
    most = math.ceil(100 * max(low) - 1e-9)
    bound = "under" if most - 100 * max(low) > 1e-6 else "at most"
    does = "program answers" if len(frozen) == 1 else "programs answer"
    return f"{if_so}, {len(low)} of {len(frozen)} {does} {bound} {most} % of requests"


def heat_map(
    topology: str, title: str, said: tuple[str, str], rows: Sequence[Struck],
    survey: Mapping[str, Any], source: str,
) -> Chart:  # fmt: skip
    """Return the chart of a topology: a row for each program, a column for each blow.

    ``said`` are its subtitle and its footer.
    """
    by = {(row.key, row.blow): row for row in rows}
    there = {row.blow for row in rows}
    boxes = [box["name"] for box in survey["topologies"][topology]["boxes"]]
    every = [(box, how) for box in boxes for how in (*BLOWS, CUT)]
    blows = [(box, how) for box, how in every if f"{BLOW}{how}_{box}" in there]
    programs = {row.key: row.label for row in rows}
    with rc_context(style.RC):
        figure = style.blank(title, *said, Look({}, {}, {}, source))
        axes = figure.add_axes((LEFT, FOOT, 0.99 - LEFT, TOP - FOOT))
        axes.set_axis_off()
        axes.set_xlim(0, len(blows))
        axes.set_ylim(len(programs), 0)
        shown = []
        for x, (box, how) in enumerate(blows):
            done, _, state = how.partition("_")
            heading = f"{state} {box}\n{done}".strip()
            axes.text(x + 0.5, -0.12, heading, ha="center", va="bottom", fontsize=15)
            blow = f"{BLOW}{how}_{box}"
            shown += [_square(x, y, by.get((n, blow))) for y, n in enumerate(programs)]
        squares(axes, shown, 15)
        size = style.row_size(len(programs)) * 0.8
        for y, name in enumerate(programs.values()):
            axes.text(-0.05, y + 0.5, name, ha="right", va="center", fontsize=size)
        key(figure, MEANINGS, NO_BOX)
    table = pd.DataFrame(rows, columns=list(Struck._fields)).drop(columns="key")
    return Chart(f"boxes_{topology}", "topologies", title, figure, table)


def _square(x: int, y: int, row: Struck | None) -> Square:
    if row is None:
        return Square(x, y, None, words.PASSED_OVER)
    return Square(x, y, grade(row.survival), row.said)
