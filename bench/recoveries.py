"""What each fault came to: one row per case of recovery, table to table.

Beside the columns of ``run.recovery_cases`` a row has

``repeats``       trials with a result, of ``blocks`` planned; ``reason`` why there is none
``verdict``       that of its worst trial, which ``verdict_trials`` of them have
``against``       what speaks against the contract: (what, least, most, trials), worst first
``outage_s`` ``reconnect_s`` ``settle_s`` ``late_s``   medians, infinite where half of the
                  trials or more never got there; with ``_low`` and ``_high``, nan where
                  there are too few trials for an interval, and its ``confidence``;
                  ``late_s`` is for how long messages were not in time, all gaps together:
                  it also sees a fault that bites slowly, or some consumers only
``watched_s``     for how long the trials that never got there were watched at least
``healed_s``      how long the fault lasted
``in_place`` ``re_entered`` ``not_recovered``   how many trials: without having raised or
                  ended, after having been called again, not at all
``told``          what the application was told of it, in the worst case; ``told_after_s``
                  median over trials in which it was, nan where in none
each class of ``bench.history`` and what is counted beside   as the times, with ``_max``
``gone``          messages that never arrived and were answered by nothing, told or not
``missed``        messages not in time, of ``offered`` while a trial was watched
``availability``  the share in time of what was due within the time that a fault is given
``memory_mib``    the largest peak of a process
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from bench.estimates import MIB, bounds
from bench.history import BESIDE, CLASSES
from bench.levels import LEVELS, level_of
from bench.levels import against as breach
from bench.measure.recovery import VERDICTS
from bench.results import Run
from bench.stats import median_interval

LEVEL = 0.9
"""The level asked for: five trials have an interval of 93.75 %, ten one of 97.9 %."""
TIERS = ("minimal", "resilient")
"""The tiers that every stack has: library defaults, and equal guarantees."""
TIMES = ("outage", "reconnect", "settle", "late")
COUNTS = (*CLASSES, *BESIDE, "executed_twice", "raised", "ended", "missed")
WAYS = ("in_place", "re_entered", "not_recovered")
WHOLE = ("verdict_trials", *WAYS, *(f"{name}_max" for name in (*COUNTS, "gone")))
"""Whole numbers stay such beside a case without a trial, which has none of them."""
TOLD = ("nothing to tell", "yes", "no", "wrongly")
"""What an application was told, from best to worst."""
NO_TRIAL = "no trial was made"
NOT_AGAINST = "nothing"

Against = tuple[str, int, int, int]
"""What speaks against a contract: what, its least and largest count, in how many trials.

The count is 0 of what cannot be counted."""


def faults_of(run: Run) -> dict[str, dict[str, Any]]:
    """Return the faults of a run in the order of the catalogue: ``number``, ``title``.

    A run that does not say what its faults are called has their names for titles.
    """
    kept: dict[str, dict[str, Any]] = run.about.get("faults", {})
    names = list(dict.fromkeys(run.recovery_cases["fault"]))
    numbers = {}
    if len(run.recovery):
        numbers = run.recovery.groupby("fault")["fault_number"].first().to_dict()
    for name in names:
        if name not in kept:
            title = name.replace("_", " ")
            kept = {**kept, name: {"number": numbers.get(name, ""), "title": title}}
    return {name: about for name, about in kept.items() if name in names}


def _reasons(run: Run) -> dict[str, str]:
    """Return why trials of a case have no result, by case id."""
    found: dict[str, list[str]] = {}
    for case, reason in run.failures[["case", "reason"]].itertuples(index=False):
        said = str(reason).split("\n", 1)[0].strip().removeprefix("not measured: ")
        found.setdefault(str(case), []).append(said)
    return {
        **run.refused,
        **{case: "; ".join(dict.fromkeys(said)) for case, said in found.items()},
    }


def against(said: str) -> Iterator[tuple[str, int]]:
    """Yield what a trial's verdict says against it, each with its count, 0 without one."""
    for part in said.split(", "):
        count, what = re.match(r"(\d*) ?(.*)", part).groups()  # type: ignore[union-attr]
        if what != NOT_AGAINST:
            yield what, int(count or 0)


def _against(trials: pd.DataFrame) -> list[Against]:
    """Return all that speaks against a case, what most trials have in common first."""
    found: dict[str, list[int]] = {}
    for said in trials["against"]:
        for what, count in against(said):
            found.setdefault(what, []).append(count)
    rows = [(what, min(n), max(n), len(n)) for what, n in found.items()]
    return sorted(rows, key=lambda row: -row[3])


def _times(trials: pd.DataFrame) -> Iterator[tuple[str, pd.Series[float]]]:
    """Yield each time with its value in every trial, infinite where it never came."""
    never, unsettled = trials["censored"] > 0, trials["settled"] == 0
    yield "outage", trials["value_s"].mask(never, math.inf)
    for name in ("reconnect", "settle"):
        known = trials.reindex(columns=[f"{name}_s"])[f"{name}_s"]
        yield name, known.fillna(math.inf)
    missed = trials["missed"] / trials["offered_after_fault"].clip(lower=1)
    yield "late", (missed * trials["watched_s"]).mask(unsettled, math.inf)


def _interval(name: str, values: pd.Series[float], unit: str = "") -> dict[str, float]:
    interval = median_interval(values.to_numpy(), LEVEL)
    low, high = bounds(interval)
    return {
        f"{name}{unit}": interval.estimate,
        f"{name}_low": low,
        f"{name}_high": high,
        "confidence": interval.confidence,
    }


