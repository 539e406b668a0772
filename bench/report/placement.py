"""Why the order of the stacks can differ between placements, in a run's own numbers."""

from __future__ import annotations

from typing import Any

from bench.charts import words
from bench.comparisons import BASELINE, SUBJECT, of_kind
from bench.frames import records
from bench.plan import SMALL_BYTES
from bench.report.model import Data

WORKLOAD, QUANTITY = "request_reply", "latency"


def _pairs(data: Data) -> dict[str, dict[str, Any]]:
    """Return the subject against the baseline in each placement of the usual case."""
    table = of_kind(data.compared, "claim", "further")
    if table.empty:
        return {}
    chosen = table[
        (table["workload"] == WORKLOAD)
        & (table["quantity"] == QUANTITY)
        & (table["size_bytes"] == SMALL_BYTES)
        & (table["transport"] == "tcp")
        & (table["stack_a"] == SUBJECT)
        & (table["stack_b"] == BASELINE)
        & (table["variant_a"] == "minimal")
        & (table["variant_b"] == "minimal")
    ]
    return {row["placement"]: row for row in records(chosen)}


def _p50_us(data: Data, case: str) -> float:
    rows = data.table[(data.table["case"] == case) & (data.table["measure"] == "p50")]
    return float(rows["value"].iloc[0])


def placement_sentences(data: Data) -> list[str]:
    """Return three sentences, fewer where a placement was not measured."""
    pairs = _pairs(data)
    if not {"split", "shared"} <= pairs.keys():
        return []
    first, second = (words.side(pairs["split"], which, data.stacks) for which in "ab")
    times = {
        place: [_p50_us(data, row[f"case_{side}"]) for side in "ab"]
        for place, row in pairs.items()
    }
    ratios = {place: words.number(row["ratio"]) for place, row in pairs.items()}
    spoken = {place: [words.time_us(us) for us in pair] for place, pair in times.items()}
    said = [
        f"On one CPU nobody waits for a CPU to wake, so that a round trip is the work: "
        f"{spoken['shared'][0]} for {first}, {spoken['shared'][1]} for {second}, a ratio "
        f"of {ratios['shared']}.",
        f"On separate CPUs each message also wakes the CPU of its receiver, which costs "
        f"every stack about as much: the same round trips take {spoken['split'][0]} and "
        f"{spoken['split'][1]}, the ratio is {ratios['split']}, and where the other CPU "
        "does part of the work at the same time the order may turn.",
    ]
    if "free" in pairs:
        said.append(
            f"Left to the scheduler both mix, from trial to trial: {spoken['free'][0]} and "
            f"{spoken['free'][1]}, a ratio of {ratios['free']}."
        )
    else:
        said.append(
            "Left to the scheduler both would mix, from trial to trial; the profile "
            "`full` measures that as well."
        )
    return said
