"""The words of a survey of topologies: whence a number is, and shares in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report import ratio, words
from bench.report.charts.boxes import BLOW, label
from bench.report.charts.findings import listed
from bench.report.charts.topology_facts import STORES
from bench.report.talk_claims.likes import handles_several
from bench.surveys.document import Survey
from bench.surveys.topologies.tally import (
    ADDED,
    CALM,
    CHAOS,
    EACH,
    REMOVED,
    StackShare,
    is_calm,
    is_web,
    medians,
    servers_of,
    situation,
    stack_shares,
)

HOW = {"killed": "killed", "killed_busy": "killed while busy", "frozen": "frozen",
       "cut": "cut off"}  # fmt: skip
PEER = "peer"
OPERATED = {ADDED: "a server added", REMOVED: "a server removed"}


def place(survey: Survey, topology: str, clients: int, fault: str) -> str:
    """Return "3 servers and 20 clients, a server frozen", or "1 client and SQLite"."""
    boxes = survey["topologies"][topology]["boxes"]
    if is_web(survey, topology):
        there = [words.plural(clients, "peer")]
    else:
        servers = servers_of(survey, topology)
        there = [f"{servers} servers"] if servers > 1 else []
        there.append(words.plural(clients, "client"))
    there += [STORES[s] for s in situation(survey, topology, fault) if s in STORES]
    struck = blow(boxes, fault)
    return f"{listed(there)}, {struck}" if struck else listed(there)


def blow(boxes: Sequence[Mapping[str, Any]], fault: str) -> str:
    """Return the words of a situation: "a server killed while busy", '' if all is calm."""
    if is_calm(fault):
        return ""
    if fault in OPERATED:
        return OPERATED[fault]
    if fault == CHAOS:
        return "one struck every two seconds"
    if fault.startswith(f"{EACH}_"):
        return f"any one {HOW[fault.removeprefix(f'{EACH}_')]}"
    how, _, name = fault.removeprefix(BLOW).rpartition("_")
    box = next(box for box in boxes if box["name"] == name)
    article = "a" if box["count"] > 1 else "the"
    kind = " peer" if box["kind"] == PEER else ""
    return f"{article} {name}{kind} {HOW[how]}"


def value(number: float, unit: str) -> str:
    """Return "92.1 %", rounded down, "1.85 ms", or a count as it is."""
    if unit == "share":
        return f"{math.floor(1000 * number + 1e-9) / 10:g} %"
    if unit in ("ms", "s"):
        return f"{words.number(number)} {unit}"
    return f"{number:,.12g}"


def shares(survey: Survey) -> list[StackShare]:
    """Return what the choice of the stack decides, between programs that are alike."""
    concurrent = {row["key"] for row in survey["programs"] if handles_several(row["cell"])}
    return [*stack_shares(survey, concurrent)]


def shares_said(survey: Survey, topology: str) -> Iterator[str]:
    """Yield a sentence for each store of one server and each number of clients."""
    if is_web(survey, topology) or servers_of(survey, topology) > 1:
        return
    labels = {row["key"]: label(survey, row) for row in survey["programs"]}
    network: dict[tuple[str, int], list[float]] = {}
    for median in medians(survey):
        if median.topology == topology and median.measure == "network_share":
            network.setdefault((median.fault, median.clients), []).append(median.value)
    decided = {(s.fault, s.clients): s for s in shares(survey) if s.topology == topology}
    for fault, clients in sorted(network, key=lambda each: (each[0] != CALM, each)):
        found = network[fault, clients]
        who = place(survey, topology, clients, fault)
        said = f"With {who}, {_span(found)} of a call is network"
        if share := decided.get((fault, clients)):
            said += (
                f", and {labels[share.fast]} is {ratio.times([1 - share.value])} faster "
                f"than {labels[share.slow]}"
            )
        yield f"{said}."


def _span(found: list[float]) -> str:
    low, high = (f"{100 * end:.0f}" for end in (min(found), max(found)))
    return f"{low} %" if low == high else f"{low} to {high} %"
