"""Plain English for one number: the same words in the report and in citations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bench.charts import words
from bench.estimates import FROM_GIVEN
from bench.stats import INCONCLUSIVE

VERDICTS = {
    "faster": "faster",
    "slower": "slower",
    "equivalent": "equivalent (within 5 %)",
    INCONCLUSIVE: "undecided: the data cannot tell",
}
PERCENTILE_NAMES = {"p999": "p99.9", "max": "maximum"}
SIZE_NAMES = {"statements": "statements", "tokens": "tokens", "gzip_bytes": "gzip bytes"}


def compared_quantity(row: Mapping[str, Any]) -> str:
    """Return what a ratio is of: always a time, so that lower is better."""
    if row["quantity"] == "latency":
        return words.quantity(row) + (" time" if row["workload"] == "request_reply" else "")
    if row["quantity"] == "response":
        return "response time"
    return "time per delivered message"


def subject(row: Mapping[str, Any], stacks: Mapping[str, Any]) -> str:
    """Return "ZeroMQ (minimal) request/reply round trip, 64 B over tcp, ..."."""
    mode = f", {row['fan_out_mode']}" if isinstance(row.get("fan_out_mode"), str) else ""
    name = f"{words.cell(row, stacks)} {words.workload(row['workload']).lower()}{mode}"
    return f"{name} {words.quantity(row)}, {words.case(row)}"


def _unit(row: Mapping[str, Any]) -> tuple[float, str]:
    """Return the factor and unit in which a measure is spoken: ms for long times."""
    if row["unit"] == "us" and row["value"] >= words.LARGE_FROM:
        return 1e-3, "ms"
    return 1.0, str(row["unit"])


def with_interval(row: Mapping[str, Any], factor: float = 1.0) -> str:
    """Return "95.1 % interval 20.9 to 21.8; 10 blocks" in the unit of the number."""
    return words.interval(
        row["value"] * factor,
        row["low"] * factor,
        row["high"] * factor,
        row["confidence"],
        row["blocks_done"],
    )


def absolute(row: Mapping[str, Any], stacks: Mapping[str, Any]) -> str:
    """Return the sentence of one row of ``estimates``."""
    factor, unit = _unit(row)
    measure = str(row["measure"])
    value = words.number(row["value"] * factor)
    names = {
        "rate": "",
        "lost": "lost ",
        "cpu": "CPU time ",
        "offered": "offered ",
        "lag_p99": "lag of the generator, p99 ",
    }
    head, _, role = measure.partition("_")
    if measure.endswith(FROM_GIVEN):
        percentile = measure.removesuffix(FROM_GIVEN)
        name = f"{PERCENTILE_NAMES.get(percentile, percentile)} from when it was given "
    elif role and measure not in names:
        name = (
            f"{'CPU time' if head == 'cpu' else 'peak memory'} of {role.replace('_', ' ')} "
        )
    else:
        name = names.get(measure, f"{PERCENTILE_NAMES.get(measure, measure)} ")
    return f"{subject(row, stacks)}: {name}{value} {unit} ({with_interval(row, factor)})"


def ratio_words(row: Mapping[str, Any]) -> str:
    """Return "1.30 times (95.1 % interval 1.28 to 1.33; 10 blocks)"."""
    shown = words.interval(
        row["ratio"], row["low"], row["high"], row["confidence"], row["blocks_done"]
    )
    return f"{words.number(row['ratio'])} times ({shown})"


def comparison(row: Mapping[str, Any], stacks: Mapping[str, Any]) -> str:
    """Return the sentence of one row of ``comparisons``."""
    first, second = (words.side(row, which, stacks) for which in "ab")
    said = words.interval(
        row["ratio"], row["low"], row["high"], row["confidence"], row["blocks_done"]
    )
    return (
        f"{first} takes {words.number(row['ratio'])} times the {compared_quantity(row)} of "
        f"{second} in {words.workload(row['workload']).lower()}, {words.case(row)} "
        f"({said}): {VERDICTS[row['verdict']]}"
    )


def size(row: Mapping[str, Any], column: str, stacks: Mapping[str, Any]) -> str:
    name = f"{words.cell(row, stacks)} {words.workload(row['workload']).lower()}"
    return f"{name} program: {row[column]:,} {SIZE_NAMES[column]} (counted)"


def verdict_detail(row: Mapping[str, Any]) -> str:
    """Return what stands beside a verdict: blocks, sign interval, noise."""
    parts = [f"first faster in {row['faster_blocks']} of {row['blocks_done']} blocks"]
    if not math.isnan(row["sign_low"]):
        sign = (words.number(row[key], row["ratio"]) for key in ("sign_low", "sign_high"))
        parts.append(f"sign interval {' to '.join(sign)}")
    parts.append(f"A/A noise {noise(row['noise'])}")
    return ", ".join(parts)


def noise(half_width: float) -> str:
    if math.isinf(half_width):
        return "unknown"
    return f"\N{PLUS-MINUS SIGN}{100 * half_width:.1f} %"
