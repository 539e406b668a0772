"""Summaries of a survey of topologies: pure functions of its document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.analysis.stats import Interval, bounds, median_interval
from bench.surveys import document
from bench.surveys.topologies.profiles import TIMED_AT_ONCE

Row = Mapping[str, Any]
FILE = "topologies.json"
CALM, ADDED, REMOVED = "calm", "server_added", "server_removed"
OPERATOR = ("edits", "reloads", "restarts")
LATE_MS_MAX = 20.0
"""Where free clients ask later than this, a time says more of the machine than of them."""
TIMES = ("p50_ms", "p99_ms", "handle_ms", "network_share")
"""They count only in trials with few others beside them."""
PAIRS = "pairs_alive"
WEB = (
    *(PAIRS, "pairs_of_all", "survival"),
    *(f"{what}_{how}" for what in ("news", "jobs") for how in ("once", "lost", "doubled")),
)
"""The measures of a web of peers in each situation."""
HELD = ("connections", "sockets", "threads", "descriptors", "rss_bytes")
"""The usage of a process: of each size of peer and of a hub, as in connections.large."""
GIVEN = "addresses_given"
CHAOS = "chaos"
OF_CHAOS = tuple(f"{CHAOS}_{what}" for what in ("pairs", "least", "once", "twice"))
BOX, EACH = "box", "each"


@dataclass(frozen=True)
class Median:
    """A median over the trials of one program in one situation, with its interval.

    ``low`` and ``high`` are nan where there are too few trials for 95 %.
    """

    topology: str
    clients: int
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
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in usable(survey["rows"]):
        place = row["topology"], row["clients"], row["key"], row["fault"]
        found.setdefault(place, []).append(row)
    made = []
    for place, rows in found.items():
        for measure in measures(place[-1], rows[0]):
            if values := [*_values(rows, measure)]:
                made.append(Median(*place, measure, median_interval(values)))
    yield from made
    yield from _least(made)


def _least(found: Iterable[Median]) -> Iterator[Median]:
    """Yield what is left of a web whichever box is struck: the least over all boxes."""
    least: dict[tuple[Any, ...], Median] = {}
    for median in found:
        box, _, blow = median.fault.partition("_")
        if median.measure == PAIRS and box == BOX:
            how, _, _ = blow.rpartition("_")
            place = median.topology, median.clients, median.key, f"{EACH}_{how}"
            if place not in least or median.value < least[place].value:
                least[place] = median
    for place, median in least.items():
        yield replace(median, fault=place[-1])


def usual(survey: Mapping[str, Any], found: Iterable[Median]) -> list[Median]:
    """Return the medians of topologies with as many clients as they have by themselves."""
    further = {name: about["clients"] for name, about in survey["topologies"].items()}
    return [median for median in found if median.clients not in further[median.topology]]


@dataclass(frozen=True)
class StackShare:
    """The share of a call that the choice of the stack decides, from 0 to 1.

    Each stack takes part with its best program of those that were tried. ``fast`` and
    ``slow`` are the keys of the fastest stack's and the slowest stack's.
    """

    topology: str
    clients: int
    fault: str
    fast: str
    slow: str
    value: float


def stack_shares(
    survey: Mapping[str, Any], concurrent: Collection[str] = ()
) -> Iterator[StackShare]:
    """Yield the share of each one-server topology, store and number of clients: 1 - fastest
    / slowest median.

    With several clients, programs whose servers handle several requests at a time take no
    part; ``concurrent`` are their keys.
    """
    stacks = {row["key"]: row["stack"] for row in survey["programs"]}
    best: dict[tuple[str, int, str], dict[str, Median]] = {}
    for median in medians(survey):
        if median.measure != "p50_ms" or servers_of(survey, median.topology) > 1:
            continue
        if median.clients > 1 and median.key in concurrent:
            continue
        place = median.topology, median.clients, median.fault
        mine, stack = best.setdefault(place, {}), stacks[median.key]
        if stack not in mine or median.value < mine[stack].value:
            mine[stack] = median
    for place, found in best.items():
        ordered = sorted(found.values(), key=lambda each: each.value)
        fast, slow = ordered[0], ordered[-1]
        if len(ordered) > 1:
            yield StackShare(*place, fast.key, slow.key, 1 - fast.value / slow.value)


def measures(fault: str, row: Row) -> tuple[str, ...]:
    """Return what is told of a situation, of which a row is."""
    if GIVEN in row:
        return "joined_s", GIVEN
    if fault == CHAOS:
        return OF_CHAOS
    if PAIRS in row:
        sizes = row["usage"] if is_calm(fault) else ()
        held = tuple(f"{name}.{size}" for size in sizes for name in HELD)
        return (*WEB, *["joined_s"] * is_calm(fault), *held)
    if is_calm(fault):
        return ("survival", "missed", *TIMES)
    if fault in (ADDED, REMOVED):
        return (*OPERATOR, "failed", *["new_share"] * (fault == ADDED))
    return "survival", "hurt", "reported", "lost", "held", "doubled"


def _values(rows: Iterable[Row], measure: str) -> Iterator[float]:
    for row in rows:
        late = measure.endswith("_ms") and row["late_ms"] > LATE_MS_MAX
        if late or (measure in TIMES and row["at_once"] > TIMED_AT_ONCE):
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
    name, _, size = measure.partition(".")
    value = row["usage"][size][name] if size else row[name]
    return None if value is None else float(value)


def is_calm(fault: str) -> bool:
    return fault.split("_", maxsplit=1)[0] == CALM


def case(survey: Mapping[str, Any], topology: str, clients: int) -> str:
    """Return "3_servers_20_clients", "1_clients" or "12_peers", as ids spell the boxes."""
    if is_web(survey, topology):
        return f"{clients}_peers"
    servers = servers_of(survey, topology)
    several = [f"{servers}_servers"] if servers > 1 else []
    return "_".join([*several, f"{clients}_clients"])


def servers_of(survey: Mapping[str, Any], topology: str) -> int:
    """Return how many servers a topology has that is no web."""
    boxes = survey["topologies"][topology]["boxes"]
    return next(int(box["count"]) for box in boxes if box["kind"] == "server")


def situation(survey: Mapping[str, Any], topology: str, fault: str) -> list[str]:
    """Return a situation as ids spell it: [] if nothing happens, or the blow.

    The store follows if it is another one than usual, or if the program has none usually.
    """
    about = survey["topologies"][topology]
    usual = about["stores"][0]
    if is_calm(fault):
        blow, store = [], fault.removeprefix(CALM).removeprefix("_") or usual
    else:
        blow, store = [fault] * (fault != CHAOS), usual
    told = store and (store != usual or about["program"] != topology)
    return [*blow, *([store] if told else [])]


def is_web(survey: Mapping[str, Any], topology: str) -> bool:
    """Say whether a topology is a web of peers, or a star that can take its place."""
    return any(box["kind"] == "peer" for box in survey["topologies"][topology]["boxes"])


def program_of(survey: Mapping[str, Any], topology: str) -> str:
    """Return the name of the files that play a topology."""
    return str(survey["topologies"][topology]["program"])
