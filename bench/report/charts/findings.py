"""Titles that say what a chart found, computed from verdicts and medians."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.analysis.compared_rows import Comparison
from bench.analysis.ranking import Race, entrants, races
from bench.analysis.recovery_rows import Recovery
from bench.analysis.rows import Estimate, OfProgram, R, in_one_language, of_most_alike
from bench.contract.alike import spoken_in, stack_order
from bench.measure.recovery import KEPT
from bench.report import ratio, words
from bench.report.charts.outcomes import variant_order
from bench.report.charts.style import Look

FEW = 2
"""So many digits are enough for a title."""


def listed(names: Iterable[str]) -> str:
    """Return "A", "A and B" or "A, B and C"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def front(race: Race) -> list[str]:
    """Return the stacks that the data cannot tell from the quickest, that one first."""
    level = [r.row.case.stack for r in race.rivals if not r.behind and r.verdict]
    return [race.leader.case.stack, *level]


def _behind(found: Sequence[Race], ahead: Iterable[str], look: Look) -> str:
    """Return "ZeroMQ is 1.3x to 2.6x slower, HTTP 2.5x to 9.5x"."""
    ratios: dict[str, list[float]] = {}
    for rival in (rival for race in found for rival in race.rivals):
        if rival.row.case.stack not in ahead:
            ratios.setdefault(rival.row.case.stack, []).append(rival.ratio)
    said = [
        f"{words.stack(stack, look.stacks)} {'' if number else 'is '}"
        f"{ratio.times(several, FEW)}{'' if number else ' slower'}"
        for number, (stack, several) in enumerate(ratios.items())
    ]
    return ", ".join(said)


def _alike(found: Sequence[Race], topic: str, look: Look) -> str:
    ahead = front(found[0])
    labels = [words.stack(stack, look.stacks) for stack in ahead]
    said = f"{topic}: fastest on {labels[0]}"
    if len(labels) > 1:
        said = f"{topic}: {listed(labels)} cannot be told apart"
    rest = _behind(found, ahead, look)
    return f"{said}; {rest}" if rest else said


def _unlike(found: Sequence[Race], topic: str, look: Look) -> str:
    said = []
    for race in found:
        labels = [words.stack(stack, look.stacks) for stack in front(race)]
        load = race.leader.case.load
        where = words.load(load) if load else words.PLACEMENTS_SHORT[race.placement]
        sure = len(labels) == 1
        which = f"{labels[0]} fastest" if sure else f"{' or '.join(labels)}, undecided"
        said.append(f"{where}, {which}")
    return f"{topic} on {'; on '.join(said)}"


def said_of(rows: Iterable[OfProgram], topic: str) -> str:
    """Return a topic, with the language that a title is about where a chart has several."""
    spoken = {row.program.language for row in rows if not row.program.floor}
    return topic if len(spoken) < 2 else f"{topic} in {spoken_in(spoken).capitalize()}"


def fastest(
    shown: Sequence[Estimate], compared: Sequence[Comparison], topic: str, look: Look
) -> str | None:
    """Return the fastest stack in the cases of a chart's rows, None without two stacks."""
    names = dict.fromkeys(row.case.name for row in entrants(shown))
    found = races(shown, compared, names)
    if not found:
        return None
    alike = len({frozenset(front(race)) for race in found}) == 1
    return (_alike if alike else _unlike)(found, said_of(shown, topic), look)


def best_of_each(rows: Iterable[R], value: Callable[[R], float]) -> list[R]:
    """Return each stack's row with the least value, the least first."""
    best: dict[str, R] = {}
    for row in sorted(rows, key=value):
        best.setdefault(row.program.stack, row)
    return list(best.values())


def least(
    rows: Iterable[R],
    value: Callable[[R], float],
    what: str,
    topic: str,
    look: Look,
    unit: str = "",
) -> str:
    """Return "TOPIC takes least WHAT on A, 12; B 22, C 62" of each stack's best row."""
    known = [row for row in rows if not row.program.floor]
    topic = said_of(known, topic)
    best = best_of_each(of_most_alike(in_one_language(known)), value)
    if not best:
        return f"{topic}: {what}"

    def said_value(row: R) -> str:
        number = value(row)
        counted = isinstance(number, int)
        return f"{number:,}" if counted else words.number(number, digits=FEW)

    names = [words.stack(row.program.stack, look.stacks) for row in best]
    values = [said_value(row) for row in best]
    if len(best) == 1:
        return f"{topic} takes {values[0]}{unit} on {names[0]}: {what}"
    level = sum(_meets(row, best[0]) for row in best)
    said = f"{topic} takes least {what} on {' or '.join(names[:level])}, {values[0]}{unit}"
    rest = [f"{n} {v}" for n, v in zip(names[level:], values[level:], strict=True)]
    return f"{said}; {', '.join(rest)}" if rest else said


def _meets(row: OfProgram, least: OfProgram) -> bool:
    """Whether a row's interval overlaps that of the least; a count is its own interval."""
    if isinstance(row, Estimate) and isinstance(least, Estimate):
        return row is least or not row.low > least.high
    return row is least


def kept_by(rows: Sequence[Recovery], look: Look) -> str:
    """Return "kept by ZeroMQ when minimal, by all when resilient" of one fault's rows."""
    if len(rows) > 1 and all(row.verdict == KEPT for row in rows):
        return "kept by all"
    said = []
    for variant in sorted({row.case.variant for row in rows}, key=variant_order):
        mine = [row for row in rows if row.case.variant == variant]
        kept = [row.case.stack for row in mine if row.verdict == KEPT]
        names = [words.stack(s, look.stacks) for s in sorted(kept, key=stack_order)]
        whom = listed(names) if names else "none"
        if len(kept) == len(mine) > 1:
            whom = "all"
        said.append(f"by {whom} when {variant}")
    return f"kept {', '.join(said)}"
