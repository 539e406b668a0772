"""A web of peers in the report: its tables, and the names of its measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bench.report import words
from bench.report.charts.boxes import BLOW, label
from bench.report.model import Table
from bench.surveys.document import Survey
from bench.surveys.topologies.tally import CALM, CHAOS, GIVEN, HELD, OF_CHAOS, PAIRS, Median

HELD_SAID = {
    "connections": ("connections", "ends of established TCP connections of a process"),
    "sockets": ("sockets", "open sockets of a process"),
    "threads": ("threads", "threads of a process"),
    "descriptors": ("descriptors", "open descriptors of a process"),
    "rss_bytes": ("bytes", "resident memory of a process"),
}
CHAOS_SAID = {
    "chaos_pairs": "share of pairs that talk while one peer is struck every two seconds",
    "chaos_least": "least share of pairs that talk in any second of that",
    "chaos_once": "share of the jobs due meanwhile whose result was stored once",
    "chaos_twice": "share of the jobs due meanwhile whose result was stored more than once",
}
NAMES = {
    **{name: (name, "share") for name in CHAOS_SAID},
    "joined_s": ("joined_s", "s"),
    GIVEN: (GIVEN, "addresses"),
    PAIRS: (PAIRS, "share"),
    "pairs_of_all": ("pairs_of_all", "share"),
    **{
        f"{what}_{how}": (f"{what}_{how}", "share")
        for what in ("news", "jobs")
        for how in ("once", "lost", "doubled")
    },
}
"""The names of measures in ids, and their units. The box stands behind its usage."""
SAID = {
    **CHAOS_SAID,
    "joined_s": "time from the last start until each peer has met each other",
    GIVEN: "addresses that a peer has to be given to find all others",
    PAIRS: "share of pairs of unharmed peers that still talk, 2 to 4 s later",
    "pairs_of_all": "share of all pairs that still talk, those of a struck peer included",
    "news_once": "share of news that came once to a subscriber",
    "news_lost": "share of news that did not come to a subscriber",
    "news_doubled": "share of news that came more than once to a subscriber",
    "jobs_once": "share of jobs whose result was stored once",
    "jobs_lost": "share of jobs whose result was never stored",
    "jobs_doubled": "share of jobs whose result was stored more than once",
}


def named(measure: str) -> tuple[str, str, str]:
    """Return a measure's name in ids, its unit, and its words."""
    if measure in NAMES:
        return *NAMES[measure], SAID[measure]
    name, _, box = measure.partition(".")
    unit, said = HELD_SAID[name]
    return measure, unit, f"{said} ({box}, median)"


def lead(survey: Survey, topology: str) -> str:
    """Return what is asked of a web, with its numbers of peers."""
    boxes = survey["topologies"][topology]["boxes"]
    if finds(survey, topology):
        return (
            "Peers that know nothing of each other ask a registry, gossip, or shout on "
            "their network segment, every half second or as soon as they hear of "
            "another. All begin within two seconds, in random order."
        )
    sizes = [f"{box['count']} {box['name']}" for box in boxes if box["kind"] == "peer"]
    every = f"{', '.join(sizes[:-1])} and {sizes[-1]}"
    return (
        f"In the web, {every} peers use calls, news and jobs at once. Each asks each other "
        "one about once a second. All begin within two seconds, in random order. A pair is "
        "alive if the second peer answers the first within 2 s. Pairs, news and jobs of "
        "peers that were struck themselves do not count."
    )


def tables(
    survey: Survey, topology: str, programs: Sequence[Any], found: Sequence[Median]
) -> Iterator[Table]:
    """Yield tables of pairs alive, of news and jobs, of chaos, and of what peers hold."""
    by = {(m.key, m.fault, m.measure): m.value for m in found}
    if finds(survey, topology):
        yield _found(survey, topology, programs, by)
        return
    blows = sorted({m.fault for m in found if m.fault.startswith(BLOW)})
    heads = [blow.removeprefix(BLOW).replace("_", " ") for blow in blows]
    title = survey["topologies"][topology]["title"]

    def table(
        heads: Sequence[str], caption: str, says: Callable[[str], list[str]]
    ) -> Table:
        rows = [[label(survey, row), *says(row["key"])] for row in programs]
        return Table(["program", *heads], rows, caption)

    yield table(
        heads,
        f"{title}: pairs of unharmed peers that still talk if a box is struck",
        lambda key: [_share(by, key, blow, PAIRS) for blow in blows],
    )
    yield table(
        heads,
        "News that came exactly once, and jobs that were done exactly once",
        lambda key: [_once(by, key, blow) for blow in blows],
    )
    yield table(
        ["pairs, mean", "pairs, least", "jobs once", "jobs more than once"],
        "One peer is killed, frozen or cut off every two seconds, and comes back",
        lambda key: [_share(by, key, CHAOS, name) for name in OF_CHAOS],
    )
    boxes = [box["name"] for box in survey["topologies"][topology]["boxes"]]
    held = [(name, box) for box in boxes for name in HELD]
    there = {m.measure for m in found}
    held = [(name, box) for name, box in held if f"{name}.{box}" in there]
    yield table(
        ["s to join", *(f"{_short(name)}, {box}" for name, box in held)],
        "Seconds until all know all, and what a process of each size holds",
        lambda key: [
            _number(by.get((key, CALM, "joined_s"))),
            *(_held(by, key, name, box) for name, box in held),
        ],
    )


def finds(survey: Survey, topology: str) -> bool:
    """Say whether the peers of a topology do nothing but find each other."""
    return any(
        "discover" in box["roles"] for box in survey["topologies"][topology]["boxes"]
    )


def _found(
    survey: Survey,
    topology: str,
    programs: Sequence[Any],
    by: Mapping[tuple[str, str, str], float],
) -> Table:
    rows = [
        [
            label(survey, row),
            _number(by.get((row["key"], CALM, "joined_s"))),
            _number(by.get((row["key"], CALM, GIVEN))),
            f"{row['statements']:,}",
        ]
        for row in programs
    ]
    title = survey["topologies"][topology]["title"]
    heads = ["program", "s until all know all", "addresses given", "statements"]
    return Table(heads, rows, f"{title}: from the last start")


def _short(name: str) -> str:
    return {"rss_bytes": "MiB"}.get(name, name)


def _held(by: Mapping[tuple[str, str, str], float], key: str, name: str, box: str) -> str:
    value = by.get((key, CALM, f"{name}.{box}"))
    if value is not None and name == "rss_bytes":
        value /= 2**20
    return words.PASSED_OVER if value is None else f"{value:.0f}"


def _number(value: float | None) -> str:
    return words.PASSED_OVER if value is None else words.number(value)


def _share(
    by: Mapping[tuple[str, str, str], float], key: str, fault: str, measure: str
) -> str:
    return words.percent(by.get((key, fault, measure)))


def _once(by: Mapping[tuple[str, str, str], float], key: str, blow: str) -> str:
    return ", ".join(_share(by, key, blow, f"{of}_once") for of in ("news", "jobs"))
