"""What changed between two runs, case by case: seconds here over seconds there.

Blocks of two runs are no pairs, so the ratios are of unpaired values, and their intervals
know what varies within a run only. What moves between two runs (neighbours on the same
hardware, heat, where memory lay) is seen in **controls**: programs that are the same in
both, on the same libraries and system, whose time should not have changed. How far theirs
did is the noise that a change has to exceed, as A/A twins are that of one run.

Two bases:

``time``      seconds over seconds: on one machine, and where there is a control
``relative``  the same of a cell's time over that of the baseline's cell, in the same blocks
              of the same run: whatever slows a machine down slows both. All that can be
              said across machines, where its noise is that of both runs' twins
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.claims import claims_of, rests_on
from bench.comparisons import (
    BASELINE,
    LOSSY,
    SAME_NOISE,
    headline_cells,
    noise,
    noise_of,
)
from bench.estimates import bounds
from bench.frames import records
from bench.machine import behind
from bench.measure.recovery import BROKEN, VERDICTS
from bench.recoveries import recoveries
from bench.results import Run
from bench.stats import INCONCLUSIVE, Interval, noise_half_width, unpaired_ratio, verdict

MACHINE = ("host", "cpu", "hypervisor", "cpus", "memory")
"""Facts that make it another machine."""
SYSTEM = ("kernel", "clocksource", "governor", "mitigations", "boot_options", "sysctl")
"""Facts that may move every program of a machine, beside the harness."""
TIME, RELATIVE, NONE = "time", "relative", "none"

Row = dict[str, Any]
About = Mapping[str, Any]


def other_machine(here: About, there: About) -> list[str]:
    """Return the facts that make the machines of two run.json differ, none for one."""
    ours, theirs = here["machine"], there["machine"]
    return [name for name in MACHINE if ours.get(name) != theirs.get(name)]


def is_same_program(case: Row, here: About, there: About) -> bool:
    """Say whether nothing that is known could have moved a case between two runs."""
    ours, theirs = here["machine"], there["machine"]
    cell = case["cell"]
    digests = {about["cells"].get(cell) for about in (here, there)}
    needed = behind(here["stacks"], cell)
    system = [*MACHINE, *SYSTEM, "harness"]
    return (
        len(digests) == 1
        and None not in digests
        and all(ours["versions"].get(n) == theirs["versions"].get(n) for n in needed)
        and all(ours.get(n) == theirs.get(n) for n in system)
    )


@dataclass(frozen=True)
class Pair:
    """Two runs with what is computed of them once."""

    here: Run
    there: Run
    controls: pd.DataFrame
    floors: tuple[pd.DataFrame, pd.DataFrame]
    same_machine: bool


def _shared(here: Run, there: Run) -> pd.DataFrame:
    """Return the cases of which both runs have a value that may be compared."""
    cases = here.cases[~here.cases["floor"].astype(bool)]
    comparable = (cases["fan_out_mode"] != LOSSY) | (cases["quantity"] == "zero_loss")
    valued = [set(run.trials["case"]) - set(run.refused) for run in (here, there)]
    return cases[comparable & cases["case"].isin(valued[0] & valued[1])]


def _times(here: Run, there: Run, case: Row) -> Interval:
    return unpaired_ratio(
        here.values_s(case["case"]).to_numpy(), there.values_s(case["case"]).to_numpy()
    )


def _relative(run: Run, case: Row, baseline: Row) -> pd.Series[float]:
    """Return a case's values over those of its baseline, by the blocks that have both."""
    both = {"case": run.values_s(case["case"]), "base": run.values_s(baseline["case"])}
    values = pd.concat(both, axis=1, join="inner")
    return values["case"] / values["base"]


def _controls(here: Run, there: Run, shared: pd.DataFrame) -> pd.DataFrame:
    """Return the cases whose program is the same in both runs, each with its ``noise``."""
    found = [
        {
            **case,
            "noise": noise_half_width(_times(here, there, case)),
        }
        for case in records(shared)
        if is_same_program(case, here.about, there.about)
    ]
    return pd.DataFrame(found, columns=[*shared.columns, "noise"])


