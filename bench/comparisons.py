"""Cells against cells: ratios of times, paired by block, with intervals and verdicts.

A comparison is made inside one benchmark: cases that differ in their cell only. Ratios
are of seconds, a over b, so below 1 means that a is faster, for throughput too. The
null stack is drawn in charts, never compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from statistics import median
from typing import Any

import pandas as pd

from bench.claims import claims_of
from bench.environment import Grade, grade, spoiled_blocks
from bench.estimates import bounds
from bench.frames import records
from bench.inference import q_values, signed_rank_p
from bench.results import Run
from bench.stats import noise_half_width, ratio, sign_interval, verdict

SUBJECT = "zmq"
"""The stack that the talk is about: always the first of a pair."""
BASELINE = "raw_socket"
"""What every stack is built on: always the second of a pair."""
LOSSY = "lossy"
"""Cells that may lose are shown, not compared: what one drops in a window depends on how
much it may queue, so that a rate beside a loss is no rate of like promises. The rates at
which they lose nothing are compared."""
PYTHON = "python"
FAMILY_ERROR = 0.05

KINDS = ("claim", "further", "alternative", "language", "other_language")
"""claim: declared in ``bench.claims`` before the run; further: headline cells in any other
case, and the subject against every alternative that another stack has; alternative: a
variant against the headline cell of its own stack; language: a cell in Python against its
twin in another language; other_language: stacks against each other in that one."""


def stack_order(name: str) -> tuple[int, str]:
    """Sort key of stacks: the subject first, the baseline last, others by name."""
    return ({SUBJECT: 0, BASELINE: 2}.get(name, 1), name)


def in_one_language(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in Python, or without any those in the first other language.

    What stacks are said to be is said of one language: a program in C against one in Python
    says nothing about stacks.
    """
    languages = set(table["language"])
    spoken = PYTHON if PYTHON in languages else min(languages, default="")
    return table[table["language"] == spoken]


