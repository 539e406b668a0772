"""The load of the machine in each block of a run whose programs took turns, by rounds.

The record of a whole block does not serve there. The processes that take turns are children
of a fork server. The harness does not see their CPU time, so that their work counts as that
of others. Each round counts the CPU time of its own processes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.analysis.raw_rows import counted_flags
from bench.analysis.rows import grouped
from bench.report import words
from bench.report.model import Columns, Table

REASONS = {
    "stolen": "CPU time stolen",
    "other processes": "other processes",
    "canary": "slow canary",
    "clock": "clock jumped",
    "stood still": "everything stood still",
}
"""The words for a flag, by a part of its text in ``bench.run.rounds``."""
CAPTION = (
    "Each block by its rounds. Made again: flagged rounds that a repetition stands for"
)
Ensemble = Mapping[str, Any]


@dataclass(frozen=True)
class BlockOfRounds:
    """The rounds of one block, counted from 0, with repetitions.

    ``again`` are repetitions, ``left`` the flagged ones among the rounds that count.
    ``canary_ms`` is a median. Shares are of all CPU time that passed during the rounds, 0
    to 1, None without a counter. ``reasons`` has a count for each kind of flag.
    """

    block: int
    rounds: int
    again: int
    flagged: int
    left: int
    canary_ms: float
    stolen: float | None
    others: float | None
    reasons: Counter[str]


def blocks(ensembles: Iterable[Ensemble]) -> list[BlockOfRounds]:
    """Return the load of the machine in each block, by ``run.ensembles``."""
    found = grouped(ensembles, lambda ensemble: int(ensemble["block"]))
    return [_block(number, found[number]) for number in sorted(found)]


def _block(number: int, made: Sequence[Ensemble]) -> BlockOfRounds:
    flags = [why for ensemble in made for why in ensemble["flags"]]
    return BlockOfRounds(
        block=number,
        rounds=len(flags),
        again=sum(repeat > 0 for ensemble in made for repeat in ensemble["repeat"]),
        flagged=sum(map(bool, flags)),
        left=sum(bool(why) for ensemble in made for why in counted_flags(ensemble)),
        canary_ms=median(ms for ensemble in made for ms in ensemble["canary_ms"]),
        stolen=_share(made, "stolen_s"),
        others=_share(made, "others_s"),
        reasons=Counter(kind(flag) for why in flags for flag in why),
    )


def _share(made: Sequence[Ensemble], name: str) -> float | None:
    """Return a part of the CPU time of the rounds that have it, None if none has."""
    known = [
        (part_s, cpu_s)
        for ensemble in made
        for part_s, cpu_s in zip(ensemble[name], ensemble["cpu_s"], strict=True)
        if part_s is not None and cpu_s
    ]
    passed_s = sum(cpu_s for _, cpu_s in known)
    return sum(part_s for part_s, _ in known) / passed_s if passed_s else None


def kind(flag: str) -> str:
    """Return what a flag is about, without its numbers: "slow canary"."""
    return next((said for part, said in REASONS.items() if part in flag), flag)


def table(ensembles: Iterable[Ensemble]) -> Table:
    """Return a row for each block."""

    def reasons(row: BlockOfRounds) -> str:
        counted = (f"{reason}: {count}" for reason, count in row.reasons.most_common())
        return "; ".join(counted) or words.PASSED_OVER

    columns: Columns[BlockOfRounds] = {
        "block": lambda row: str(row.block + 1),
        "rounds": lambda row: str(row.rounds),
        "flagged": lambda row: str(row.flagged),
        "made again": lambda row: str(row.again),
        "flagged, of those that count": lambda row: str(row.left),
        "canary, median, ms": lambda row: f"{row.canary_ms:.2f}",
        "CPU time stolen": lambda row: words.percent(row.stolen),
        "CPU time of others": lambda row: words.percent(row.others),
        "flagged for": reasons,
    }
    return Table.of(blocks(ensembles), columns, CAPTION)
