"""Which comparisons the tables of README and of the terminal show, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.contract.alike import SUBJECT, Kind
from bench.report import words
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
    order = {name: number for number, name in enumerate(words.WORKLOADS)}
    ordered = sorted(
        cases.items(),
        key=lambda item: (order.get(item[0].split(".")[0], 9), "shared" in item[0]),
    )
    return {case: sorted(of_the_subject(pairs), key=rank) for case, pairs in ordered}


def of_the_subject(pairs: Iterable[Entry]) -> list[Entry]:
    """Return the pairs that the subject is first of, all of them where there is none."""
    every = list(pairs)
    mine = [pair for pair in every if pair["cells"][0].startswith(f"{SUBJECT}/")]
    return [p for p in mine if not p["cells"][1].startswith(f"{SUBJECT}/")] or every


def is_fastest(pair: Entry) -> bool:
    """Say whether the second of a pair is named as its stack's fastest program."""
    workload = str(pair["case"]).split(".", maxsplit=1)[0]
    return fastest().get(workload) == key(str(pair["id"]))


def key(identifier: str) -> str:
    """Return the key of the second of a pair, which the pair's id ends with."""
    return ".".join(identifier.rsplit(".", 3)[-3:])


def rank(pair: Entry) -> tuple[Any, ...]:
    """Sort key of one case's pairs: the best and the shortest of each stack come first.

    Programs in C follow those in Python, pairs of unlike promises stand last.
    """
    _, variant, language = key(str(pair["id"])).split(".")
    return (
        pair["kind"] == Kind.APART,
        not language.startswith(words.PYTHON),  # on any event loop
        not is_fastest(pair),
        pair["kind"] != Kind.DECLARED,
        variant != MINIMAL,
        pair["labels"][1],
    )


def stands(pair: Entry) -> bool:
    """Say whether the second of a pair is its stack's fastest or its minimal program."""
    _, variant, _ = key(str(pair["id"])).split(".")
    return is_fastest(pair) or variant == MINIMAL


def opponent(pair: Entry) -> str:
    """Return the name of the second of a pair, with what it stands for."""
    label = str(pair["labels"][1])
    if not is_fastest(pair):
        return label
    stack = label.split(" (", maxsplit=1)[0]
    return f"{label}, declared beforehand as {stack}'s fastest"
