"""What has to be changed in a program when its task changes: computed from the programs.

Between workloads, statements that differ, found by ``difflib`` in the normal forms, so
that layout and comments do not count. A statement that was replaced counts once; a file
that only one of two programs needs counts whole.

Between one peer and several, and between transports, nothing is changed where ``check``
passed the same file both ways: it runs every program with several peers and with one, and
over each transport that its stack names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from typing import Any

import pandas as pd

from bench.programs import statements_of

TRANSPORTS = ("tcp", "ipc", "inproc")
WORKLOADS = ("request_reply", "fan_out", "pipeline")
NOT_OFFERED, NOT_PASSED, NOT_CHECKED = "not offered", "not passed", "not checked"
Row = Mapping[str, Any]


def changed(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many statements differ; of a replaced stretch, the longer side counts."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")


def between_workloads(code: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield, for each variant with several workloads, what lies between two of them."""
    kept = {name: statements_of(name, text) for name, text in code["texts"].items()}
    groups: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in code["programs"]:
        key = row["stack"], row["variant"], row["language"]
        groups.setdefault(key, {})[row["workload"]] = row
    for (stack, variant, language), rows in groups.items():
        known = [name for name in WORKLOADS if name in rows]
        for first, second in combinations(known, 2):
            yield {
                "stack": stack,
                "variant": variant,
                "language": language,
                "from": first,
                "to": second,
                "changed": _between(rows[first], rows[second], kept),
                "before": rows[first]["statements"],
                "after": rows[second]["statements"],
                "cells": [rows[first]["cell"], rows[second]["cell"]],
            }


def _between(first: Row, second: Row, kept: Mapping[str, Sequence[str]]) -> int:
    (own, *shared), (other, *others) = first["files"], second["files"]
    alone = set(shared) ^ set(others)
    return changed(kept[own], kept[other]) + sum(len(kept[name]) for name in alone)


def between_peers(program: Row, checks: pd.DataFrame) -> int | str:
    """Return what serving several peers takes beside one: 0 where one file does both."""
    passed = _passed(program, checks)
    if not passed:
        return NOT_CHECKED
    return 0 if all(passed.values()) else NOT_PASSED


def between_transports(
    program: Row, checks: pd.DataFrame, first: str, second: str
) -> int | str:
    """Return what another transport takes: 0, or why there is no such number."""
    if not {first, second} <= set(program["transports"]):
        return NOT_OFFERED
    passed = _passed(program, checks)
    if not {first, second} <= set(passed):
        return NOT_CHECKED
    return 0 if passed[first] and passed[second] else NOT_PASSED


def _passed(program: Row, checks: pd.DataFrame) -> dict[str, bool]:
    """Return whether a program passed, by the transports over which it was checked."""
    if checks.empty:
        return {}
    mine = checks[checks["cell"] == program["cell"]]
    return dict(zip(mine["transport"], mine["passed"].astype(bool), strict=True))
