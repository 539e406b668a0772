"""How a program breaks its contract in a trial, or reports trouble: the kinds, and counts.

The files of a run hold the breaches of a trial as JSON, in a text, since pyperf keeps texts
and numbers only. ``write`` makes it, ``read`` reads it, and nothing else knows its form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

NOTHING = "nothing"
"""The description of a trial without a breach."""


class BreachKind(StrEnum):
    """The kinds of breaches, the worst first; a value is the text without its numbers.

    The fault itself finds the first ones, with a detail. The kinds from ``REPORTED_LOST``
    on are trouble that the application knows of.
    """

    OTHERS_SLOWED = "the other had"
    NOT_GONE = "not gone"
    SECOND_NOT_TOLD = "a second one was not told that the address is taken"
    NOBODY_TOLD = "nobody was told"
    NEWCOMER_NOT_SERVED = "a newcomer was not served"
    NOT_SERVED = "not served"
    CRASHED = "the process of"
    WRONG_ANSWERS = "wrong answers"
    UNEXPECTED = "unexpected messages"
    NOT_RECOVERED = "did not recover"
    LOST_IN_SILENCE = "lost in silence"
    EXECUTED_TWICE = "executed twice"
    DELIVERED_TWICE = "delivered twice"
    KEPT_WAITING = "kept waiting"
    MEMORY = "MiB of memory"
    OUT_OF_ORDER = "out of order"
    LOST = "lost"
    REPORTED_LOST = "reported lost"
    DIED = "lost with who had them"
    REPORTED_BUT_ARRIVED = "reported lost that arrived"
    LATE = "answered after the deadline"
    RAISED = "raised"
    ENDED = "ended"
    OTHER = ""
    """One that a run of another version has in its files; its detail is what it had."""


@dataclass(frozen=True)
class Breach:
    """One breach: ``count`` is 0 if the kind cannot be counted."""

    kind: BreachKind
    count: int = 0
    detail: str = ""

    @property
    def what(self) -> str:
        """The text without the count."""
        return f"{self.kind} {self.detail}".strip()

    def __str__(self) -> str:
        return f"{self.count} {self.what}" if self.count else self.what


def counted(counts: dict[BreachKind, int]) -> list[Breach]:
    """Return a breach of each kind whose count is not 0."""
    return [Breach(kind, count) for kind, count in counts.items() if count]


def described(breaches: Iterable[Breach]) -> str:
    """Return breaches in words: "3 lost in silence, did not recover"."""
    return ", ".join(map(str, breaches)) or NOTHING


def write(breaches: Iterable[Breach]) -> str:
    """Return breaches as a run keeps them: a list of kind, count and detail each."""
    return json.dumps([[b.kind.name.lower(), b.count, b.detail] for b in breaches])


def read(text: str) -> list[Breach]:
    """Return the breaches that ``write`` has written, also those of earlier versions."""
    if text.startswith("["):
        return [_breach(*kept) for kept in json.loads(text)]
    return [] if text == NOTHING else [_read_words(part) for part in text.split(", ")]


def _breach(kind: str, count: int, detail: str) -> Breach:
    known = BreachKind.__members__.get(kind.upper())
    if known is None:
        return Breach(BreachKind.OTHER, count, f"{kind} {detail}".strip())
    return Breach(known, count, detail)


def _read_words(part: str) -> Breach:
    """Return a breach of an earlier version, which described it in words."""
    found = re.fullmatch(r"(?:(\d+) )?(.*)", part, re.DOTALL)
    assert found
    count, words = found.groups()
    kind = max((kind for kind in BreachKind if words.startswith(kind)), key=len)
    return Breach(kind, int(count or 0), words[len(kind) :].strip())
