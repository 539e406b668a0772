"""Which programs stand beside each other: one of each stack, of one tier and promise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bench.comparisons import stack_order

SHORTEST, IN_C, SURVIVING = "shortest", "in C", "surviving"
TIERS = (SHORTEST, IN_C, SURVIVING)
VARIANTS = {
    SHORTEST: ("lossless", "minimal"),
    IN_C: ("minimal",),
    SURVIVING: ("resilient",),
}
"""The first that a stack has and that keeps all messages, else the last."""
LANGUAGES = {SHORTEST: "python", IN_C: "c", SURVIVING: "python"}
Row = Mapping[str, Any]


def beside(programs: Iterable[Row], workload: str, tier: str) -> list[Row]:
    """Return a stack's program each, of rows of ``bench.programs``, in the charts' order.

    For fan-out the one that loses nothing stands for its stack, as in what is claimed: a
    program that may lose messages is shorter by what it does not do.
    """
    found: dict[str, list[Row]] = {}
    for row in programs:
        fits = row["workload"] == workload and row["language"] == LANGUAGES[tier]
        if fits and row["variant"] in VARIANTS[tier]:
            found.setdefault(row["stack"], []).append(row)
    order = sorted(found, key=lambda name: (-stack_order(name)[0], name))
    return [min(found[stack], key=lambda row: _rank(row, tier)) for stack in order]


def _rank(row: Row, tier: str) -> tuple[bool, int]:
    return row["fan_out_mode"] == "lossy", VARIANTS[tier].index(row["variant"])
