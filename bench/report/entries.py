"""Parts of the entries of numbers.json that several makers share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from bench.contract.model import LANGUAGES
from bench.contract.rows import CaseRow
from bench.report import words
from bench.report.words import date, machine

OF_A_RUN = (
    "sentence", "value", "ci_low", "ci_high", "confidence", "blocks", "medians",
    "medians_unit", "ratio_of_medians", "verdict", "check", "stands", "caution", "run",
    "date", "machine", "versions", "grade",
)  # fmt: skip
"""The keys of a comparison that are about its run: each machine's row has its own."""


def of_run(entry: Mapping[str, Any], run: str) -> dict[str, Any]:
    """Return an entry as another run of the published set has it, or unchanged."""
    for row in entry.get("machines", ()):
        if row["run"] == run:
            return {**entry, **{name: row[name] for name in OF_A_RUN if name in row}}
    return dict(entry)


def exact(value: float, blocks: int = 0) -> dict[str, Any]:
    """Return what was counted and not estimated: its value is its own interval."""
    bounds = {"ci_low": value, "ci_high": value}
    return {"value": value, **bounds, "confidence": 1.0, "blocks": blocks}


def surveyed(
    survey: Mapping[str, Any],
    kind: str,
    identifier: str,
    value: float,
    unit: str,
    said: str,
) -> dict[str, Any]:
    """Return an entry of what a survey counted; its ``run`` is the survey's date."""
    return from_survey(survey, kind, identifier, exact(value), unit, said)


def from_survey(
    survey: Mapping[str, Any],
    kind: str,
    identifier: str,
    value: Mapping[str, Any],
    unit: str,
    said: str,
) -> dict[str, Any]:
    """Return an entry with a survey's value and interval, which are keys of ``value``."""
    about = dict(survey)
    versions = survey["machine"]["versions"]
    return {
        "id": identifier,
        "kind": kind,
        "sentence": said,
        "unit": unit,
        **value,
        "cells": [],
        "labels": [],
        "case": kind,
        "verdict": None,
        "run": f"{kind}-{date(about)}",
        "date": date(about),
        "machine": f"{machine(about)}, Linux {survey['machine']['kernel']}",
        "versions": ", ".join(f"{name} {found}" for name, found in versions.items()),
        "grade": words.PASSED_OVER,
    }


def program_at(cell: str, transport: str = "") -> CaseRow:
    """Return what a cell's path says of a program: "http/minimal/pipeline.py".

    Without an extension it is a program that does not exist, and has no language.
    """
    stack, variant, file = cell.split("/")
    path = PurePosixPath(file)
    return CaseRow(
        workload=path.stem,
        stack=stack,
        variant=variant,
        language=LANGUAGES.get(path.suffix, path.suffix.removeprefix(".")),
        transport=transport,
    )
