"""The change of each case between two runs: seconds here over seconds there.

Blocks of two runs are not pairs, so the ratios are of unpaired values, and their intervals
cover the variation within a run only. **Controls** show what moved between two runs (other
load on the same hardware, heat, the layout of memory): programs that are the same in both,
on the same libraries and system. Their time should not have changed. Any change of theirs
is the noise that a change has to exceed, as A/A copies show the noise of one run.

Three bases:

``turns``     seconds over seconds, each over an unchanged program's in the same rounds: on
              one machine, where both took turns (``bench.analysis.references``)
``time``      seconds over seconds: on one machine, and where there is a control
``relative``  the same of a cell's time over that of the baseline's cell, in the same blocks
              of the same run: what slows a machine slows both. Across machines only this is
              compared; its noise is that of both runs' A/A copies

Within one run an interval is enough for a verdict, and A/A copies only check it. Between
two runs it is not: it does not cover what changed from one run to the other. So a change
has to exceed the noise on each basis. A/A copies do not show that change either, but how
far identical programs may be apart is the least that has to be allowed for.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bench.analysis.compared_rows import Basis, Change, Copy
from bench.analysis.copies import same_case
from bench.analysis.networks import same_network
from bench.analysis.paired import paired
from bench.analysis.recovery import measured, recoveries
from bench.analysis.recovery_rows import FaultChange
from bench.analysis.references import References
from bench.analysis.results import Run
from bench.analysis.rows import grouped
from bench.analysis.side import Side
from bench.analysis.stats import (
    Floats,
    Interval,
    Verdict,
    bounds,
    noise_half_width,
    unpaired_ratio,
    verdict,
)
from bench.contract.alike import (
    BASELINE,
    has_ratios,
    headline_cells,
    likes,
    may_be_judged,
)
from bench.contract.rows import CaseRow
from bench.measure.recovery import BROKEN, VERDICTS
from bench.run.declared import Declared, declarations, rests_on
from bench.run.machine import behind

MACHINE = ("host", "cpu", "hypervisor", "cpus", "memory")
"""Facts that make it another machine."""
SYSTEM = ("kernel", "clocksource", "governor", "mitigations", "boot_options", "sysctl")
"""Facts that may move every program of a machine, beside the harness."""
About = Mapping[str, Any]


def other_machine(here: About, there: About) -> list[str]:
    """Return the facts that make the machines of two run.json differ, none for one."""
    ours, theirs = here["machine"], there["machine"]
    return [name for name in MACHINE if ours.get(name) != theirs.get(name)]


def is_same_program(case: CaseRow, here: About, there: About) -> bool:
    """Say whether nothing that is known could have moved a case between two runs."""
    ours, theirs = here["machine"], there["machine"]
    digests = {about["cells"].get(case.cell) for about in (here, there)}
    needed = behind(here["stacks"], case.cell, case.loop)
    system = [*MACHINE, *SYSTEM, "harness"]
    return (
        len(digests) == 1
        and None not in digests
        and all(ours["versions"].get(n) == theirs["versions"].get(n) for n in needed)
        and all(ours.get(n) == theirs.get(n) for n in system)
    )


class Control(NamedTuple):
    """A case whose program is the same in both runs, and how much its time changed."""

    case: CaseRow
    noise: float


@dataclass(frozen=True)
class Pair:
    """Two runs with what is computed of them once."""

    here: Side
    there: Side
    controls: list[Control]
    references: References
    same_machine: bool


def _shared(here: Run, there: Run) -> list[CaseRow]:
    """Return the cases of which both runs have a value that may be compared."""
    valued = [set(run.trials["case"]) - set(run.refused) for run in (here, there)]
    return [
        case
        for case in here.cases.values()
        if not case.floor
        and has_ratios(case)
        and may_be_judged(case)
        and case.id in valued[0] & valued[1]
        and same_network(case, here.about, there.about)
    ]


def _times(here: Run, there: Run, case: CaseRow) -> Interval:
    return unpaired_ratio(
        here.values_s(case.id).to_numpy(), there.values_s(case.id).to_numpy()
    )


def _relative(run: Run, case: CaseRow, baseline: CaseRow) -> Floats:
    """Return a case over its baseline, in each block that has both, shape (blocks,)."""
    found = paired(run, case.id, baseline.id)
    return np.exp(found.logs) if found else np.empty(0)


def _controls(here: Run, there: Run, shared: Iterable[CaseRow]) -> list[Control]:
    return [
        Control(case, noise_half_width(_times(here, there, case)))
        for case in shared
        if is_same_program(case, here.about, there.about)
    ]


def _drift(controls: Iterable[Control], case: CaseRow) -> tuple[float, str]:
    """Return the noise between the runs, as other programs show it, and how many do.

    These are the ones of the ``same_case``, or else all. A program is no
    control of itself: should it be slower although nothing is known to have changed, that
    is to be seen.
    """
    others = [control for control in controls if control.case.cell != case.cell]
    if not others:
        return math.inf, "no program is the same in both runs"
    alike = [each for each in others if same_case(each.case) == same_case(case)]
    chosen, where = (alike, "") if alike else (others, " of any case")
    count = len({control.case.cell for control in chosen})
    return max(control.noise for control in chosen), _unchanged(count) + where


def _unchanged(count: int, other: str = "") -> str:
    return f"{count or 'no'}{other} unchanged program{'s' * (count > 1)}"


def _copies(pair: Pair, case: CaseRow) -> tuple[float, str]:
    """Return the noise of a ratio of ratios: the noise of both runs, combined."""
    here, there = (_noise_of(side.copies, case) for side in (pair.here, pair.there))
    return (1 + here) * (1 + there) - 1, "A/A copies of both runs"


def _noise_of(copies: Sequence[Copy], case: CaseRow) -> float:
    """Return how far from 1 the A/A copies of a case may be, or else all of the run.

    Infinite without any: then no change is told from noise.
    """
    own = [copy.noise for copy in copies if same_case(copy.a) == same_case(case)]
    return max(own or [copy.noise for copy in copies], default=math.inf)


class Found(NamedTuple):
    """The ratio of a case on the best of the bases that it has, and its noise.

    ``reference`` is the key of the program by which both times were divided, '' of none.
    """

    basis: Basis
    ratio: Interval | None
    noise: float
    noise_from: str
    reference: str = ""


def _found(pair: Pair, case: CaseRow, baseline: CaseRow | None) -> Found:
    referred = pair.references.of(case) if pair.same_machine else None
    if referred:
        key, said = referred.reference.key, _unchanged(referred.checks, " other")
        return Found(Basis.TURNS, referred.ratio, referred.noise, said, key)
    width, whose = _drift(pair.controls, case)
    if pair.same_machine and (math.isfinite(width) or baseline is None):
        times = _times(pair.here.run, pair.there.run, case)
        return Found(Basis.TIME, times, width, whose)
    if baseline is None:
        why = "another machine, and nothing to compare it with"
        return Found(Basis.NONE, None, math.inf, why)
    here, there = (_relative(side.run, case, baseline) for side in (pair.here, pair.there))
    if not (len(here) and len(there)):
        return Found(Basis.NONE, None, math.inf, "no block has both it and its baseline")
    ratio = unpaired_ratio(here, there)
    return Found(Basis.RELATIVE, ratio, *_copies(pair, case), baseline.key)


def _change(
    pair: Pair, case: CaseRow, baseline: CaseRow | None, declared: Collection[Declared]
) -> Change:
    here, there = pair.here.run, pair.there.run
    basis, found, width, whose, reference = _found(pair, case, baseline)
    low, high = bounds(found) if found else (math.nan, math.nan)
    return Change(
        case=case,
        basis=basis,
        ratio=found.estimate if found else math.nan,
        low=low,
        high=high,
        confidence=found.confidence if found else math.nan,
        noise=width,
        noise_from=whose,
        verdict=verdict(found, width) if found else Verdict.INCONCLUSIVE,
        blocks_here=len(here.values_s(case.id)),
        blocks_there=len(there.values_s(case.id)),
        declared=rests_on(case.name, 0, case.key, declared),
        same=is_same_program(case, here.about, there.about),
        reference=reference,
    )


def _with_baselines(
    shared: Iterable[CaseRow],
) -> Iterator[tuple[CaseRow, CaseRow | None]]:
    """Yield each case with the baseline's case beside it, None for that one itself."""
    benchmarks = grouped(shared, lambda case: (case.name, case.language)).values()
    for cases in (group for rows in benchmarks for group in likes(rows)):
        baseline = headline_cells(cases).get(BASELINE)
        for case in cases:
            yield case, None if baseline == case else baseline


def changes(here: Side, there: Side) -> list[Change]:
    """Return a row for each case that both runs measured, in the order of this plan."""
    shared = _shared(here.run, there.run)
    controls = _controls(here.run, there.run, shared)
    unchanged = References(here.run, there.run, [control.case for control in controls])
    one_machine = not other_machine(here.about, there.about)
    pair = Pair(here, there, controls, unchanged, one_machine)
    declared = declarations(here.about)
    originals = [case for case in shared if not case.copy]
    return [
        _change(pair, case, baseline, declared)
        for case, baseline in _with_baselines(originals)
    ]


def fault_changes(here: Run, there: Run) -> list[FaultChange]:
    """Return the faults and cells whose verdict is not that of the other run."""
    theirs = {row.case.id: row for row in measured(recoveries(there))}
    found = []
    for row in measured(recoveries(here)):
        other = theirs.get(row.case.id)
        if other and other.verdict != row.verdict:
            now, before = (VERDICTS.index(each.verdict) for each in (row, other))
            broken = row.verdict == BROKEN
            found.append(FaultChange(row, other.verdict, now > before, broken))
    return found
