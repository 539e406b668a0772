"""The level of each program in a run, and what blocks the next level."""

from __future__ import annotations

from dataclasses import replace

from bench.analysis.recovery import is_across
from bench.analysis.recovery_rows import LevelRow
from bench.analysis.results import Run
from bench.analysis.rows import grouped
from bench.contract.all_workloads import WORKLOADS
from bench.contract.model import Workload
from bench.faults.all_faults import controls
from bench.faults.breach import Breach, BreachKind, described
from bench.measure.levels import (
    FAULTS_OF,
    LEVELS,
    Level,
    breaches,
    broken_beside,
    faults_of,
    level_of,
    untested,
)
from bench.measure.outcome import Outcome
from bench.measure.recovery import BROKEN

NOT_TESTED = "not tested"


def levels(run: Run) -> list[LevelRow]:
    """Return a row per program that met faults, with its level and what blocks the next."""
    if run.recovery.empty:
        return []
    here = {n: case for n, case in run.recovery_cases.items() if not is_across(case)}
    made = run.recovery[run.recovery["case"].isin(here.keys())]
    cells = made["case"].map(lambda case: here[case].cell)
    programs = grouped(here.values(), lambda case: case.cell)
    rows = []
    for cell, trials in made.groupby(cells, sort=False):
        program = programs[str(cell)][0].program
        outcomes = [Outcome.read(trial) for trial in trials.to_dict("records")]
        workload = WORKLOADS[program.workload]
        level = level_of(outcomes, workload)
        amiss, not_tested = _amiss(outcomes, level, workload)
        rows.append(
            LevelRow(
                program=program,
                level=level or "",
                amiss=amiss,
                not_tested=not_tested,
                lost_at_restart=_lost_at_restart(outcomes),
                beside=broken_beside(outcomes),
                faults=len({*trials["fault"]} - controls()),
                trials=len(trials),
            )
        )
    return rows


def _lost_at_restart(outcomes: list[Outcome]) -> int:
    """Return the most messages that never arrived in a trial with a restart."""
    restarts = [made for made in outcomes if made.fault in FAULTS_OF[LEVELS[1]]]
    return max((made.attempted - made.delivered for made in restarts), default=0)


def _told(found: list[Breach], outcome: Outcome) -> list[Breach]:
    """Return breaches with losses as reported ones, unless one was silent."""
    if outcome.verdict == BROKEN:
        return found
    lost = BreachKind.LOST, BreachKind.REPORTED_LOST
    return [replace(b, kind=lost[1]) if b.kind == lost[0] else b for b in found]


def _amiss(
    outcomes: list[Outcome], level: Level | None, workload: Workload
) -> tuple[str, str]:
    """Return what blocks the next level, one breach for each fault. Without a breach,
    return which of its faults were not tried, and that level.
    """
    if level == LEVELS[-1]:
        return "", ""
    above = LEVELS[LEVELS.index(level or LEVELS[0]) + 1]
    found: dict[str, str] = {}
    for outcome in outcomes:
        if found_here := breaches(outcome, above):
            found.setdefault(outcome.fault, described(_told(found_here, outcome)))
    if not found:
        missing = untested(outcomes, above, workload)
        asked = len(faults_of(above, workload))
        said = (
            f"{NOT_TESTED}: {len(missing)} of the {asked} faults of {above} were not tried"
        )
        return f"{said} ({', '.join(missing)})", above
    return "; ".join(f"{fault}: {said}" for fault, said in found.items()), ""
