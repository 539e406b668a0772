"""How precise a run's declared comparisons are, beside the aims of its profile, and why.

The variance of rounds is split: between blocks, and between the rounds of a block. By both,
and by the cost of blocks and rounds, a number of rounds is the best.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import of_kind
from bench.analysis.inference import Components, components
from bench.analysis.paired import rounds_of, shared_ensemble
from bench.analysis.results import Run
from bench.analysis.rounds import MediansAndMeans, best_rounds, medians_and_means
from bench.analysis.stats import Floats
from bench.contract.alike import Kind
from bench.run.aims import AIMS

ROUNDS_MOST = 100
Values = tuple[float, ...]


@dataclass(frozen=True)
class Precision:
    """The relative half-width of a declared comparison's interval: 0.05 for 5 %.

    It is infinite if there are too few blocks for an interval. ``aim`` is the widest that
    the profile aims at, None for none. ``found`` are the components of the rounds' log
    ratios, and ``best`` is the number of rounds that is best by them. ``both`` has the
    ratio by medians and by means. All three are None if programs did not take turns.
    """

    pair: Comparison
    half_width: float
    aim: float | None
    found: Components | None
    best: int | None
    both: MediansAndMeans | None

    @property
    def reached(self) -> bool:
        return self.aim is None or self.half_width <= self.aim

    @property
    def blocks_needed(self) -> float:
        """About how many blocks reach the aim: widths go with the root of their number."""
        aim = self.aim or math.inf
        return self.pair.times.blocks_done * (self.half_width / aim) ** 2


def precision(run: Run, compared: Iterable[Comparison]) -> list[Precision]:
    """Return a row for each declared comparison of a run, in the order of its plan."""
    aims = AIMS.get(run.about["profile"])
    found = []
    for pair in of_kind(compared, Kind.DECLARED):
        parts = _components(list(_rounds(run, pair)))
        found.append(
            Precision(
                pair,
                _half_width(pair),
                aims.of(pair.a) if aims else None,
                parts,
                _best(run, pair, parts) if parts else None,
                _both(run, pair),
            )
        )
    return found


def _half_width(pair: Comparison) -> float:
    if pair.times.too_few_blocks:
        return math.inf
    return math.sqrt(pair.times.high / pair.times.low) - 1


def _rounds(run: Run, pair: Comparison) -> Iterator[Floats]:
    """Yield the rounds' log ratios of each block in which the programs took turns."""
    for block in run.values_s(pair.a.id).index:
        logs = rounds_of(run, pair.a.id, pair.b.id, int(block))
        if logs is not None:
            yield logs


def _components(tables: list[Floats]) -> Components | None:
    if len(tables) < 2:
        return None
    most = max(map(len, tables))
    padded = [np.pad(v, (0, most - len(v)), constant_values=np.nan) for v in tables]
    return components(np.array(padded))


def _best(run: Run, pair: Comparison, parts: Components) -> int | None:
    """Return the best number of rounds, from what blocks and rounds cost in this run."""
    sets = [e for e in run.ensembles if {pair.a.id, pair.b.id} <= {*e["cases"]}]
    start_s = median(e["apart_s"] for e in sets)
    round_s = median(e["rounds_s"] / len(e["number"]) for e in sets)
    if not (start_s and round_s):
        return None
    return best_rounds(parts, start_s, round_s, ROUNDS_MOST)


def _both(run: Run, pair: Comparison) -> MediansAndMeans | None:
    """Return the ratio by medians and by means, of cases that keep both.

    All four values of a round are of one ensemble, since a case may be in several.
    """
    tables: tuple[list[Values], ...] = ([], [], [], [])
    for block in map(int, run.values_s(pair.a.id).index):
        ensemble = shared_ensemble(run, pair.a.id, pair.b.id, block)
        if ensemble is None:
            continue
        for side, case in enumerate((pair.a.id, pair.b.id)):
            tables[side].append(run.windows_s(case, block)[ensemble])
            means = run.window_means_s(case, block)
            tables[side + 2].extend([means[ensemble]] if ensemble in means else [])
    lengths = {len(values) for table in tables for values in table}
    if len(lengths) != 1 or len({len(table) for table in tables}) != 1:
        return None
    return medians_and_means(*tables)
