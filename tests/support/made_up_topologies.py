"""Surveys of topologies as tests make them up: every trial has the same values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.contract.model import Cell
from bench.contract.topology import Topology, players, topologies
from bench.surveys.topologies import survey
from bench.surveys.topologies.profiles import PROFILES, Profile
from bench.surveys.topologies.survey import opening, plan

EVERY = [(t, cell) for t in topologies().values() for cell in players(t)]
ZMQ = [(topology, cell) for topology, cell in EVERY if cell.stack.name == "zmq"]
VALUES = {
    "survival": 0.5, "hurt": 2, "handle_ms": 0.1, "network_share": 0.7, "reported": 1,
    "lost": 2, "held": 3, "doubled": 0, "told": True, "p50_ms": 1.0, "p99_ms": 2.0,
    "late_ms": 1.0, "missed": 0.66,
    "shares": {"serve.0": 0.3, "serve.1": 0.3, "serve.2": 0.4},
    "edits": 20, "reloads": 0, "restarts": 20, "due": 400, "busy": False, "at_once": 1,
}  # fmt: skip


def of(trials: int) -> Profile:
    return replace(PROFILES["full"], trials=trials)


def rows(wanted: list[survey.Wanted], **changed: Any) -> list[dict[str, Any]]:
    return [
        VALUES | dict(zip(survey.PLACE, each.key, strict=True)) | changed for each in wanted
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
