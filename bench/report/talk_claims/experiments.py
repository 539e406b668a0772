"""Experiments on subjects of the talk that are no claims: measured, and planned.

A later experiment is added in ``experiments.toml``, and its numbers appear as soon as a run
has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report.talk_claims.conditions import compiled
from bench.report.talk_claims.evidence import Entry, number, span
from bench.report.talk_claims.files import FOLDER, listed, read

FILE = FOLDER / "experiments.toml"


@dataclass(frozen=True)
class Experiment:
    """A question, the control of what is measured on it, and what is ``planned``.

    ``numbers`` are patterns of the ids of numbers.json that a run has of it.
    """

    id: str
    subject: str
    asks: str
    control: str
    planned: tuple[str, ...]
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """An experiment with what a run has of it: id and number, or verdict."""

    experiment: Experiment
    found: tuple[tuple[str, str], ...]


def read_experiments(path: Path = FILE) -> list[Experiment]:
    """Return the experiments of a file. Raises UsageError for one that lacks a field."""

    def made(table: dict[str, Any]) -> Experiment:
        return Experiment(**listed(table, "planned", "numbers"))

    return read(path, "experiments", made)


def _shown(entry: Entry) -> str:
    if entry["verdict"]:
        return str(entry["verdict"])
    found = span(entry)
    return number(found[0], str(entry["unit"])) if found else "too few blocks"


def measure(experiments: Iterable[Experiment], entries: Sequence[Entry]) -> list[Measured]:
    """Return each experiment with its numbers; ``entries`` are those of numbers.json."""
    made = []
    for one in experiments:
        patterns = [compiled(pattern) for pattern in one.numbers]
        found = tuple(
            (str(entry["id"]), _shown(entry))
            for entry in entries
            if any(pattern.fullmatch(str(entry["id"])) for pattern in patterns)
        )
        made.append(Measured(one, found))
    return made
