"""The survey of topologies in the report: what each program survives, and its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report import words
from bench.report.charts.boxes import BLOW, label
from bench.report.charts.style import Chart
from bench.report.entries import surveyed
from bench.report.model import Section, Table
from bench.report.sections import topology_words, web
from bench.report.sections.tables import chart_figure
from bench.report.words import date, machine
from bench.surveys.document import Survey
from bench.surveys.topologies.tally import (
    ADDED,
    CALM,
    OPERATOR,
    REMOVED,
    Median,
    case,
    is_calm,
    is_web,
    medians,
    program_of,
    situation,
    usual,
)

KIND, STACK_SHARE = "topology", "stack_share"
ID = "topologies"
TITLE = "The talk's pictures, each box struck"
NOT_SURVEYED = "Not surveyed: .venv/bin/nomiddle topologies."
NAMES = {
    "survival": ("survival", "share"),
    "hurt": ("hurt", "clients"),
    "reported": ("reported", "requests"),
    "lost": ("lost", "requests"),
    "held": ("held", "requests"),
    "doubled": ("doubled", "requests"),
    "failed": ("failed", "requests"),
    "new_share": ("new_share", "of its part"),
    "missed": ("state_missed", "share"),
    "p50_ms": ("service", "ms"),
    "p99_ms": ("service_p99", "ms"),
    "handle_ms": ("handle", "ms"),
    "network_share": ("network_share", "share"),
    **{name: (name, name) for name in OPERATOR},
}
"""The names of measures in ids, and their units."""
SAID = {
    "survival": "share of requests served within 2 s of their due moment",
    "hurt": "clients with a request that was never served",
    "reported": "requests that failed, of which the client was told",
    "lost": "requests that were never answered, of which the client was not told",
    "held": "requests that the client could not even send",
    "doubled": "requests that were handled twice",
    "failed": "requests that were not answered",
    "new_share": "requests of the new server over its part of all",
    "missed": "share of requests whose client was served by another server just before",
    "p50_ms": "median time from due to answered",
    "p99_ms": "99th percentile of the time from due to answered",
    "handle_ms": "median time in the server's own code, the database included",
    "network_share": "median share of a round trip that is outside of the server's code",
    "edits": "boxes whose list of servers was edited",
    "reloads": "boxes that took a new list while they ran",
    "restarts": "boxes that were started again for it",
}
COUNTS = {
    "statements": "statements",
    "tokens": "tokens",
    "gzip": "bytes",
    "directives": "directives",
}


def source(survey: Survey | None) -> str:
    """Return the line below the charts of a survey: its machine, date and trials."""
    if survey is None:
        return ""
    about = dict(survey)
    trials = f"medians of up to {survey['trials']} trials"
    return f"{machine(about)}  |  surveyed {_dates(survey)}  |  own networks  |  {trials}"


def header(survey: Survey | None) -> str:
    """Return the line below the title of the survey's page: not the run's machine."""
    if survey is None:
        return ""
    about = dict(survey)
    return f"surveyed on {_dates(survey)}; {machine(about)}; in networks of its own"


def _dates(survey: Survey) -> str:
    """Return the days on which trials were made."""
    sittings = survey.get("sittings") or [survey]
    made = {row.get("sitting", 0) for row in survey["rows"]}
    return " and ".join(sorted({date(sittings[sitting]) for sitting in made}))


def section(survey: Survey | None, drawn: Sequence[Chart] = ()) -> Section:
    """Return the report's section with its charts; without a survey it has the command that
    makes one.
    """
    if survey is None:
        return Section(ID, TITLE, [NOT_SURVEYED])
    about = dict(survey)
    lead = (
        "Clients ask servers that keep state, on every stack: without a middle, and "
        "behind a proxy, a broker, nginx, HAProxy or a balancer of the program's own. "
        "Requests are due at random moments, as those of independent users. One copy of a "
        "box is killed, frozen or cut off, and nothing is started again. A request counts "
        "as served if its right answer came within 2 s; counted are those due in the 4 s "
        f"after the blow. Surveyed on {_dates(survey)} on {machine(about)}: medians over "
        f"{survey['trials']} trials."
    )
    state = (
        "State is missed if another server served the client just before: a server that "
        "keeps state by itself then has an old one. A middle that hands round each request "
        "misses all but one of N in theory; a client that goes round by itself misses all; "
        "one that deals connections misses none."
    )
    found = [*medians(survey)]
    shown = [chart for chart in drawn if not chart.page_only]
    figures = [chart_figure(chart, survey["stacks"]) for chart in shown]
    tables = [*_tables(survey, found)]
    webs = [web.lead(survey, name) for name in survey["topologies"] if is_web(survey, name)]
    crowds = [
        f"{about['title']}: {' '.join(said)}"
        for name, about in survey["topologies"].items()
        if (said := [*topology_words.shares_said(survey, name)])
    ]
    said = [lead, *crowds, state, *webs]
    return Section(ID, TITLE, said, tables=tables, figures=figures)


def _tables(survey: Survey, found: Sequence[Median]) -> Iterator[Table]:
    for topology, about in survey["topologies"].items():
        programs = [row for row in survey["programs"] if row["topology"] == topology]
        mine = [median for median in found if median.topology == topology]
        often = usual(survey, mine)
        if is_web(survey, topology):
            yield from web.tables(survey, topology, programs, often)
            continue
        yield _blows(survey, about["title"], programs, often)
        if any(median.fault == ADDED for median in mine):
            yield _operated(survey, programs, often)
        else:
            yield _calm(survey, programs, mine)


def _by(found: Sequence[Median]) -> Mapping[tuple[str, str, str], float]:
    return {(m.key, m.fault, m.measure): m.value for m in found}


def _blows(
    survey: Survey, title: str, programs: Sequence[Any], found: Sequence[Median]
) -> Table:
    by = _by(found)
    blows = sorted({m.fault for m in found if m.fault.startswith(BLOW)})
    rows = [
        [
            label(survey, row),
            *(_struck(by, row["key"], blow) for blow in blows),
            _share(by.get((row["key"], CALM, "missed"))),
        ]
        for row in programs
    ]
    heads = [blow.removeprefix(BLOW).replace("_", " ") for blow in blows]
    caption = f"{title}: requests still served if a box is struck (clients hurt)"
    return Table(["program", *heads, "state missed"], rows, caption)


def _operated(survey: Survey, programs: Sequence[Any], found: Sequence[Median]) -> Table:
    by = _by(found)
    rows = [
        [
            label(survey, row),
            *(_count(by.get((row["key"], ADDED, n))) for n in (*OPERATOR, "failed")),
            _count(by.get((row["key"], REMOVED, "failed"))),
            *(f"{row[name]:,}" for name in COUNTS),
        ]
        for row in programs
    ]
    caption = (
        "A server added or removed under load, and what a program takes: directives of "
        "nginx.conf and haproxy.cfg are among its statements"
    )
    failed = "failed, added", "failed, removed"
    return Table(["program", *OPERATOR, *failed, *COUNTS], rows, caption)


def _calm(survey: Survey, programs: Sequence[Any], found: Sequence[Median]) -> Table:
    """Return the table of times without a blow, for each store and number of clients."""
    labels = {row["key"]: label(survey, row) for row in programs}
    by = {(m.key, m.clients, m.fault, m.measure): m.value for m in found}
    rows = [
        [
            labels[key],
            str(clients),
            " ".join(situation(survey, found[0].topology, fault)) or words.PASSED_OVER,
            *(_ms(by.get((key, clients, fault, name))) for name in TIMES),
            _share(by.get((key, clients, fault, "network_share"))),
        ]
        for key, clients, fault, measure in by
        if measure == "survival" and is_calm(fault)
    ]
    heads = ["clients", "database", "median", "99th percentile", "in the server's code"]
    caption = "Times from due to answered in ms, and the share of a call that is network"
    return Table(["program", *heads, "network"], sorted(rows), caption)


TIMES = ("p50_ms", "p99_ms", "handle_ms")


def _ms(value: float | None) -> str:
    return words.PASSED_OVER if value is None else words.number(value)


def _struck(by: Mapping[tuple[str, str, str], float], key: str, blow: str) -> str:
    if (key, blow, "survival") not in by:
        return words.PASSED_OVER
    return f"{_share(by[key, blow, 'survival'])} ({by[key, blow, 'hurt']:.0f})"


def _share(value: float | None) -> str:
    return words.PASSED_OVER if value is None else f"{100 * value:.1f} %"


def _count(value: float | None) -> str:
    return words.PASSED_OVER if value is None else f"{value:g}"


def numbers(survey: Survey | None) -> Iterator[dict[str, Any]]:
    """Yield the entries of numbers.json; ``run`` is the survey's, by its date.

    ``<topology>.<measure>[.<situation>].<boxes>.<key>`` of every median, its bounds null
    where the trials are too few; ``<topology>.size.<count>.<key>`` of every program;
    ``<topology>.stack_share[.<situation>].<boxes>`` of every store.
    """
    if survey is None:
        return
    programs = {(row["topology"], row["key"]): row for row in survey["programs"]}
    for median in medians(survey):
        program = programs[median.topology, median.key]
        name, unit, words_of_it = _named(median.measure)
        of = case(survey, median.topology, median.clients)
        when = situation(survey, median.topology, median.fault)
        low, high = median.bounds
        place = topology_words.place(survey, median.topology, median.clients, median.fault)
        said = (
            f"{label(survey, program)}, {place}: "
            f"{words_of_it}: {topology_words.value(median.value, unit)} "
            f"(median of {median.interval.blocks} trials)"
        )
        what = program_of(survey, median.topology)
        made = surveyed(
            survey,
            KIND,
            ".".join([what, name, *when, of, median.key]),
            median.value,
            unit,
            said,
        )
        yield made | {
            "ci_low": _bound(low),
            "ci_high": _bound(high),
            "confidence": median.interval.confidence,
            "blocks": median.interval.blocks,
            "cells": [program["cell"]],
            "labels": [label(survey, program)],
        }
    for share in topology_words.shares(survey):
        when = situation(survey, share.topology, share.fault)
        of = case(survey, share.topology, share.clients)
        fast, slow = (
            label(survey, programs[share.topology, key]) for key in (share.fast, share.slow)
        )
        place = topology_words.place(survey, share.topology, share.clients, share.fault)
        said = (
            f"{place}: with {fast} instead of {slow} a call takes {_share(share.value)} "
            "less time (medians over trials)"
        )
        name = ".".join([program_of(survey, share.topology), STACK_SHARE, *when, of])
        yield surveyed(survey, KIND, name, share.value, "share", said)
    for (topology, key), program in programs.items():
        if program_of(survey, topology) != topology:
            continue  # a run counts these
        for count, unit in COUNTS.items():
            packed = " (gzip)" if count == "gzip" else ""
            said = f"{label(survey, program)}: {program[count]:,} {unit}{packed} (counted)"
            name = f"{topology}.size.{count}.{key}"
            yield surveyed(survey, KIND, name, program[count], unit, said)


def _named(measure: str) -> tuple[str, str, str]:
    """Return a measure's name in ids, its unit, and its words."""
    if measure in NAMES:
        return *NAMES[measure], SAID[measure]
    return web.named(measure)


def _bound(value: float) -> float | None:
    return None if math.isnan(value) else value
