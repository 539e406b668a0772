"""Which comparisons the tables of README and of the terminal show, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.contract.alike import SUBJECT, Kind
from bench.contract.rows import CaseRow, case_named
from bench.report import words
from bench.report.entries import program_at
from bench.run.declared import fastest

Entry = Mapping[str, Any]
SHOWN = (Kind.DECLARED, Kind.FURTHER, Kind.OTHER_LANGUAGE, Kind.APART)
MINIMAL = "minimal"


def declared_cases(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return the comparisons in each declared case, other programs' too, in order.

    Without declared comparisons, they are in every case in which stacks were compared.
    """
    named = {entry["case"] for entry in entries if entry["kind"] == Kind.DECLARED}
    named = named or {entry["case"] for entry in entries if entry["kind"] in SHOWN}
    cases: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry["case"] in named and entry["kind"] in SHOWN:
            cases.setdefault(entry["case"], []).append(entry)

    def place(case: str) -> tuple[int, bool]:
        row = case_named(case)
        return words.order(row.workload), row.placement == "shared"

    ordered = sorted(cases, key=place)
    return {case: sorted(of_the_subject(cases[case]), key=rank) for case in ordered}


def of_the_subject(pairs: Iterable[Entry]) -> list[Entry]:
    """Return the pairs that the subject is first of, all of them where there is none."""
    every = list(pairs)
    mine = [pair for pair in every if program_at(pair["cells"][0]).stack == SUBJECT]
    return [pair for pair in mine if second(pair).stack != SUBJECT] or every


def second(pair: Entry) -> CaseRow:
    """Return the second program of a pair."""
    return program_at(pair["cells"][1])


def is_fastest(pair: Entry) -> bool:
    """Say whether the second of a pair is named as its stack's fastest program."""
    return fastest().get(second(pair).workload) == key(str(pair["id"]))


def key(identifier: str) -> str:
    """Return the key of the second of a pair, which the pair's id ends with."""
    return ".".join(identifier.rsplit(".", 3)[-3:])


def rank(pair: Entry) -> tuple[Any, ...]:
    """Sort key of one case's pairs: the best and the shortest of each stack come first.

    Programs in C follow those in Python, pairs of unlike promises stand last.
    """
    return (
        pair["kind"] == Kind.APART,
        second(pair).language != words.PYTHON,
        not is_fastest(pair),
        pair["kind"] != Kind.DECLARED,
        second(pair).variant != MINIMAL,
        pair["labels"][1],
    )


def stands(pair: Entry) -> bool:
    """Say whether the second of a pair is its stack's fastest or its minimal program."""
    return is_fastest(pair) or second(pair).variant == MINIMAL


def opponent(pair: Entry) -> str:
    """Return the name of the second of a pair, with what it stands for."""
    label = str(pair["labels"][1])
    if not is_fastest(pair):
        return label
    return f"{label}, declared beforehand as {words.stack_of(label)}'s fastest"
