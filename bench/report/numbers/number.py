"""One citable number: what is said of it alone, and its entry of numbers.json."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.analysis.networks import delay_of
from bench.analysis.results import Run
from bench.contract.model import APART
from bench.contract.rows import ProgramRow
from bench.report import words
from bench.report.words import date, machine
from bench.run.machine import behind
from bench.trial.versions import NATIVE

SIGNIFICANT = 6
NOTHING: Mapping[str, Any] = {}


class Number(NamedTuple):
    """A number before it is an entry, which adds what all numbers of its run share.

    ``value`` has the keys of value and interval. ``note`` stands behind the sentence and
    ``more`` behind the verdict. Its versions are those of its ``programs``, or of a whole
    ``stack``, and so is its name unless it has ``labels``.
    """

    id: str
    kind: str
    sentence: str
    unit: str
    value: Mapping[str, Any]
    case: str
    programs: Sequence[ProgramRow] = ()
    verdict: str | None = None
    note: Mapping[str, Any] = NOTHING
    more: Mapping[str, Any] = NOTHING
    labels: Sequence[str] = ()
    stack: str = ""


def entry(run: Run, number: Number) -> dict[str, Any]:
    """Return the entry of a number; the grade of the run is not in it."""
    stacks, stack = run.about["stacks"], number.stack
    cells = [program.cell for program in number.programs]
    named = [words.cell(program, stacks) for program in number.programs]
    apart = APART in number.case.split(".")
    delay_ms = delay_of(run.about) if apart else None
    link = {} if delay_ms is None else {"delay_ms": delay_ms}
    over = "" if delay_ms is None else f", over a link with {words.delay(delay_ms)}"
    return {
        "id": number.id,
        "kind": number.kind,
        "sentence": f"{number.sentence}{over}",
        **link,
        **number.note,
        "unit": number.unit,
        **number.value,
        "cells": cells,
        "labels": [*number.labels]
        or named
        or ([words.stack(stack, stacks)] if stack else []),
        "case": number.case,
        "verdict": number.verdict,
        **number.more,
        **provenance(run, [stack] if stack else cells),
    }


def provenance(run: Run, cells: Sequence[str]) -> dict[str, Any]:
    """Return run, date, machine, and the versions that matter for cells or stacks."""
    return {
        "run": run.name,
        "date": date(run.about),
        "machine": f"{machine(run.about)}, Linux {run.about['machine']['kernel']}",
        "versions": _versions(run, cells),
    }


def _versions(run: Run, cells: Sequence[str]) -> str:
    """Return "Python 3.11.7, pyzmq 27.3.0"."""
    known = run.about["machine"]["versions"]
    names = [name for cell in cells for name in behind(run.about["stacks"], cell)]
    ordered = sorted(dict.fromkeys(names), key=NATIVE.__contains__)
    spelled = {"python": "Python"}
    return ", ".join(f"{spelled.get(n, n)} {known[n]}" for n in ordered if n in known)


def plain(value: float) -> float | None:
    """Return a number as JSON can hold it, cut to the digits that are worth keeping."""
    if math.isnan(value) or math.isinf(value):
        return None
    return float(f"{value:.{SIGNIFICANT}g}")


def interval(
    value: float, low: float, high: float, confidence: float, blocks: int
) -> dict[str, Any]:
    """Return value and interval; without blocks enough, the bounds say nothing."""
    none = math.isnan(low)
    return {
        "value": plain(value),
        "ci_low": None if none else plain(low),
        "ci_high": None if none else plain(high),
        "confidence": None if none else confidence,
        "blocks": blocks,
    }
