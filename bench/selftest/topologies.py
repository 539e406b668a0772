"""Shares of requests served and of state missed are known of programs made for that.

Beside them ZeroMQ's proxy is compared with theory: whose turn it is does not depend on who
asks, so that a request is with the last server of its client once in N.
"""

from __future__ import annotations

from pathlib import Path

from bench.contract.model import IMPLEMENTATIONS
from bench.contract.topology import players, topologies
from bench.faults.boxes import CALM
from bench.selftest.answers import Answer
from bench.selftest.losses import FAULTY
from bench.surveys.topologies.survey import Row, Wanted, make

NAME = "servers"
PROXY = "zmq.proxied.python"
SERVED = {"forgetting": 0.9}
MISSED = {"pinned": 0.0, "alternating": 1.0}
COUNT_SHARE = 0.02
"""A few of some hundred requests: the tenths begin at any of ten."""
OF_THEORY = 0.1
"""More than three standard errors of a share of 300 requests and more."""


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Make a calm trial of each."""
    del blocks, logs
    topology = topologies()[NAME]
    cells = [c for root in (FAULTY, IMPLEMENTATIONS) for c in players(topology, root)]
    known = {*SERVED, *MISSED}
    wanted = [
        Wanted(topology, cell, CALM, 0)
        for cell in cells
        if cell.variant.name in known or cell.key == PROXY
    ]
    rows: dict[str, Row] = {}
    make(wanted, seed, lambda row: rows.update({row["key"]: row}), at_once=2)
    servers = topology.server.count
    theory = 1 - 1 / servers
    return [_answer(rows[each.cell.key], each.cell.variant.name, theory) for each in wanted]


def _answer(row: Row, variant: str, theory: float) -> Answer:
    if "error" in row:
        return Answer(variant, "a calm trial", row["error"], "a value", passed=False)
    what = "survival" if variant in SERVED else "missed"
    expected = {**SERVED, **MISSED}.get(variant, theory)
    within = COUNT_SHARE if variant in SERVED or variant in MISSED else OF_THEORY
    return Answer(
        f"{what} of requests, {variant}",
        f"{expected:.3f}",
        f"{row[what]:.3f}",
        f"{expected - within:.3f} to {expected + within:.3f}",
        abs(row[what] - expected) <= within,
        needs_quiet=variant not in SERVED,
    )
