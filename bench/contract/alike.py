"""Which programs may be compared: those that promise the same, as far as a case tells.

Every pair of the project comes from here: of declared comparisons, charts, tables, changes,
reproductions, and of the run that measures a new stack. A program's promise stands in its
stack's ``stack.toml`` (see ``contract.PROMISES``) and ``check`` tests it. A promise
separates two programs only in a case that exercises it:

loses, acknowledges, encrypts   in every case
batches                         where messages stream at full speed
concurrent                      where several clients ask one server

A program without a case (its size, say) exercises the first three alone.

Encryption is the only promise that may differ in a pair: a program is also compared with
its counterparts, which ``stack.toml`` names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import combinations
from typing import Any, TypeVar

from bench.contract.model import ENCRYPTS, PROMISES, SECURITIES, Cell
from bench.contract.rows import PYTHON, CaseRow, ProgramRow, promise_of

SUBJECT = "zmq"
"""The stack that the talk is about: always the first of a pair."""
BASELINE = "raw_socket"
"""The baseline: every stack is built on it, and it is always the second of a pair."""
LOSES, ACKNOWLEDGES, BATCHES, CONCURRENT, _ = PROMISES
AT_FULL_SPEED = ("throughput", "zero_loss")
"""Quantities in which messages wait for each other, so that a program can join them."""
NO_RATIOS = ("idle_memory", "cost")
"""Quantities whose value in pyperf's files is beside the point: their measures are given
by themselves, and no ratio of times is made."""
MINIMAL = "minimal"
STAND_INS = {
    "lossless": "",
    "buffered": BATCHES,
    "lossy": LOSES,
    **dict.fromkeys(SECURITIES, ENCRYPTS),
}
"""Variants that stand for their stack where its ``minimal`` promises something else, in
this order: one named after a promise does so only where the case exercises that."""
ADJECTIVES = {
    LOSES: "lossy",
    ACKNOWLEDGES: "acknowledged",
    BATCHES: "batched",
    CONCURRENT: "concurrent",
    ENCRYPTS: "encrypted",
}
VERBS = {
    LOSES: "may lose messages",
    ACKNOWLEDGES: "acknowledges each message",
    BATCHES: "batches messages",
    CONCURRENT: "handles several requests at a time",
    ENCRYPTS: "encrypts messages",
}
BOTH_LOSE = (
    "both may lose messages, so that a rate depends on how much each may queue; the "
    "zero-loss rates are compared"
)

Row = TypeVar("Row", bound=ProgramRow)


class Kind(StrEnum):
    """Why two programs stand beside each other. All but ``APART`` get a verdict."""

    DECLARED = "claim"
    """Declared in ``bench.run.declared`` before the run."""
    FURTHER = "further"
    """Headline cells in any other case; the subject and alternatives of other stacks."""
    ALTERNATIVE = "alternative"
    """A variant and the headline cell of its own stack, or a counterpart in it."""
    LANGUAGE = "language"
    """A cell in Python and its port to another language."""
    OTHER_LANGUAGE = "other_language"
    """Stacks in another language than Python."""
    APART = "apart"
    """Programs that promise other things."""


def stack_order(name: str) -> tuple[int, str]:
    """Sort key of stacks: the subject first, the baseline last, others by name."""
    return ({SUBJECT: 0, BASELINE: 2}.get(name, 1), name)


def spoken_in(languages: Iterable[str]) -> str:
    """Return Python where it is among languages, else the first of them, '' of none."""
    known = set(languages)
    return PYTHON if PYTHON in known else min(known, default="")


def promises_still(row: Mapping[str, Any], cell: Cell) -> bool:
    """Say whether a cell still makes the promise that the row of a run has."""
    if "promise" in row:
        return bool(row["promise"] == cell.promise_words)
    return (LOSES in promise_of(row)) == cell.lossy


def loses(row: ProgramRow) -> bool:
    """Say whether a program may lose messages silently."""
    return LOSES in row.promise


def exercised(row: ProgramRow) -> tuple[str, ...]:
    """Return what a row's case exercises of its program's promise, in words."""
    quantity, instances = getattr(row, "quantity", ""), getattr(row, "instances", 1)
    counts = {
        LOSES: True,
        ACKNOWLEDGES: True,
        BATCHES: quantity in AT_FULL_SPEED,
        CONCURRENT: row.workload == "request_reply" and instances > 1,
        ENCRYPTS: True,
    }
    promised = row.promise.split(", ")
    return tuple(word for word in PROMISES if word in promised and counts[word])


def adjectives(row: ProgramRow) -> str:
    """Return "lossy, batched" of what a row's case exercises, '' of nothing."""
    return ", ".join(ADJECTIVES[word] for word in exercised(row))


