"""Summaries of a survey of topologies: pure functions of its document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.analysis.stats import Interval, bounds, median_interval
from bench.surveys import document

Row = Mapping[str, Any]
FILE = "topologies.json"
CALM, ADDED = "calm", "server_added"
OPERATOR = ("edits", "reloads", "restarts")
LATE_MS_MAX = 20.0
"""Where free clients ask later than this, a time says more of the machine than of them."""


@dataclass(frozen=True)
class Median:
    """A median over the trials of one program in one situation, with its interval.

    ``low`` and ``high`` are nan where there are too few trials for 95 %.
    """

    topology: str
    key: str
    fault: str
    measure: str
    interval: Interval

    @property
    def value(self) -> float:
        return self.interval.estimate

    @property
    def bounds(self) -> tuple[float, float]:
        return bounds(self.interval)


def read(path: Path) -> dict[str, Any] | None:
    """Return a survey, or None if there is none. Raises ResultsError if it is damaged."""
    return document.read(path, lambda found: [*medians(found)], "topologies")


def usable(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that have values, and were made while the machine was calm enough."""
    return [row for row in rows if "error" not in row and not row["busy"]]


def medians(survey: Mapping[str, Any]) -> Iterator[Median]:
    """Yield every median, in the order of the programs."""
    rows = usable(survey["rows"])
    for program in survey["programs"]:
        place = program["topology"], program["key"]
        mine = [row for row in rows if (row["topology"], row["key"]) == place]
        for fault in dict.fromkeys(row["fault"] for row in mine):
            of_fault = [row for row in mine if row["fault"] == fault]
            for measure in measures(fault):
                values = [*_values(of_fault, measure)]
                if values:
                    yield Median(*place, fault, measure, median_interval(values))


def measures(fault: str) -> tuple[str, ...]:
    """Return what is told of a situation."""
    if fault == CALM:
        return "survival", "missed", "p50_ms", "p99_ms"
    if fault == ADDED:
        return (*OPERATOR, "failed", "new_share")
    return "survival", "hurt", "reported", "lost", "held", "doubled"


def _values(rows: Iterable[Row], measure: str) -> Iterator[float]:
    for row in rows:
        if measure.endswith("_ms") and row["late_ms"] > LATE_MS_MAX:
            continue
        value = _value(row, measure)
        if value is not None:
            yield float(value)


def _value(row: Row, measure: str) -> float | None:
    if measure == "failed":
        return float(sum(row[name] for name in ("reported", "lost", "held")))
    if measure == "new_share":
        shares = row["shares"]
        return float(shares[max(shares)]) * len(shares) if shares else None
    return None if row[measure] is None else float(row[measure])


def case(survey: Mapping[str, Any], topology: str) -> str:
    """Return "3_servers_20_clients", as ids spell how many boxes there are."""
    boxes = survey["topologies"][topology]["boxes"]
    several = [box for box in boxes if box["count"] > 1]
    return "_".join(f"{box['count']}_{box['name']}s" for box in several)