def _drift(controls: pd.DataFrame, case: Row) -> tuple[float, str]:
    """Return the noise between the runs, as other programs show it, and how many do.

    Those that share ``SAME_NOISE`` with the case; else all there are. A program is no
    control of itself: should it be slower although nothing is known to have changed, that
    is to be seen.
    """
    others = controls[controls["cell"] != case["cell"]]
    if others.empty:
        return math.inf, "no program is the same in both runs"
    wanted = pd.Series({key: case[key] for key in SAME_NOISE})
    alike = others[(others[list(SAME_NOISE)] == wanted).all(axis=1)]
    chosen, where = (others, " of any case") if alike.empty else (alike, "")
    count = chosen["cell"].nunique()
    said = f"{count} unchanged program{'s' * (count != 1)}{where}"
    return float(chosen["noise"].max()), said


def _twins(pair: Pair, case: Row) -> tuple[float, str]:
    """Return the noise of a ratio of ratios: that of both runs, one upon the other."""
    widths = [noise_of(floor, case)[0] for floor in pair.floors]
    return (1 + widths[0]) * (1 + widths[1]) - 1, "A/A twins of both runs"


def _change(pair: Pair, case: Row, baseline: Row | None) -> Row:
    """Return what changed of a case, on the better of the bases that it has."""
    width, whose = _drift(pair.controls, case)
    if pair.same_machine and (math.isfinite(width) or baseline is None):
        basis, found = TIME, _times(pair.here, pair.there, case)
    elif baseline is not None:
        runs = (pair.here, pair.there)
        here, there = (_relative(run, case, baseline) for run in runs)
        if here.empty or there.empty:
            return _nothing("no block has both it and its baseline")
        basis, found = RELATIVE, unpaired_ratio(here.to_numpy(), there.to_numpy())
        width, whose = _twins(pair, case)
    else:
        return _nothing("another machine, and nothing to compare it with")
    low, high = bounds(found)
    return {
        "basis": basis,
        "ratio": found.estimate,
        "low": low,
        "high": high,
        "confidence": found.confidence,
        "noise": width,
        "noise_from": whose,
        "verdict": verdict(found, width),
    }


def _nothing(why: str) -> Row:
    number = dict.fromkeys(("ratio", "low", "high", "confidence"), math.nan)
    said = {"noise": math.inf, "noise_from": why, "verdict": INCONCLUSIVE}
    return {"basis": NONE, **number, **said}


def _with_baselines(shared: pd.DataFrame) -> Iterator[tuple[Row, Row | None]]:
    """Yield each case with the baseline's case beside it, None for that one itself."""
    alike = [shared["name"], shared["language"], shared["fan_out_mode"].fillna("")]
    for _, cases in shared.groupby(alike, sort=False):
        baseline = headline_cells(cases).get(BASELINE)
        for case in records(cases):
            own = baseline is not None and baseline["case"] == case["case"]
            yield case, None if own else baseline


def changes(here: Run, there: Run) -> pd.DataFrame:
    """Return a row for each case that both runs measured, in the order of this one's plan.

    Beside the columns of ``run.cases``: ``basis``, ``ratio`` of here over there with
    ``low``, ``high`` and ``confidence``; ``noise`` and ``noise_from``; ``verdict`` on what
    is here; ``blocks_here`` and ``blocks_there``; whether a claim of this run rests on it
    (``claimed``); whether nothing known differs (``same``).
    """
    shared = _shared(here, there)
    pair = Pair(
        here,
        there,
        _controls(here, there, shared),
        (noise(here), noise(there)),
        not other_machine(here.about, there.about),
    )
    claims = claims_of(here.about)
    rows = [
        {
            **case,
            **_change(pair, case, baseline),
            "blocks_here": len(here.values_s(case["case"])),
            "blocks_there": len(there.values_s(case["case"])),
            "claimed": rests_on(case["name"], 0, case["key"], claims),
            "same": is_same_program(case, here.about, there.about),
        }
        for case, baseline in _with_baselines(shared[shared["twin"] == 0])
    ]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["case", "verdict"])


def fault_changes(here: Run, there: Run) -> pd.DataFrame:
    """Return a row for each fault and cell whose verdict is not that of the other run.

    The columns of ``recoveries`` of this run, with ``verdict_there``, whether it is
    ``worse``, and whether it is ``broken_now``: broken here, and not there.
    """
    theirs = {row["case"]: row for row in records(recoveries(there)) if row["repeats"]}
    rows = []
    for row in records(recoveries(here)):
        other = theirs.get(row["case"])
        if other and row["repeats"] and other["verdict"] != row["verdict"]:
            now, before = (VERDICTS.index(each["verdict"]) for each in (row, other))
            rows.append(
                {
                    **row,
                    "verdict_there": other["verdict"],
                    "worse": now > before,
                    "broken_now": row["verdict"] == BROKEN,
                }
            )
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["case", "broken_now"])