def alike(a: ProgramRow, b: ProgramRow) -> bool:
    """Say whether two rows of one case may be compared."""
    return exercised(a) == exercised(b) and may_be_judged(a)


def may_be_judged(row: ProgramRow) -> bool:
    """Say whether a ratio with this row gets a verdict at all.

    Losses in a window depend on how much a program may queue, so that a rate with losses is
    no rate of like promises. The rates at which nothing is lost are compared.
    """
    at_speed = getattr(row, "quantity", "zero_loss") != "zero_loss"
    return not (at_speed and loses(row))


def has_ratios(row: CaseRow) -> bool:
    """Say whether the values of a case are times that are divided by each other."""
    return row.quantity not in NO_RATIOS


def what_separates(a: ProgramRow, b: ProgramRow, names: Sequence[str]) -> str:
    """Return why two rows are not compared: "batches messages: ZeroMQ yes, HTTP no"."""
    mine, theirs = exercised(a), exercised(b)
    said = []
    for word in PROMISES:
        if (word in mine) != (word in theirs):
            first, second = ("yes", "no") if word in mine else ("no", "yes")
            said.append(f"{VERBS[word]}: {names[0]} {first}, {names[1]} {second}")
    return "; ".join(said) or ("" if may_be_judged(a) else BOTH_LOSE)


def likes(rows: Iterable[Row]) -> list[list[Row]]:
    """Return rows of one case in groups of equal promise.

    First is the group of most stacks; of as many, the one with the subject.
    """
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(exercised(row), []).append(row)

    def order(promise: tuple[str, ...]) -> tuple[int, bool, int]:
        stacks = {row.stack for row in groups[promise]}
        return -len(stacks), SUBJECT not in stacks, len(promise)

    return [groups[promise] for promise in sorted(groups, key=order)]


