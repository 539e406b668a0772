"""The outcome of each fault: one row per case of recovery.

Beside its case and its fault a row has

``repeats``       trials with a result, of ``blocks`` planned; ``reason`` why there is none
``verdict``       that of its worst trial, which ``verdict_trials`` of them have
``breaches``      of the contract, in those trials, the one that most of them share first
``times``         medians in seconds, infinite where half of the trials or more never got
                  there: ``outage``, ``reconnect``, ``settle`` and ``late``. The last is for
                  how long messages were not in time, all gaps together: it also shows a
                  fault that takes effect slowly, or on some consumers only
``watched_s``     for how long the trials that never got there were watched at least
``healed_s``      how long the fault lasted
``in_place`` ``re_entered`` ``not_recovered``   how many trials: without having raised or
                  ended, after having been called again, not at all
``told``          what the application was told of it, in the worst case; ``told_after_s``
                  median over trials in which it was, nan where in none
``counts``        medians of each class of ``faults.history`` and what is counted beside;
                  ``gone``: messages that never arrived and were answered by nothing, told
                  or not; ``missed``: not in time, of ``offered`` while a trial was watched
``availability``  the share in time of what was due within the time that a fault is given
``memory_mib``    the largest peak of a process
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from bench.analysis.estimates import MIB
from bench.analysis.recovery_rows import Breached, FaultRow, Median, Recovery
from bench.analysis.results import Run
from bench.analysis.rows import grouped
from bench.analysis.stats import bounds, median_interval
from bench.contract.alike import loses
from bench.contract.model import APART
from bench.contract.rows import CaseRow
from bench.faults.breach import BreachKind, read
from bench.faults.fault import CONTROL
from bench.faults.history import BESIDE, CLASSES
from bench.measure.recovery import VERDICTS, ContractVerdict, Told

CONFIDENCE = 0.9
"""The least of an interval: five trials have an interval of 93.75 %, ten one of 97.9 %."""
VARIANTS = ("minimal", "resilient")
"""The variants that every stack has: library defaults, and equal guarantees."""
TIMES = ("outage", "reconnect", "settle", "late")
COUNTS = (*CLASSES, *BESIDE, "executed_twice", "raised", "ended", "missed")
TOLD = tuple(Told)
NO_TRIAL = "no trial was made"


def faults_of(run: Run) -> dict[str, FaultRow]:
    """Return the faults of a run by name, in the order of the catalogue.

    A run that does not say what its faults are called has their names for titles.
    """
    kept: dict[str, dict[str, Any]] = run.about.get("faults", {})
    names = list(dict.fromkeys(case.fault for case in run.recovery_cases.values()))
    numbers = {}
    if len(run.recovery):
        numbers = run.recovery.groupby("fault")["fault_number"].first().to_dict()
    for name in names:
        if name not in kept:
            title = name.replace("_", " ")
            kept = {**kept, name: {"number": numbers.get(name, ""), "title": title}}
    known = [name for name in kept if name in names]
    return {
        name: FaultRow(name, kept[name]["number"], kept[name]["title"], order)
        for order, name in enumerate(known)
    }


def _reasons(run: Run) -> dict[str, str]:
    """Return why trials of a case have no result, by case id."""
    found: dict[str, list[str]] = {}
    for failure in run.failures:
        found.setdefault(failure.case, []).append(failure.in_short)
    return {
        **run.refused,
        **{case: "; ".join(dict.fromkeys(said)) for case, said in found.items()},
    }


def _breaches(trials: pd.DataFrame) -> tuple[Breached, ...]:
    """Return all breaches of a case, the one that most trials share first."""
    found: dict[tuple[BreachKind, str], list[int]] = {}
    for said in trials["against"]:
        for breach in read(said):
            found.setdefault((breach.kind, breach.detail), []).append(breach.count)
    rows = [
        Breached(kind, min(counts), max(counts), len(counts), detail)
        for (kind, detail), counts in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: -row.trials))


def _times(trials: pd.DataFrame) -> Iterator[tuple[str, pd.Series[float]]]:
    """Yield each time with its value in every trial, infinite where it never came."""
    never, unsettled = trials["censored"] > 0, trials["settled"] == 0
    yield "outage", trials["value_s"].mask(never, math.inf)
    for name in ("reconnect", "settle"):
        known = trials.reindex(columns=[f"{name}_s"])[f"{name}_s"]
        yield name, known.fillna(math.inf)
    missed = trials["missed"] / trials["offered_after_fault"].clip(lower=1)
    yield "late", (missed * trials["watched_s"]).mask(unsettled, math.inf)


def _median(values: pd.Series[float]) -> Median:
    interval = median_interval(values.to_numpy(), CONFIDENCE)
    return Median(interval.estimate, *bounds(interval), float(values.max()))


def _ways(trials: pd.DataFrame) -> tuple[int, int, int]:
    """Return how many trials recovered in place, were re-entered, did not recover."""
    settled = trials["settled"] > 0
    again = (trials["raised"] > 0) | (trials["ended"] > 0)
    return (
        int((settled & ~again).sum()),
        int((settled & again).sum()),
        int((~settled).sum()),
    )


def _counts(trials: pd.DataFrame) -> Iterator[tuple[str, pd.Series[float]]]:
    """Yield each count; one that the run's version did not know is 0."""
    known = trials.reindex(columns=list(COUNTS), fill_value=0.0)
    yield from ((name, known[name]) for name in COUNTS)
    yield "gone", trials["attempted"] - trials["delivered"]


