"""Surveys of topologies as tests make them up: every trial has the same values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.contract.model import Cell
from bench.contract.topology import Topology, players, topologies
from bench.surveys.topologies import survey, tally
from bench.surveys.topologies.kept import opening
from bench.surveys.topologies.profiles import PROFILES, Profile
from bench.surveys.topologies.survey import plan

EVERY = [(t, cell) for t in topologies().values() for cell in players(t)]
ZMQ = [(topology, cell) for topology, cell in EVERY if cell.stack.name == "zmq"]
VALUES = {
    "survival": 0.5, "hurt": 2, "handle_ms": 0.1, "network_share": 0.7, "reported": 1,
    "lost": 2, "held": 3, "doubled": 0, "told": True, "p50_ms": 1.0, "p99_ms": 2.0,
    "late_ms": 1.0, "missed": 0.66,
    "shares": {"serve.0": 0.3, "serve.1": 0.3, "serve.2": 0.4},
    "edits": 20, "reloads": 0, "restarts": 20, "due": 400, "busy": False, "at_once": 1,
}  # fmt: skip

OF_WEB = {
    **dict.fromkeys(tally.WEB, 0.5), "joined_s": 0.5, "pairs_alive": 1.0, "late_ms": 1.0,
    **dict.fromkeys(tally.OF_CHAOS, 0.9), "pairs_each_s": [1.0, 0.8], "doubled": 0,
    "busy": False, "at_once": 1,
    "usage": {box: dict.fromkeys(tally.HELD, 3.0) for box in ("large", "medium", "small")},
}  # fmt: skip
FOUND = {"joined_s": 0.4, "addresses_given": 1, "late_ms": 0.0, "busy": False, "at_once": 2}


def _values_of(topology: Topology) -> dict[str, Any]:
    if topology.finds:
        return FOUND
    return OF_WEB if topology.peers else VALUES


def of(trials: int) -> Profile:
    return replace(PROFILES["full"], trials=trials)


def rows(wanted: list[survey.Wanted], **changed: Any) -> list[dict[str, Any]]:
    return [
        _values_of(each.topology) | dict(zip(survey.PLACE, each.key, strict=True)) | changed
        for each in wanted
    ]


def surveyed(
    trials: int = 6, some: Sequence[tuple[Topology, Cell]] = ZMQ, **changed: Any
) -> dict[str, Any]:
    """Return a survey as its file has it, of ZeroMQ's programs if nothing else is said."""
    made = {
        **opening(some, of(trials), 1),
        "rows": rows(plan(some, of(trials), 1), **changed),
    }
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found
