"""Runs or machines over each other: declared comparisons, with a mark for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.analysis.compared_rows import Comparison
from bench.analysis.networks import same_network
from bench.analysis.rows import frame
from bench.analysis.side import Side
from bench.report import words
from bench.report.charts import ratios, style
from bench.report.charts.style import Chart, Look

COLORS = ("#1a1a1b", "#1f5fa8", "#b3306b", "#8a6d00", "#00785a", "#6b4fa0")
MARKERS = "osD^vP"
RUNS_MAX = len(MARKERS)
SPREAD = 0.56
"""How much of a row the marks of all runs take, from the first to the last."""
LABELLED_MAX = 2
"""With more runs the numbers would be too small to read: they stand in the table."""
Agree = Callable[[Sequence[Comparison]], bool]


@dataclass(frozen=True)
class Overlaid:
    """The results of several runs for what the first of them declared.

    ``runs`` are comparisons by the name of the run, the first run first. All runs have
    ``complete`` of them, and agree on ``agreed``. ``noun`` says by what runs are called.
    """

    runs: Mapping[str, Sequence[Comparison]]
    complete: int
    agreed: int
    noun: str = "run"

    def title(self, placement: str) -> str:
        where = words.PLACEMENTS_SHORT[placement]
        said = f"{self.agreed} of {words.plural(self.complete, 'declared comparison')}"
        many = words.plural(len(self.runs), self.noun)
        return f"{where[:1].upper()}{where[1:]}: {many} agree on {said}"


def overlay(found: Overlaid, placement: str, look: Look) -> Chart:
    """Return the comparisons of a placement with a mark for each run.

    Ratios only: they hold across machines.
    """
    pairs = [pair for mine in found.runs.values() for pair in mine]
    at = ratios.places(pairs, look)
    heading = found.title(placement)
    named = f"{found.noun}s {', '.join(found.runs)}"
    sourced = replace(look, source=f"{named}  |  loopback, one machine each")
    figure = style.blank(heading, ratios.SUBTITLE, ratios.footer(pairs), sourced)
    axes = ratios.frame_of(figure, pairs, at)
    size = 13.5 if len(found.runs) <= LABELLED_MAX else 0
    marks = list(zip(found.runs.items(), COLORS, MARKERS, strict=False))
    for number, ((_, mine), color, marker) in enumerate(marks):
        off = SPREAD * (0.5 - number / max(1, len(found.runs) - 1))
        for pair in mine:
            y = at[pair.a.workload, ratios.spoken(pair, look)] + off
            ratios.mark(axes, pair, y, color, marker, size)
    handles = [ratios.handle(marker, color, name) for (name, _), color, marker in marks]
    handles.append(ratios.handle("o", style.MUTED, "undecided", hollow=True))
    style.legend(figure, handles)
    runs = [name for name, mine in found.runs.items() for _ in mine]
    name = f"{found.noun}s"
    table = frame(pairs).assign(run=runs)
    return Chart(f"{name}_{placement}", name, heading, figure, table, pairs)


def overlays(
    sides: Mapping[str, Side], noun: str, agree: Agree, look: Look
) -> Iterator[Chart]:
    """Yield what the first side declared, as each side has it, a chart for each placement.

    ``agree`` says whether comparisons of one pair on all sides have one result.
    """
    leading = next(iter(sides.values()))
    for placement in words.PLACEMENTS:
        declared = [p for p in leading.declared if p.a.placement == placement]
        known = {
            name: [
                same
                for p in declared
                if (same := side.by_identity.get(p.identity))
                and same_network(p.a, side.about, leading.about)
            ]
            for name, side in list(sides.items())[:RUNS_MAX]
        }
        runs = {name: pairs for name, pairs in known.items() if pairs}
        if len(runs) < 2:
            continue
        there = [sides[name].by_identity for name in runs]
        several = [[by.get(pair.identity) for by in there] for pair in declared]
        complete = [[p for p in same if p] for same in several if all(same)]
        agreed = sum(map(agree, complete))
        yield overlay(Overlaid(runs, len(complete), agreed, noun), placement, look)
