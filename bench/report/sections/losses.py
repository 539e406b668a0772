"""Where the subject loses: every comparison, longer program and fault that breaks it.

All pages, README and the slides take this from here, by way of the entries of numbers.json,
which hold every verdict there is. Faults come from the table of recoveries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.recovery import measured
from bench.analysis.recovery_rows import Recovery
from bench.analysis.stats import Verdict
from bench.contract.alike import SUBJECT, Kind, exercised, stack_order
from bench.contract.model import SLIDE
from bench.contract.rows import case_named
from bench.measure.recovery import BROKEN
from bench.report import ratio, words
from bench.report.charts import outcomes
from bench.report.charts.findings import FEW, listed
from bench.report.entries import program_at
from bench.report.talk_claims.likes import promise

Entry = Mapping[str, Any]
JUDGED = frozenset(Kind)
COUNTS = {"statements": "statements", "tokens": "tokens", "gzip": "bytes compressed"}
"""The counts of a program, by the word in an entry's id."""
VARIANTS = ("resilient", "reconnecting", "heartbeats", "proxied", SLIDE)
"""Variants that do more than the happy path, or less: each is compared with its like."""


@dataclass(frozen=True)
class Loss:
    """A comparison that another stack won: its entry, the winner and by how much.

    ``ratio`` is above 1: the subject's time over the other's. ``first`` says whether the
    subject is the first of the pair.
    """

    entry: Entry
    first: bool

    @property
    def winner(self) -> str:
        return str(self.entry["labels"][1 if self.first else 0])

    @property
    def loser(self) -> str:
        return str(self.entry["labels"][0 if self.first else 1])

    @property
    def ratio(self) -> float:
        value = float(self.entry["value"])
        return value if self.first else 1 / value

    @property
    def sentence(self) -> str:
        """Say who is faster than the subject, where, and by how much."""
        found, case = ratio.of_winner(self.entry), ratio.case(self.entry)
        doubt = ratio.doubt([self.entry])
        than = f"{found.times} faster than {self.loser}{found.interval}{doubt}"
        return f"{case}: {self.winner} is {than}."


@dataclass(frozen=True)
class Longer:
    """A program of the subject that takes more of something than another stack's."""

    workload: str
    loser: str
    winner: str
    counts: dict[str, tuple[int, int]]
    """By the name of a count: the winner's number and the subject's."""
    ids: tuple[str, ...]
    """The ids of the entries, the winner's before the subject's."""

    @property
    def sentence(self) -> str:
        said = [
            f"{less:,} {name} against {more:,}"
            for name, (less, more) in self.counts.items()
        ]
        return (
            f"{words.workload(self.workload)}: {self.winner} is shorter than {self.loser}: "
            f"{listed(said)}."
        )


def compared(entries: Iterable[Entry]) -> list[Entry]:
    """Return the comparisons of the subject with another stack that have a verdict."""
    return [
        entry
        for entry in entries
        if entry["kind"] in JUDGED
        and entry["verdict"]
        and _sides(entry).count(SUBJECT) == 1
    ]


def _sides(entry: Entry) -> list[str]:
    return [program_at(cell).stack for cell in entry["cells"]]


def lost(entries: Iterable[Entry]) -> list[Loss]:
    """Return the comparisons that the subject lost, the largest ratio first."""
    found = []
    for entry in compared(entries):
        first = _sides(entry)[0] == SUBJECT
        if entry["verdict"] == (Verdict.SLOWER if first else Verdict.FASTER):
            found.append(Loss(entry, first))
    return sorted(found, key=lambda loss: (-loss.ratio, str(loss.entry["id"])))


def counted(entries: Sequence[Entry]) -> str:
    """Return "ZeroMQ wins 27 of 68 comparisons and loses 22; equivalent: 3, ..."."""
    pairs, losing = compared(entries), len(lost(entries))
    found = Counter(str(entry["verdict"]) for entry in pairs)
    won = found[Verdict.FASTER] + found[Verdict.SLOWER] - losing
    same, unknown = found[Verdict.EQUIVALENT], found[Verdict.INCONCLUSIVE]
    doubtful = sum(not entry.get("stands", True) for entry in pairs)
    doubt = f" {doubtful} of these are in doubt ({ratio.FAILED})." if doubtful else ""
    return (
        f"ZeroMQ wins {won} of {words.plural(len(pairs), 'comparison')} and loses "
        f"{losing}; equivalent: {same}, undecided: {unknown}.{doubt}"
    )


# --- Code -----------------------------------------------------------------------------


def longer(entries: Iterable[Entry]) -> list[Longer]:
    """Return the programs of the subject that are longer than another stack's like.

    Alike are programs of one workload, language, variant and promise. The one with the
    fewest statements stands for its stack.
    """
    sizes: dict[tuple[Any, ...], dict[str, dict[str, dict[str, Entry]]]] = {}
    for entry in entries:
        count = str(entry["case"]).rpartition(".size.")[2]
        if entry["kind"] != "size" or count not in COUNTS:
            continue
        row = program_at(entry["cells"][0])
        counted_as = row.variant if row.variant in VARIANTS else ""
        key = row.workload, counted_as, row.language, promise(entry)
        place = sizes.setdefault(key, {})
        place.setdefault(row.stack, {}).setdefault(row.variant, {})[count] = entry
    return [one for place, stacks in sizes.items() for one in _longer_at(place[0], stacks)]