def most_alike(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of one case by which its stacks are told apart.

    The first of ``likes`` of which a verdict may be given, none without one.
    """
    judged = (group for group in likes(rows) if may_be_judged(group[0]))
    return next(judged, [])


def may_stand(row: ProgramRow) -> bool:
    """Say whether a row's variant may stand for its stack in its case."""
    variant = row.variant
    if variant in (MINIMAL, *STAND_INS):
        return not STAND_INS.get(variant) or STAND_INS[variant] in exercised(row)
    return False


def headline_cells(rows: Iterable[Row]) -> dict[str, Row]:
    """Return the row that stands for each stack among rows of one promise.

    That is ``minimal`` where it is among them, else the first of ``STAND_INS``. A stack
    without any has none. Where there are programs in several languages, the one in Python
    stands for its stack, on the event loop that Python brings.
    """
    known = list(rows)
    spoken = spoken_in(row.language for row in known)
    order = [MINIMAL, *STAND_INS]
    heads = [
        row for row in known if row.language == spoken and may_stand(row) and not row.loop
    ]
    heads.sort(key=lambda row: -order.index(row.variant))
    return {row.stack: row for row in heads}


def compared_with(mine: Iterable[Row], others: Iterable[Row]) -> list[Row]:
    """Return those of other stacks' programs that can be compared with some of one stack.

    Each is for the workload of one of these, in its language, and makes the promises that
    every case exercises. It may stand for its stack, or has the variant of that program.
    """
    wanted, known = list(mine), (MINIMAL, *STAND_INS)
    return [
        other
        for other in others
        if any(
            (other.workload, other.language) == (one.workload, one.language)
            and other.stack != one.stack
            and other.variant in (*known, one.variant)
            and alike(one, other)
            for one in wanted
        )
    ]


def pairs(rows: Sequence[CaseRow]) -> Iterator[tuple[Kind, CaseRow, CaseRow]]:
    """Yield (kind, a, b) of one case's rows in one language: all that gets a verdict."""
    yielded = set()
    for group in likes(rows):
        if may_be_judged(group[0]):
            for kind, a, b in _pairs_of_likes(group):
                yielded |= {(a.id, b.id), (b.id, a.id)}
                yield kind, a, b
    for kind, a, b in _pairs_of_counterparts(rows):
        if (a.id, b.id) not in yielded:
            yielded |= {(a.id, b.id), (b.id, a.id)}
            yield kind, a, b


def are_counterparts(a: ProgramRow, b: ProgramRow) -> bool:
    """Say whether the first of two rows of one case differs from the second in one thing.

    Its ``stack.toml`` names the second. Both run on one event loop, and promise the same
    but for encryption.
    """
    named = f"{b.stack}.{b.variant}" in a.counterparts.split(", ")
    same = {*exercised(a)} ^ {*exercised(b)} <= {ENCRYPTS} and a.loop == b.loop
    return named and same and may_be_judged(a)


def _pairs_of_counterparts(
    rows: Sequence[CaseRow],
) -> Iterator[tuple[Kind, CaseRow, CaseRow]]:
    for row in sorted(rows, key=lambda row: row.key):
        for other in rows:
            if are_counterparts(row, other):
                own = row.stack == other.stack
                yield Kind.ALTERNATIVE if own else Kind.FURTHER, row, other


def _pairs_of_likes(rows: list[CaseRow]) -> Iterator[tuple[Kind, CaseRow, CaseRow]]:
    heads = headline_cells(rows)
    for first, second in combinations(sorted(heads, key=stack_order), 2):
        yield Kind.FURTHER, heads[first], heads[second]
    for row in sorted(rows, key=lambda row: row.key):
        head = heads.get(row.stack)
        if head is not None and row.id == head.id:
            continue
        if SUBJECT in heads and row.stack != SUBJECT:
            yield Kind.FURTHER, heads[SUBJECT], row
        if BASELINE in heads and row.stack not in (SUBJECT, BASELINE):
            yield Kind.FURTHER, row, heads[BASELINE]
        if head is not None:
            yield Kind.ALTERNATIVE, row, head


def pairs_apart(rows: Sequence[CaseRow]) -> Iterator[tuple[CaseRow, CaseRow]]:
    """Yield the pairs of one case's rows in one language that get no verdict.

    They are each stack's minimal program, and each program whose promise no other stack
    makes, beside the minimal programs of the other stacks.
    """
    shown = [row for row in rows if row.variant == MINIMAL or _is_lonely(row, rows)]
    seen = set()
    for row in shown:
        for other in rows:
            if other.variant != MINIMAL or other.stack == row.stack:
                continue
            a, b = sorted((row, other), key=lambda each: stack_order(each.stack))
            if alike(a, b) or (a.id, b.id) in seen:
                continue
            seen.add((a.id, b.id))
            yield a, b


def _is_lonely(row: CaseRow, rows: Iterable[CaseRow]) -> bool:
    return not any(o.stack != row.stack and alike(o, row) for o in rows)


def in_two_languages(rows: Sequence[CaseRow]) -> Iterator[tuple[CaseRow, CaseRow]]:
    """Yield each row in Python with the row of its port to another language, alike or
    not.
    """
    for python in rows:
        if python.language != PYTHON or python.loop:
            continue
        for other in rows:
            same = (other.stack, other.variant) == (python.stack, python.variant)
            if same and other.language != PYTHON:
                yield python, other