def _ways(trials: pd.DataFrame) -> dict[str, int]:
    settled = trials["settled"] > 0
    again = (trials["raised"] > 0) | (trials["ended"] > 0)
    ways = settled & ~again, settled & again, ~settled
    return {name: int(way.sum()) for name, way in zip(WAYS, ways, strict=True)}


def _counts(trials: pd.DataFrame) -> Iterator[tuple[str, pd.Series[float]]]:
    """Yield each count; one that the run's version did not know is 0."""
    known = trials.reindex(columns=list(COUNTS), fill_value=0.0)
    yield from ((name, known[name]) for name in COUNTS)
    yield "gone", trials["attempted"] - trials["delivered"]


def _came_to(trials: pd.DataFrame) -> dict[str, Any]:
    """Return what the trials of one case came to together."""
    verdicts = Counter(trials["verdict"])
    worst = max(verdicts, key=VERDICTS.index)
    row: dict[str, Any] = {
        "repeats": len(trials),
        "verdict": worst,
        "verdict_trials": verdicts[worst],
        "against": _against(trials[trials["verdict"] == worst]),
        "told": max(trials["told"], key=TOLD.index),
        "healed_s": float(trials["healed_s"].median()),
        "interval_s": float(trials["interval_s"].max()),
        "memory_mib": float(trials["memory_peak_bytes"].max()) / MIB,
        "offered": float(trials["offered_after_fault"].median()),
        **_ways(trials),
    }
    for name in ("availability", "told_after_s"):
        known = trials[name] if name in trials else pd.Series(dtype=float)
        row[name] = float(known.median())
    for name, values in _times(trials):
        row |= _interval(name, values, "_s")
    never = (trials["censored"] > 0) | (trials["settled"] == 0)
    watched = trials["watched_s"]
    row["watched_s"] = float(watched[never].min() if never.any() else watched.min())
    for name, counts in _counts(trials):
        row |= _interval(name, counts)
        row[f"{name}_max"] = int(counts.max())
    return row


def recoveries(run: Run) -> pd.DataFrame:
    """Return a row per planned case of recovery, in the order of the catalogue.

    A run without failures has none.
    """
    if run.recovery_cases.empty:
        return pd.DataFrame(columns=["case", "workload", "fault", "repeats"])
    groups = {str(case): trials for case, trials in run.recovery.groupby("case")}
    reasons, faults = _reasons(run), faults_of(run)
    rows, order = [], list(faults)
    for case in run.recovery_cases.to_dict("records"):
        row = {str(key): value for key, value in case.items()}
        about = faults[row["fault"]]
        row |= {"fault_number": about["number"], "fault_title": about["title"]}
        row["fault_order"] = order.index(row["fault"])
        row["reason"] = reasons.get(row["case"], "")
        if row["case"] in groups:
            row |= _came_to(groups[row["case"]])
        else:
            row |= {"repeats": 0, "verdict": "", "reason": row["reason"] or NO_TRIAL}
            row |= dict.fromkeys(WHOLE, 0)
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.sort_values("fault_order", kind="stable", ignore_index=True)


def levels(run: Run) -> pd.DataFrame:
    """Return a row per cell that was put to faults, with its level and what is amiss.

    ``level`` is '' where no fault of the run can tell one; ``amiss`` is what speaks against
    the next level, ``faults`` and ``trials`` count what the level rests on. The highest
    level is for cells that were put to every fault that the workload's tiers were.
    """
    if run.recovery.empty:
        return pd.DataFrame(columns=["cell", "workload"])
    about = run.recovery_cases.drop(columns=["case"]).reset_index()
    trials = run.recovery.merge(about[["case", "cell", "variant", "workload"]], on="case")
    cells = about.drop_duplicates("cell").set_index("cell", drop=False)
    met: dict[str, list[str]] = {}
    both = trials[trials["variant"].isin(TIERS)]
    for workload, fault in both[["workload", "fault"]].itertuples(index=False):
        met.setdefault(str(workload), []).append(str(fault))
    rows = []
    for cell, mine in trials.groupby("cell", sort=False):
        outcomes = [_outcome(trial) for trial in mine.to_dict("records")]
        row = {str(key): value for key, value in cells.loc[str(cell)].items()}
        every = dict.fromkeys(met.get(str(row["workload"]), []))
        missing = [fault for fault in every if fault not in set(mine["fault"])]
        level = level_of(outcomes)
        row["amiss"] = _amiss(outcomes, level)
        if level == LEVELS[-1] and missing:
            level, row["amiss"] = LEVELS[-2], f"not put to {', '.join(missing)}"
        row |= {"level": level or "", "faults": mine["fault"].nunique()}
        rows.append({**row, "trials": len(mine)})
    return pd.DataFrame(rows)


def _outcome(trial: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a trial as ``measure.recovery`` gave it: counts are whole numbers again.

    Runs of an earlier version do not say what was hopeless, nor what was orphaned.
    """
    made: dict[str, Any] = {"hopeless": 0, "orphaned": 0}
    for key, value in trial.items():
        whole = isinstance(value, float) and value.is_integer()
        made[str(key)] = int(value) if whole else value
    return made


def _amiss(outcomes: list[dict[str, Any]], level: str | None) -> str:
    """Return what speaks against the level above, one thing for each fault."""
    if level in (None, LEVELS[-1]):
        return ""
    above = LEVELS[LEVELS.index(str(level)) + 1]
    found: dict[str, str] = {}
    for outcome in outcomes:
        if said := breach(outcome, above):
            found.setdefault(str(outcome["fault"]), said)
    return "; ".join(f"{fault}: {said}" for fault, said in found.items())


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a result."""
    return table[table["repeats"] > 0]