def _longer_at(
    workload: str, stacks: Mapping[str, Mapping[str, Mapping[str, Entry]]]
) -> Iterator[Longer]:
    mine = _shortest(stacks.get(SUBJECT, {}))
    for stack, variants in stacks.items():
        theirs = _shortest(variants)
        if stack == SUBJECT or not mine or not theirs:
            continue
        worse = [name for name in COUNTS if theirs[name]["value"] < mine[name]["value"]]
        if worse:
            loser, winner = (str(s["statements"]["labels"][0]) for s in (mine, theirs))
            counts = {
                COUNTS[name]: (int(theirs[name]["value"]), int(mine[name]["value"]))
                for name in worse
            }
            ids = tuple(str(s[name]["id"]) for name in worse for s in (theirs, mine))
            yield Longer(workload, loser, winner, counts, ids)


def _shortest(variants: Mapping[str, Mapping[str, Entry]]) -> Mapping[str, Entry]:
    whole = [sizes for sizes in variants.values() if set(COUNTS) <= set(sizes)]
    return min(whole, key=lambda sizes: int(sizes["statements"]["value"]), default={})


# --- Failures -------------------------------------------------------------------------


@dataclass(frozen=True)
class Broken:
    """A fault that breaks the subject's program, and not every like program."""

    fault: str
    title: str
    variant: str
    loser: str
    winners: tuple[str, ...]
    workloads: tuple[str, ...]
    """In words, each with what happened: "request/reply (crash)"."""

    @property
    def sentence(self) -> str:
        do = "does" if len(self.winners) == 1 else "do"
        return (
            f"{self.title[:1].upper()}{self.title[1:]}: {self.loser} fails "
            f"in {listed(self.workloads)}; {listed(self.winners)} {do} not."
        )


def broken(recoveries: Iterable[Recovery], stacks: Mapping[str, Any]) -> list[Broken]:
    """Return the faults that break the subject's program, and not one of another stack's.

    They stand in the order of ``bench.analysis.recovery``. Only programs of one variant,
    language and promise are compared.
    """
    rows = measured(recoveries)
    found: dict[tuple[str, str, str, tuple[str, ...]], dict[str, str]] = {}
    titles = {row.fault.name: row.fault.title for row in rows}
    for row in rows:
        case = row.case
        if case.stack != SUBJECT or row.verdict != BROKEN:
            continue
        whole = [o.case for o in rows if _rivals(row, o) and o.verdict != BROKEN]
        if whole:
            whole.sort(key=lambda other: stack_order(other.stack))
            winners = tuple(dict.fromkeys(words.cell(other, stacks) for other in whole))
            key = row.fault.name, case.variant, words.cell(case, stacks), winners
            what = f"{words.workload(case.workload).lower()} ({outcomes.worst(row)[0]})"
            found.setdefault(key, {})[case.workload] = what
    return [
        Broken(
            fault,
            titles[fault],
            variant,
            loser,
            winners,
            tuple(where[name] for name in words.WORKLOADS if name in where),
        )
        for (fault, variant, loser, winners), where in found.items()
    ]


def _rivals(mine: Recovery, other: Recovery) -> bool:
    def same(row: Recovery) -> tuple[object, ...]:
        case = row.case
        task = row.fault.name, case.workload, case.variant, case.language
        return *task, exercised(case)

    return other.case.stack != SUBJECT and same(mine) == same(other)


# --- In short -------------------------------------------------------------------------


def lead(entries: Sequence[Entry]) -> str:
    """Return how the subject's comparisons ended, and what is listed after them."""
    return (
        f"{counted(entries)} They are with another stack, in any language and case. The "
        "largest difference stands first, then every program that "
        "takes more code than another stack's like, then every fault that breaks a program "
        "on ZeroMQ and not its like on another stack."
    )


def in_short(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield where the subject loses, a clause for each winner and quantity.

    "to BSD sockets (minimal) in request/reply round trip, 1.4x to 2.6x (2 comparisons)".
    """
    groups: dict[tuple[str, str, str], list[float]] = {}
    for loss in lost(entries):
        row = case_named(loss.entry["case"])
        where = f"{words.workload(row.workload).lower()} {words.quantity(row)}"
        groups.setdefault((row.workload, loss.winner, where), []).append(loss.ratio)

    def rank(group: tuple[tuple[str, str, str], list[float]]) -> tuple[int, float]:
        (workload, _, _), ratios = group
        return words.order(workload), -max(ratios)

    for (_, winner, where), ratios in sorted(groups.items(), key=rank):
        cases = words.plural(len(ratios), "case")
        yield f"to {winner} in {where}, {ratio.times(ratios, FEW)} ({cases})"