def headline_cells(cases: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the case row that stands for each stack among comparable cases.

    That is ``minimal``; where it makes the other promise, the variant that is named
    after the promise (``lossless``, ``lossy``). A stack without either has none. Where
    there are programs in several languages, the one in Python stands for its stack.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in records(in_one_language(cases)):
        wanted = ("minimal", row["fan_out_mode"])
        if row["variant"] in wanted:
            known = found.get(row["stack"])
            if known is None or row["variant"] == "minimal":
                found[row["stack"]] = row
    return found


def _pairs(cases: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield (kind, a, b) of one benchmark's cases, all of one promise and language."""
    heads = headline_cells(cases)
    for first, second in combinations(sorted(heads, key=stack_order), 2):
        yield "further", heads[first], heads[second]
    for row in sorted(records(cases), key=lambda row: str(row["key"])):
        head = heads.get(row["stack"])
        if head is not None and row["case"] == head["case"]:
            continue
        if SUBJECT in heads and row["stack"] != SUBJECT:
            yield "further", heads[SUBJECT], row
        if BASELINE in heads and row["stack"] not in (SUBJECT, BASELINE):
            yield "further", row, heads[BASELINE]
        if head is not None:
            yield "alternative", row, head


def _twins_in_other_languages(
    cases: pd.DataFrame,
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each case of a cell in Python with that of its twin in another language."""
    for _, alike in cases.groupby(["name", "stack", "variant"], sort=False):
        rows = records(alike)
        for python in (row for row in rows if row["language"] == PYTHON):
            yield from ((python, row) for row in rows if row["language"] != PYTHON)


def _paired(run: Run, case_a: str, case_b: str) -> pd.DataFrame:
    """Return the values in seconds of two cases, by the blocks that both have."""
    pair = {"a": run.values_s(case_a), "b": run.values_s(case_b)}
    return pd.concat(pair, axis=1, join="inner")


def compare(run: Run, case_a: str, case_b: str) -> dict[str, Any] | None:
    """Return the ratio of times a/b of two cases, None where no block has both."""
    values = _paired(run, case_a, case_b)
    if values.empty:
        return None
    a, b = values["a"].to_numpy(), values["b"].to_numpy()
    estimate, sign = ratio(a, b), sign_interval(a, b)
    low, high = bounds(estimate)
    sign_low, sign_high = bounds(sign)
    return {
        "interval": estimate,
        "ratio": estimate.estimate,
        "low": low,
        "high": high,
        "confidence": estimate.confidence,
        "blocks_done": estimate.blocks,
        "sign_low": sign_low,
        "sign_high": sign_high,
        "sign_confidence": sign.confidence,
        "faster_blocks": int((a < b).sum()),
        "p": signed_rank_p(a, b),
    }


def noise(run: Run) -> pd.DataFrame:
    """Return the A/A twins: one row per twin, with how far from 1 its ratio may be.

    ``noise`` is that half-width (0.03 for 3 %), infinite with too few blocks.
    """
    rows: list[dict[str, Any]] = []
    same = [
        "key",
        "workload",
        "quantity",
        "transport",
        "size_bytes",
        "instances",
        "placement",
        "load",
    ]
    originals = run.cases[run.cases["twin"] == 0]
    for twin in records(run.cases[run.cases["twin"] > 0]):
        match = originals[(originals[same] == pd.Series(twin)[same]).all(axis=1)]
        if match.empty:
            continue
        compared = compare(run, twin["case"], str(match["case"].iloc[0]))
        if compared is not None:
            half_width = noise_half_width(compared.pop("interval"))
            rows.append({**twin, **compared, "noise": half_width})
    columns = ["case", *SAME_NOISE, "noise"]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


SAME_NOISE = ("workload", "quantity", "placement", "size_bytes", "transport")
"""What a twin must share with a comparison to be its own noise floor."""


def noise_of(floor: pd.DataFrame, case: dict[str, Any]) -> tuple[float, str]:
    """Return the noise that a comparison must exceed, and whose it is.

    The twin that shares ``SAME_NOISE`` with the case; else the run's largest. Without
    any twin the noise is unknown, so infinite: nothing is then faster or slower.
    """
    if floor.empty:
        return math.inf, "no A/A twin in this run"
    wanted = pd.Series({key: case[key] for key in SAME_NOISE})
    own = floor[(floor[list(SAME_NOISE)] == wanted).all(axis=1)]
    if own.empty:
        return float(floor["noise"].max()), "largest of the run"
    return float(own["noise"].max()), "its own twin"


def _case_columns(row: dict[str, Any]) -> dict[str, Any]:
    shared = ("name", "workload", "quantity", "transport", "size_bytes", "instances")
    return {
        key: row[key] for key in (*shared, "placement", "load", "fan_out_mode", "language")
    }


def _comparison(
    run: Run, floor: pd.DataFrame, kind: str, a: dict[str, Any], b: dict[str, Any]
) -> dict[str, Any] | None:
    compared = compare(run, a["case"], b["case"])
    if compared is None:
        return None
    width, whose = noise_of(floor, a)
    row = {"kind": kind, **_case_columns(a)}
    for side, case in (("a", a), ("b", b)):
        for key in ("case", "cell", "key", "stack", "variant", "language"):
            row[f"{key}_{side}"] = case[key]
    found = verdict(compared.pop("interval"), width)
    return {**row, **compared, "noise": width, "noise_from": whose, "verdict": found}


def comparisons(run: Run) -> pd.DataFrame:
    """Return every comparison of a run, claims first, each in the order of the plan."""
    floor = noise(run)
    planned = run.cases[(run.cases["twin"] == 0) & ~run.cases["floor"].astype(bool)]
    comparable = (planned["fan_out_mode"] != LOSSY) | (planned["quantity"] == "zero_loss")
    planned = planned[comparable & ~planned["case"].isin(run.refused)]
    declared = claims_of(run.about)
    rows: list[dict[str, Any]] = []
    # A missing promise is a group as well: only fan-out makes one.
    alike = [planned["name"], planned["language"], planned["fan_out_mode"].fillna("")]
    for _, cases in planned.groupby(alike, sort=False):
        for kind, a, b in _pairs(cases):
            claimed = (a["name"], a["key"], b["key"]) in declared
            if a["language"] != PYTHON:
                made = _comparison(run, floor, "other_language", a, b)
            else:
                made = _comparison(run, floor, "claim" if claimed else kind, a, b)
            rows += [made] if made else []
    for python, other in _twins_in_other_languages(planned):
        made = _comparison(run, floor, "language", python, other)
        rows += [made] if made else []
    rows.sort(key=lambda row: KINDS.index(row["kind"]))
    _add_q(rows)
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["kind", "verdict"])


def _add_q(rows: list[dict[str, Any]]) -> None:
    """Give every exploratory row its q over all of them; claims have none."""
    exploratory = [row for row in rows if row["kind"] != "claim"]
    adjusted = q_values([row["p"] for row in exploratory])
    for row in rows:
        row["q"] = math.nan
    for row, q in zip(exploratory, adjusted, strict=True):
        row["q"] = float(q)


def grade_of(run: Run, floor: pd.DataFrame) -> Grade:
    """Return the grade of a run from its blocks' environment and its A/A twins.

    ``floor`` is ``noise(run)``. A run whose environment was not recorded is a C. What
    counts is the share of flagged blocks among those that the verdicts rest on.
    """
    if not run.environment:
        return Grade("C", ("The environment of this run was not recorded.",))
    blocks = set(run.trials["block"])
    flagged = set(spoiled_blocks(run.environment)) - set(run.replaced)
    share = len(flagged) / len(blocks)
    return grade(share, [float(width) for width in floor["noise"]])


def half_widths(compared: pd.DataFrame) -> dict[str, list[float]]:
    """Return the relative half-width of each claim's interval by placement: 0.05 is 5 %.

    That is the square root of high over low, less 1: intervals of ratios are symmetric on
    a log scale.
    """
    found: dict[str, list[float]] = {}
    for row in records(of_kind(compared, "claim")):
        if not math.isnan(row["low"]):
            width = math.sqrt(row["high"] / row["low"]) - 1
            found.setdefault(row["placement"], []).append(width)
    return found


def median_half_widths(compared: pd.DataFrame) -> dict[str, float]:
    """Return the medians of ``half_widths``."""
    return {place: median(widths) for place, widths in half_widths(compared).items()}


def of_kind(table: pd.DataFrame, *kinds: str) -> pd.DataFrame:
    return table[table["kind"].isin(kinds)]


def claims_supported(blocks: int) -> int:
    """Return how many claims so many blocks support at a family-wise error of 5 %.

    The smallest two-sided p of an exact paired test is 2 / 2^blocks (Bonferroni).
    """
    return int(FAMILY_ERROR * 2**blocks / 2)
