"""Which cell is quickest in a case, and by how much: from estimates and comparisons.

Every stack is there with its quickest cell that may not lose, in one language. What is
said of two cells is the verdict of their comparison; cells that were not compared have a
ratio of medians, and no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.comparisons import LOSSY, in_one_language
from bench.estimates import headline_measure
from bench.frames import records

NOT_COMPARED = ""
OPPOSITE = {"faster": "slower", "slower": "faster"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Rival:
    """A stack's quickest cell beside the leader.

    ``ratio`` is its time over the leader's, with interval; bounds are nan where the two
    were not compared, or in too few blocks. ``verdict`` is on the rival.
    """

    row: Row
    ratio: float
    low: float
    high: float
    confidence: float
    blocks_done: int
    verdict: str

    @property
    def behind(self) -> bool:
        """Whether the data can tell that it is slower than the leader.

        Of two that were not compared, if their intervals lie apart.
        """
        return self.verdict == "slower"


@dataclass(frozen=True)
class Race:
    """One case: the quickest cell of all, and that of every other stack."""

    name: str
    placement: str
    leader: Row
    rivals: list[Rival]

    @property
    def decided(self) -> bool:
        return all(rival.behind for rival in self.rivals)


def time_of(row: Row) -> float:
    """Return what is compared of a row of ``estimates``: a time, less is better."""
    return 1 / row["value"] if row["measure"] == "rate" else float(row["value"])


def entrants(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``estimates`` that may lead: nothing lossy, no floor, no twin."""
    headline = table["measure"] == table["quantity"].map(headline_measure)
    real = (table["twin"] == 0) & ~table["floor"].astype(bool)
    kept = table[headline & real & (table["fan_out_mode"] != LOSSY) & (table["value"] > 0)]
    return in_one_language(kept)


def _rival(compared: pd.DataFrame, leader: Row, row: Row) -> Rival:
    ratio = time_of(row) / time_of(leader)
    for pair in records(compared[compared["name"] == row["name"]]) if len(compared) else []:
        keys = pair["key_a"], pair["key_b"]
        if keys == (row["key"], leader["key"]):
            low, high, said = pair["low"], pair["high"], pair["verdict"]
            ratio = pair["ratio"]
        elif keys == (leader["key"], row["key"]):
            low, high, ratio = 1 / pair["high"], 1 / pair["low"], 1 / pair["ratio"]
            said = OPPOSITE.get(pair["verdict"], pair["verdict"])
        else:
            continue
        sure = pair["confidence"], int(pair["blocks_done"])
        return Rival(row, ratio, low, high, *sure, said)
    return Rival(row, ratio, math.nan, math.nan, math.nan, 0, NOT_COMPARED)


def race(table: pd.DataFrame, compared: pd.DataFrame) -> Race | None:
    """Return the race of one case's rows of ``estimates``, None without two stacks."""
    rows = sorted(records(entrants(table)), key=time_of)
    best: dict[str, Row] = {}
    for row in rows:
        best.setdefault(row["stack"], row)
    if len(best) < 2:
        return None
    leader, *others = best.values()
    rivals = [_rival(compared, leader, row) for row in others]
    return Race(leader["name"], leader["placement"], leader, rivals)


def races(table: pd.DataFrame, compared: pd.DataFrame, names: Iterable[str]) -> list[Race]:
    """Return the races of these cases, in their order, those that have any."""
    found = (race(table[table["name"] == name], compared) for name in names)
    return [made for made in found if made is not None]
