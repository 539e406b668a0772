"""ZMTP, ZeroMQ's protocol: what becomes of strange bytes, and how long is a peer by hand?

The list is to ZMTP what that of ``http_by_hand`` is to HTTP. libzmq also speaks versions
before 3, which have no signature: bytes of strangers can pass for messages of version 1.
A domain of ZAP turns these versions away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.measure.code.size import size
from bench.surveys.experiments.catalogue.zmtp_cases.cases import CASES
from bench.surveys.experiments.experiment import (
    FULL,
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.surveys.experiments.processes import line, role, started

INSIDE = "bench.surveys.experiments.catalogue.zmtp_cases.inside"
BY_HAND = "by_hand"
PROGRAMS = Path(__file__).parent / "programs"
SUBJECTS = {
    "libzmq": "libzmq",
    "libzmq_zap_domain": "libzmq with a domain of ZAP",
    BY_HAND: "a peer by hand",
}
ALL = len(CASES)
LIMIT_S = 60.0
QUANTITIES = {
    "passed": Quantity(
        "cases", f"{{subject}} gets {{value}} of {ALL} cases of ZMTP right", most=ALL
    ),
    "strange_messages": Quantity(
        "messages",
        "{subject} takes {value} messages from the cases that break the protocol",
    ),
    "statements": Quantity("statements", "{subject} has {value} statements"),
}


def judged(subject: str) -> Mapping[str, Mapping[str, Any]]:
    """Return what became of each case, by its name."""
    with started(role(INSIDE, subject)) as process:
        found: Mapping[str, Mapping[str, Any]] = json.loads(line(process, LIMIT_S))
    return found


def in_words(one: Mapping[str, Any]) -> str:
    """Return an answer for a table: "WRONG: 2 messages; open"."""
    count = one["messages"]
    said = f"{count} message{'' if count == 1 else 's'}"
    left = "closed" if one["closed"] else "open"
    return f"{'right' if one['right'] else 'WRONG'}: {said}; {left}"


def measure(block: Block) -> Found:
    """Put all cases to all peers, side by side: most of it is waiting."""
    order = block.random.sample([*SUBJECTS], len(SUBJECTS))
    with ThreadPoolExecutor(len(order)) as pool:
        made = dict(zip(order, pool.map(judged, order), strict=True))
    strange = {case.name for case in CASES if not case.messages and not case.reply}
    return Found(
        {
            "passed": {s: sum(one["right"] for one in made[s].values()) for s in SUBJECTS},
            "strange_messages": {
                s: sum(made[s][name]["messages"] for name in strange) for s in SUBJECTS
            },
            "statements": {
                BY_HAND: size(PROGRAMS / f"{BY_HAND}.py", (PROGRAMS,)).statements
            },
        },
        {case.name: {s: in_words(made[s][case.name]) for s in SUBJECTS} for case in CASES},
    )


EXPERIMENT = Experiment(
    name="zmtp_cases",
    asks=f"How many of {ALL} cases of ZMTP does a peer get right?",
    control="A peer by hand that speaks ZMTP 3 alone, which a test holds to every case.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    profile=FULL,
    versions=libzmq,
)
