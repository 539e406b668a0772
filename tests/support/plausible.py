"""The values that numbers.json could have had: the range of each kind of evidence.

The ranges are wide on purpose. They are narrower than "anything" only where the harness
itself keeps a value from being otherwise. An outage contains the time for which the fault
holds a server down. A program that promises to lose nothing has no value once it lost
something. A program that passed no check over a transport has no count of changes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.faults.all_faults import all_faults
from bench.measure.recovery import VERDICTS as OUTCOMES
from bench.report.talk_claims.conditions import Condition, wild
from bench.report.talk_claims.evidence import look
from bench.surveys.experiments.all_experiments import all_experiments

LONGEST_S = 3600.0
SHARE = (0.0, 1.0)
PER_CENT = (0.0, 100.0)
MANY = (0.0, 1e6)
SIZE = (1.0, 10_000.0)
PART_OF_SIZE = (0.0, 10_000.0)
"""The size of a part that a program may lack; none lacks a connection."""
COMPARED = ("faster", "slower", "equivalent", "inconclusive")
KINDS: tuple[tuple[str, tuple[float, float]], ...] = (
    (r".*\.recovery_in_place\..*", SHARE),
    (r".*\.recovery_(gone|silent)\..*", MANY),
    (r".*\.recovery_(late|reconnect|settle)\..*", (1e-6, LONGEST_S)),
    (r".*\.(tcp_to_ipc|tcp_to_inproc|one_peer_to_several)\.changed\..*", (0.0, 0.0)),
    (r".*\.size\.(framing|error|business)\..*", PART_OF_SIZE),
    (r".*\.(size|changed)\..*", SIZE),
    (r".*\.price\..*", PART_OF_SIZE),
    (r".*\.level\..*", (0.0, 2.0)),
    (r"embedding\.(agreeing|differing|differing_in_common)\..*", (0.0, 12.0)),
    (r"languages\.[a-z_.]*share", SHARE),
    (r"languages\..*", (0.0, 100.0)),
    (r"web\.(pairs|news|jobs|chaos)_.*", SHARE),
    (r"(web|discovery)\.joined_s\..*", (1e-6, LONGEST_S)),
    (r".*\.(survival|state_missed|network_share)\..*", SHARE),
    (r".*\.(edits|reloads|restarts)\..*", MANY),
    (r".*\.(latency|throughput|response|service)\..*", (1e-6, LONGEST_S)),
)
"""The least and the largest value of each kind, in the unit of numbers.json."""
PARTS_OF = (
    ("languages.http_client.standard_library", "languages.surveyed"),
    ("languages.http_server.standard_library", "languages.surveyed"),
    ("languages.zmq.interoperating", "languages.zmq.tried"),
)
"""Numbers of which the first counts some of what the second counts."""


@cache
def _lossy() -> frozenset[tuple[str, str]]:
    cells = find_cells([IMPLEMENTATIONS])
    return frozenset((cell.workload.name, cell.key) for cell in cells if cell.lossy)


@cache
def _lasts_s() -> Mapping[str, float]:
    return {name: fault.lasts_s for name, fault in all_faults().items()}


def extremes(name: str) -> tuple[float, float]:
    """Return the least and the largest value that a number of this id could have."""
    workload, quantity, *rest = name.split(".")
    if quantity.endswith("_lost"):
        may_lose = (workload, ".".join(rest[-3:])) in _lossy()
        return PER_CENT if may_lose else (0.0, 0.0)
    if quantity == "recovery":
        return _lasts_s().get(rest[0], 1e-6), LONGEST_S
    if workload in all_experiments():
        declared = all_experiments()[workload].quantities[quantity]
        most = declared.most if math.isfinite(declared.most) else LONGEST_S
        return max(declared.least, 1e-6), most
    return next(ends for kind, ends in KINDS if re.fullmatch(kind, name))


def _examples(pattern: str) -> Iterator[tuple[str, list[str]]]:
    """Yield ids that match, each with what its wild parts became: a star, one word."""
    parts = re.split(r"(\*|\{[^}]*\})", pattern)
    choices = [
        ["any"] if part == "*" else part[1:-1].split(",") if part[:1] == "{" else [part]
        for part in parts
    ]
    for chosen in product(*choices):
        yield "".join(chosen), [chosen[i] for i in range(1, len(chosen), 2)]


def _entry(name: str, value: float, verdict: str | None = None) -> dict[str, Any]:
    ends = {"value": value, "ci_low": value, "ci_high": value, "confidence": 1.0}
    return {"id": name, **ends, "unit": "", "verdict": verdict, "cells": []}


def _evidence(condition: Condition, first: int, second: int) -> dict[str, dict[str, Any]]:
    """Return entries at one end of their range, and what they are taken over at another."""
    made = {}
    for one in condition.counted:
        over = one.over or ("",) * len(one.numbers)
        for pattern, other in zip(one.numbers, over, strict=True):
            for name, became in _examples(pattern):
                made[name] = _entry(name, extremes(name)[first])
                if other:
                    filled = other
                    for part in became[: len(wild(other))]:
                        filled = filled.replace("*", part, 1)
                    made[filled] = _entry(filled, extremes(filled)[second])
    for part, whole in PARTS_OF:
        if part in made and whole in made:
            value = made[part]["value"], made[whole]["value"] or 1.0
            made[whole] = _entry(whole, value[1])
            made[part] = _entry(part, min(value))
    return made


def outcomes(condition: Condition) -> set[str]:
    """Return every outcome that evidence at the ends of its range gives a condition."""
    if condition.verdicts:
        pattern = condition.numbers[0]
        possible = OUTCOMES if ".recovery" in pattern else COMPARED
        names = [name for pattern in condition.numbers for name, _ in _examples(pattern)]
        return {
            look(condition, {name: _entry(name, 1.0, verdict) for name in names}).outcome
            for verdict in possible
        }
    ends = product((0, 1), repeat=2)
    return {look(condition, _evidence(condition, *end)).outcome for end in ends}