def _came_to(case: CaseRow, fault: FaultRow, reason: str, trials: pd.DataFrame) -> Recovery:
    """Return what the trials of one case came to together."""
    verdicts = Counter(trials["verdict"])
    worst = max(verdicts, key=VERDICTS.index)
    never = (trials["censored"] > 0) | (trials["settled"] == 0)
    watched = trials["watched_s"]
    in_place, re_entered, not_recovered = _ways(trials)
    return Recovery(
        case=case,
        fault=fault,
        reason=reason,
        repeats=len(trials),
        verdict=ContractVerdict(worst),
        verdict_trials=verdicts[worst],
        breaches=_breaches(trials[trials["verdict"] == worst]),
        told=Told(max(trials["told"], key=TOLD.index)),
        healed_s=float(trials["healed_s"].median()),
        interval_s=float(trials["interval_s"].max()),
        memory_mib=float(trials["memory_peak_bytes"].max()) / MIB,
        offered=float(trials["offered_after_fault"].median()),
        in_place=in_place,
        re_entered=re_entered,
        not_recovered=not_recovered,
        availability=_middle(trials, "availability"),
        told_after_s=_middle(trials, "told_after_s"),
        watched_s=float(watched[never].min() if never.any() else watched.min()),
        confidence=median_interval(trials["value_s"].to_numpy(), CONFIDENCE).confidence,
        times={name: _median(values) for name, values in _times(trials)},
        counts={name: _median(values) for name, values in _counts(trials)},
    )


def _middle(trials: pd.DataFrame, name: str) -> float:
    """Return a median, nan where no trial has the value."""
    return float(trials[name].median()) if name in trials else math.nan


NO_MEDIAN = Median(math.nan, math.nan, math.nan)
NO_TIMES = dict.fromkeys(TIMES, NO_MEDIAN)
NO_COUNTS = dict.fromkeys((*COUNTS, "gone"), NO_MEDIAN)
"""The values of a case without a trial."""


def recoveries(run: Run) -> list[Recovery]:
    """Return a row per planned case of recovery, in the order of the catalogue."""
    return _rows(run, across=False)


def recoveries_across(run: Run) -> list[Recovery]:
    """Return the same for faults across hosts."""
    return _rows(run, across=True)


def is_across(case: CaseRow) -> bool:
    """Say whether a fault is made across hosts: such trials are compared with no others."""
    return case.placement == APART


def _rows(run: Run, across: bool) -> list[Recovery]:
    groups = {str(case): trials for case, trials in run.recovery.groupby("case")}
    reasons, faults = _reasons(run), faults_of(run)
    rows = []
    for case in run.recovery_cases.values():
        if is_across(case) != across:
            continue
        fault, reason = faults[case.fault], reasons.get(case.id, "")
        if case.id in groups:
            rows.append(_came_to(case, fault, reason, groups[case.id]))
        else:
            nothing = Recovery(
                case=case, fault=fault, reason=reason or NO_TRIAL, times=NO_TIMES,
                counts=NO_COUNTS,
            )  # fmt: skip
            rows.append(nothing)
    return sorted(rows, key=lambda row: row.fault.order)


def measured(rows: Iterable[Recovery]) -> list[Recovery]:
    """Return the rows that have a result."""
    return [row for row in rows if row.repeats]


def of_one_promise(rows: Iterable[Recovery]) -> list[Recovery]:
    """Return the rows of workloads in which all programs of a variant may lose, or none.

    A program that promises to lose nothing may report what another one drops in silence.
    """
    found = grouped(rows, lambda row: (row.case.workload, row.case.variant))
    alike = (same for same in found.values() if len({loses(row.case) for row in same}) == 1)
    return [row for same in alike for row in same]


def with_fault(rows: Iterable[Recovery]) -> list[Recovery]:
    """Return the measured rows in which something broke, without the controls."""
    return [row for row in measured(rows) if row.fault.number != CONTROL]
