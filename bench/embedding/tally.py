"""What a survey of embedded servers comes to: pure functions of its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench import surveys

Row = Mapping[str, Any]
FILE = "embedding.json"


def read(path: Path) -> dict[str, Any] | None:
    """Return a survey, None where there is none. Raises ResultsError if damaged."""
    return surveys.read(path, lambda found: agreement(found["programs"]), "embedding")


def agreement(programs: Iterable[Row]) -> dict[str, dict[str, list[str]]]:
    """Return by stack and question the distinct answers of its languages.

    Only programs that stand for a language count, and questions that have a meaning. A
    question that fewer than two of them answered is left out.
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
    """Return in how many questions the languages of a stack give one answer."""
    return sum(len(found) == 1 for found in distinct.values())


def answering(programs: Iterable[Row], question: str, word: str) -> dict[str, list[str]]:
    """Return, by stack, the labels of programs in whose answer to a question a word is."""
    found: dict[str, list[str]] = {}
    for program in programs:
        answer = program["answers"].get(question)
        if answer and answer["applies"] and word in answer["said"]:
            found.setdefault(str(program["stack"]), []).append(program["label"])
    return found
