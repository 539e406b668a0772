"""The answer first: each question in one sentence, computed from the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from bench.charts import words
from bench.charts.costs import size_table
from bench.charts.ratios import headline_table
from bench.comparisons import SUBJECT, claims_supported, headline_cells, of_kind
from bench.estimates import headline_measure
from bench.frames import records
from bench.plan import BLOCKS_MIN, BOTH
from bench.report import sentences
from bench.report.model import Data

BLOCKS_HEADLINE = 10
"""Fewer blocks than this in any claim make a run a screening."""


def claim_blocks(data: Data) -> int:
    """Return the smallest number of blocks of any claim, 0 where there is no claim."""
    claims = of_kind(data.compared, "claim")
    return int(claims["blocks_done"].min()) if len(claims) else 0


def screening(data: Data) -> str:
    """Return the warning that a run of few blocks opens with, '' where it needs none."""
    blocks = claim_blocks(data)
    if blocks < BLOCKS_MIN:
        return "screening only: too few blocks for an interval"
    if blocks >= BLOCKS_HEADLINE:
        return ""
    supported = claims_supported(blocks)
    most = "one claim" if supported == 1 else f"{supported} claims"
    return f"{blocks} blocks: screening only, {most} at most"


def _absolute(data: Data, case: str, quantity: str) -> str:
    rows = data.table[
        (data.table["case"] == case) & (data.table["measure"] == headline_measure(quantity))
    ]
    if rows.empty:
        return words.PASSED_OVER
    return words.measured(float(rows["value"].iloc[0]), str(rows["unit"].iloc[0]))


def _values(data: Data, row: dict[str, Any]) -> str:
    values = (_absolute(data, row[f"case_{which}"], row["quantity"]) for which in "ab")
    return " against ".join(values)


def _interval(row: dict[str, Any]) -> str:
    return words.interval(
        row["ratio"], row["low"], row["high"], row["confidence"], row["blocks_done"]
    )


def answer(data: Data, row: dict[str, Any]) -> str:
    """Return one comparison as a sentence with numbers, interval and verdict."""
    first, second = (words.side(row, which, data.stacks) for which in "ab")
    case = f"{words.workload(row['workload'])} {words.quantity(row)}, {words.case(row)}"
    times = f"{words.number(row['ratio'])} times the {sentences.compared_quantity(row)}"
    detail = f"{_values(data, row)}; {_interval(row)}; {sentences.verdict_detail(row)}"
    found = sentences.VERDICTS[row["verdict"]]
    return f"{case}: {first} takes {times} of {second} ({detail}): {found}."


def _joint(data: Data, rows: list[dict[str, Any]]) -> str:
    """Return one pair of cells over all placements as one sentence."""
    head = rows[0]
    first, second = (words.side(head, which, data.stacks) for which in "ab")
    what = sentences.compared_quantity(head)
    clauses = []
    for row in rows:
        where = words.PLACEMENTS_SHORT[row["placement"]]
        than = f" that of {second}" if row is head else ""
        clauses.append(
            f"on {where} {words.number(row['ratio'])} times{than} ({_values(data, row)}; "
            f"{_interval(row)}): {sentences.VERDICTS[row['verdict']]}"
        )
    workload = words.workload(head["workload"])
    return f"{workload}: the {what} of {first} is {'; '.join(clauses)}."


def summary(data: Data) -> str:
    """Return how many claims on the subject came out which way, in one sentence."""
    claims = of_kind(data.compared, "claim")
    mine = claims[claims["stack_a"] == SUBJECT] if len(claims) else claims
    if mine.empty:
        return "This run compares nothing in its headline cases."
    label = words.stack(SUBJECT, data.stacks)
    said = []
    between = of_kind(data.compared, "claim", "further")
    named = between["name"].isin(mine["name"])
    further = between[named & (between["stack_a"] == SUBJECT)]
    further = further[further["stack_b"] != SUBJECT]
    for _, rows in further.groupby(["stack_b", "variant_b"], sort=True):
        found = Counter(rows["verdict"])
        counts = [
            f"{sentences.VERDICTS[name].split(':')[0]} in {found[name]}"
            for name in sentences.VERDICTS
            if found[name]
        ]
        against = _variant_name(records(rows)[0], data)
        said.append(f"against {against} {', '.join(counts)} of {len(rows)}")
    return f"{label} in the headline cases is: {'; '.join(said)}."


def _variant_name(row: dict[str, Any], data: Data) -> str:
    return words.side(row, "b", data.stacks)


def speed_answers(data: Data) -> Iterator[tuple[str, list[str]]]:
    """Yield a question per pair of stacks, with a sentence per workload and client."""
    claims = of_kind(data.compared, "claim")
    parts = [headline_table(data.compared, place) for place in BOTH]
    parts = [part for part in parts if len(part)]
    if claims.empty or not parts:
        return
    shown = pd.concat(parts)
    claimed = shown[shown["name"].isin(claims["name"])]
    claimed = claimed.assign(
        case_key=claimed["workload"] + claimed["key_a"] + claimed["key_b"]
    )
    order = {name: number for number, name in enumerate(words.WORKLOADS)}
    for (first, second), pairs in claimed.groupby(["stack_a", "stack_b"], sort=False):
        labels = (words.stack(str(name), data.stacks) for name in (first, second))
        groups = [records(rows) for _, rows in pairs.groupby(["case_key"], sort=False)]
        groups.sort(key=lambda rows: order.get(rows[0]["workload"], len(order)))
        yield f"{' or '.join(labels)}?", [_joint(data, rows) for rows in groups]


def losses(data: Data) -> list[dict[str, Any]]:
    """Return the comparisons in which the subject proved slower, worst first."""
    table = data.compared
    if table.empty:
        return []
    against = table[
        (table["stack_a"] == SUBJECT)
        & (table["stack_b"] != SUBJECT)
        & (table["kind"] != "other_language")
    ]
    lost = against[against["verdict"] == "slower"]
    return records(lost.sort_values("ratio", ascending=False))


def size_losses(data: Data) -> Iterator[str]:
    """Yield the workloads in which another stack's headline cell takes less code."""
    table = size_table(data.run)
    if table.empty:
        return
    for workload, mine in table[table["fan_out_mode"] != "lossy"].groupby("workload"):
        heads = headline_cells(mine.assign(case=mine["cell"]))
        if SUBJECT not in heads:
            continue
        for name, row in heads.items():
            if row["statements"] < heads[SUBJECT]["statements"]:
                label, own = (words.stack(n, data.stacks) for n in (name, SUBJECT))
                yield (
                    f"{words.workload(str(workload))}: {label} takes {row['statements']} "
                    f"statements, {own} {heads[SUBJECT]['statements']}."
                )
