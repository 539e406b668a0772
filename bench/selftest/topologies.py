"""Shares of requests served and of state missed are known of programs made for that.

Beside them ZeroMQ's proxy is compared with theory: whose turn it is does not depend on who
asks, so that a request is with the last server of its client once in N. A frozen
server hurts the clients that keep to it, and no others.

Each answer is found twice, all trials side by side: their number must not change a count.
"""

from __future__ import annotations

from pathlib import Path

from bench.contract.model import IMPLEMENTATIONS
from bench.contract.topology import players, topologies
from bench.faults.boxes import CALM
from bench.selftest.answers import KnownAnswer
from bench.selftest.losses import FAULTY
from bench.surveys.topologies.profiles import PROFILES
from bench.surveys.topologies.survey import Row, Wanted, make

NAME = "servers"
PROXY = "zmq.proxied.python"
SERVED = {"forgetting": 0.9}
MISSED = {"pinned": 0.0, "alternating": 1.0}
FROZEN, PINNED = "box_frozen_server", "pinned"
KEEPING = (6, 8)
"""How many of 20 clients keep to a server: two processes of ten deal out three servers."""
COUNT_SHARE = 0.02
"""A few of some hundred requests: the tenths begin at any of ten."""
OF_THEORY = 0.1
"""More than three standard errors of a share of 300 requests and more."""
TRIALS = 2


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make trials of each, as many side by side as in a survey."""
    del blocks, logs
    topology = topologies()[NAME]
    cells = [c for root in (FAULTY, IMPLEMENTATIONS) for c in players(topology, root)]
    known = {*SERVED, *MISSED}
    wanted = [
        Wanted(topology, cell, fault, trial)
        for trial in range(TRIALS)
        for cell in cells
        if cell.variant.name in known or cell.key == PROXY
        for fault in (CALM, *[FROZEN] * (cell.variant.name == PINNED))
    ]
    rows: dict[tuple[str, str, int], Row] = {}
    make(
        wanted,
        seed,
        lambda row: rows.update({(row["key"], row["fault"], row["trial"]): row}),
        PROFILES["standard"].at_once,
    )
    servers = topology.server.count
    theory = 1 - 1 / servers
    return [
        _answer(rows[each.cell.key, each.fault, each.trial], each.cell.variant.name, theory)
        for each in wanted
    ]


def _answer(row: Row, variant: str, theory: float) -> KnownAnswer:
    if "error" in row:
        return KnownAnswer(
            f"{variant}, {row['fault']}", "", row["error"], "a value", passed=False
        )
    if row["fault"] == FROZEN:
        return _frozen(row)
    what = "survival" if variant in SERVED else "missed"
    expected = {**SERVED, **MISSED}.get(variant, theory)
    within = COUNT_SHARE if variant in SERVED or variant in MISSED else OF_THEORY
    return KnownAnswer(
        f"{what} of requests, {variant}",
        f"{expected:.3f}",
        f"{row[what]:.3f}",
        f"{expected - within:.3f} to {expected + within:.3f}",
        abs(row[what] - expected) <= within,
        needs_quiet=variant not in SERVED,
    )


def _frozen(row: Row) -> KnownAnswer:
    hurt, survival = row["hurt"], row["survival"]
    rest = 1 - hurt / row["clients"]
    return KnownAnswer(
        "hurt if the server is frozen to which clients keep, and survival",
        f"{KEEPING[0]} or {KEEPING[1]} clients of {row['clients']}",
        f"{hurt}, {survival:.3f}",
        f"{KEEPING[0]} or {KEEPING[1]}, {rest - OF_THEORY:.3f} to {rest + OF_THEORY:.3f}",
        hurt in KEEPING and abs(survival - rest) <= OF_THEORY,
        needs_quiet=True,
    )
