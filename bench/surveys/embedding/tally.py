"""Summaries of a survey of embedded servers: pure functions of its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.surveys import document

Row = Mapping[str, Any]
FILE = "embedding.json"


def read(path: Path) -> dict[str, Any] | None:
    """Return a survey, or None if there is none. Raises ResultsError if it is damaged."""
    return document.read(path, lambda found: agreement(found["programs"]), "embedding")


def agreement(programs: Iterable[Row]) -> dict[str, dict[str, list[str]]]:
    """Return the distinct answers of the languages, by stack and question.

    Only programs that represent a language count, and questions that apply to them. A
    question with fewer than two answers is left out.
    """
    said: dict[str, dict[str, list[str]]] = {}
    for program in programs:
        if not program["main"]:
            continue
        for name, answer in program["answers"].items():
            if answer["applies"]:
                of_stack = said.setdefault(str(program["stack"]), {})
                of_stack.setdefault(name, []).append(answer["said"])
    return {
        stack: {
            name: list(dict.fromkeys(found))
            for name, found in asked.items()
            if len(found) > 1
        }
        for stack, asked in said.items()
    }


def agreeing(distinct: Mapping[str, list[str]]) -> int:
    """Return for how many questions all languages of a stack give the same answer."""
    return sum(len(found) == 1 for found in distinct.values())


def in_common(
    said: Mapping[str, Mapping[str, list[str]]],
) -> dict[str, dict[str, list[str]]]:
    """Return an ``agreement`` reduced to the questions that every stack answered.

    There may be none; then stacks cannot be compared.
    """
    shared = set.intersection(*map(set, said.values())) if said else set()
    return {
        stack: {name: found for name, found in asked.items() if name in shared}
        for stack, asked in said.items()
    }


def answering(programs: Iterable[Row], question: str, word: str) -> dict[str, list[str]]:
    """Return the labels of the programs whose answer contains ``word``, by stack."""
    found: dict[str, list[str]] = {}
    for program in programs:
        answer = program["answers"].get(question)
        if answer and answer["applies"] and word in answer["said"]:
            found.setdefault(str(program["stack"]), []).append(program["label"])
    return found
