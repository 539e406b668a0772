"""Whether a server in front of one's own is worth it: from experiments, and from a survey.

The experiment ``in_front`` has one server with and without nginx; the survey of topologies
has several servers behind it, one of which freezes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bench.analysis.stats import Interval, bounds
from bench.report import ratio, words
from bench.report.charts.boxes import FROZEN, Struck, share, struck
from bench.report.charts.findings import listed
from bench.report.model import Answer
from bench.report.sections.over_machines import cpu
from bench.surveys.experiments import kept
from bench.surveys.topologies.tally import servers_of

Survey = Mapping[str, Any]
Values = Mapping[tuple[str, str], Interval]
"""Intervals by quantity and subject."""
QUESTION = "Is nginx in front worth it?"
EXPERIMENT, TOPOLOGY, SECTION = "in_front", "servers", "topologies"
ALONE, NGINX, REUSED = "alone", "nginx", "reuse_port"
KILLED = "box_killed_middle"
COSTS = {
    "configuration_lines": "lines of configuration",
    "processes": "processes",
    "memory_mib": "MiB of memory",
}
"""The things that nginx adds, by the name of a quantity."""
PROGRAMS = {
    "http.nginx_least.python": "nginx with least_conn",
    "http.nginx.python": "plain nginx",
    "http.direct.python": "clients that know all servers, without nginx,",
}
"""The programs of the survey on HTTP, by their keys, and what a sentence calls them."""


class Said(NamedTuple):
    """A finding as a phrase of a few words, and as a sentence with its numbers."""

    short: str
    long: str


def answer(made: dict[str, Any] | None, survey: Survey | None) -> Answer | None:
    """Return what nginx costs and gives, None if neither document knows it.

    ``made`` are the experiments, ``survey`` is that of topologies.
    """
    said = [*_alone(_values(made)), *_several(survey)]
    if not said:
        return None
    short = ". ".join(one.short for one in said if one.short)
    text = " ".join([*(one.long for one in said), *_measured_on(made, survey)])
    return Answer(QUESTION, short, text, SECTION)


def _measured_on(made: dict[str, Any] | None, survey: Survey | None) -> Iterator[str]:
    """Yield on which machine the experiment and the survey were made."""
    rows = [row for row in kept.rows(made) if row["name"] == EXPERIMENT]
    for name, about in (("experiment", [*rows, None][0]), ("survey", survey)):
        if about and "machine" in about:
            yield f"The {name} was made on {cpu(about['machine']['cpu'])}."


def _values(made: dict[str, Any] | None) -> Values:
    return {
        (quantity, subject): found
        for row in kept.rows(made)
        if row["name"] == EXPERIMENT
        for quantity, subject, found in kept.numbers(row)
    }


def _alone(values: Values) -> Iterator[Said]:
    """Yield what nginx costs one server and what it keeps off."""
    yield from _slower(values)
    yield from _added(values)
    yield from _closed(values)
    yield from _restarted(values)


def _pair(values: Values, quantity: str) -> tuple[Interval, Interval] | None:
    """Return a quantity of the server alone and behind nginx, None if one lacks."""
    alone, behind = (values.get((quantity, name)) for name in (ALONE, NGINX))
    return (alone, behind) if alone and behind else None


def _slower(values: Values) -> Iterator[Said]:
    pair = _pair(values, "round_trip_us")
    if not pair:
        return
    alone, behind = pair
    apart = bounds(alone)[1] < bounds(behind)[0]
    if not apart:
        said = "The data show no difference in round trips"
        yield Said(said, f"{said} with nginx.")
        return
    times = ratio.times([behind.estimate / alone.estimate])
    each = [words.time_us(found.estimate) for found in pair]
    yield Said(
        f"Without nginx a server answers {times} faster",
        f"It costs time: aiohttp alone answers {times} faster than behind nginx ({each[0]} "
        f"against {each[1]}).",
    )


def _added(values: Values) -> Iterator[Said]:
    added = [
        f"{words.number(found.estimate)} {name}"
        if not float(found.estimate).is_integer()
        else f"{found.estimate:.0f} {name}"
        for quantity, name in COSTS.items()
        if (found := values.get((quantity, NGINX)))
    ]
    if added:
        yield Said("", f"nginx adds {listed(added)}.")


def _closed(values: Values) -> Iterator[Said]:
    pair = _pair(values, "slow_closed_s")
    if pair and math.isinf(pair[0].estimate) and math.isfinite(pair[1].estimate):
        yield Said(
            "nginx closes clients that never finish a request",
            "It gives protection: nginx closes clients whose header never ends after "
            f"{words.number(pair[1].estimate)} s, and aiohttp alone leaves them open.",
        )


def _restarted(values: Values) -> Iterator[Said]:
    pair = _pair(values, "failed_restart")
    if not pair or pair[1].estimate >= pair[0].estimate:
        return
    alone, behind = (_count(found.estimate) for found in pair)
    reused = values.get(("failed_restart", REUSED))
    also = bool(reused and reused.estimate <= pair[1].estimate)
    end = ""
    if reused:
        end = f" With SO_REUSEPORT and no nginx, {_count(reused.estimate)} fail."
    yield Said(
        "It hides a restart of the server"
        + (", and SO_REUSEPORT does so without nginx" if also else ""),
        f"During a restart of aiohttp {alone} requests fail alone, and {behind} behind "
        f"nginx.{end}",
    )


def _count(value: float) -> str:
    return f"{value:.0f}" if value else "none"


def _several(survey: Survey | None) -> Iterator[Said]:
    """Yield what nginx does for several servers, and what becomes of it when it dies."""
    if survey is None or TOPOLOGY not in survey["topologies"]:
        return
    rows = struck(survey, TOPOLOGY)
    frozen = {row.key: row for row in rows if row.blow == FROZEN}
    known = [key for key in PROGRAMS if key in frozen]
    if not any("nginx" in key for key in known):
        return
    each = [f"{PROGRAMS[key]} {_answered(frozen[key])}" for key in known]
    long = (
        f"If one of {servers_of(survey, TOPOLOGY)} servers freezes for good: "
        f"{'; '.join(each)}."
    )
    yield Said(_frozen(frozen, known), long)
    yield from _dead(rows)


def _answered(row: Struck) -> str:
    verb = "answer" if row.key == "http.direct.python" else "answers"
    return f"{verb} {share(row.survival)} of requests"


def _frozen(frozen: Mapping[str, Struck], known: Sequence[str]) -> str:
    """Return which nginx still answers most requests: the better of two ways."""
    best = max(
        (key for key in known if "nginx" in key), key=lambda key: frozen[key].survival
    )
    return (
        f"With a frozen server among several, {PROGRAMS[best]} answers "
        f"{share(frozen[best].survival)} of requests"
    )


def _dead(rows: Sequence[Struck]) -> Iterator[Said]:
    left = [row.survival for row in rows if row.blow == KILLED and row.key in PROGRAMS]
    if not left:
        return
    most = share(max(left))
    if max(left) == 0:
        yield Said(
            "If nginx itself dies, nothing answers",
            "If nginx itself dies, nothing answers.",
        )
        return
    said = f"If nginx itself dies, {most} of requests are answered"
    yield Said(said, f"{said}.")
