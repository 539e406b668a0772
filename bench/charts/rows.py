"""Which cells a chart shows, in which order and how each is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bench.charts import words
from bench.charts.style import INK, MUTED, Look
from bench.comparisons import stack_order
from bench.frames import records

MIN_COMPANIONS = 2
"""How many other clients must stand beside ``requests`` for it to be shown at all."""


def _client_count(cells: pd.DataFrame, stack: str) -> int:
    variants = cells.loc[cells["stack"] == stack, "variant"].unique()
    return sum(str(variant).endswith(words.CLIENT) for variant in variants)


def with_company(cells: pd.DataFrame) -> pd.DataFrame:
    """Leave out a cell whose client library lacks its companions.

    The client is most of what people call the cost of HTTP, so ``requests`` alone would
    be a verdict on a library passed off as one on a protocol. ``cells`` are rows of one
    case: they differ in their cell, or in their measure.
    """
    alone = [
        stack
        for stack in words.CLIENT_OF_MINIMAL
        if _client_count(cells, stack) < MIN_COMPANIONS
    ]
    client = (cells["variant"] == "minimal") & (cells["language"] == words.PYTHON)
    return cells[~(client & cells["stack"].isin(alone))]


def accompanied(table: pd.DataFrame) -> pd.DataFrame:
    """Apply ``with_company`` to each case of a table of many cases."""
    same = ["workload", "quantity", "transport", "size_bytes", "instances", "placement"]
    same.append("load")
    parts = [with_company(part) for _, part in table.groupby(same, sort=False)]
    return pd.concat(parts) if parts else table


def lossy(row: dict[str, Any]) -> bool:
    return bool(row["fan_out_mode"] == "lossy")


def group(row: dict[str, Any]) -> tuple[bool, bool, bool]:
    """Return what sets rows apart: the floor, twins in another language, losses."""
    return bool(row["floor"]), row["language"] != words.PYTHON, lossy(row)


def row_key(row: dict[str, Any]) -> tuple[Any, ...]:
    """Sort key: by ``group``, the baseline's stack first, in it who stands for it."""
    order = stack_order(str(row["stack"]))
    head = row["variant"] in ("minimal", row["fan_out_mode"])
    return *group(row), -order[0], order[1], not head, row["variant"]


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row per cell of a table, in the order in which charts list them."""
    unique = table.drop_duplicates("key")
    return sorted(records(unique), key=row_key)


def positions(rows: Sequence[dict[str, Any]], gap: float = 0.7) -> dict[str, float]:
    """Return each cell's y, from 0 downwards; groups stand apart."""
    found: dict[str, float] = {}
    y = 0.0
    before: tuple[bool, bool, bool] | None = None
    for row in rows:
        y -= gap if before not in (None, group(row)) else 0
        found[str(row["key"])] = y
        y -= 1
        before = group(row)
    return found


def label(row: dict[str, Any], look: Look) -> str:
    name = words.cell(row, look.stacks).replace(" (harness floor)", ": harness floor")
    return f"{name}, lossy" if lossy(row) and row["variant"] != "lossy" else name


def labels(
    rows: Sequence[dict[str, Any]], at: dict[str, float], look: Look
) -> list[tuple[float, str, str]]:
    return [(at[str(row["key"])], label(row, look), INK) for row in rows]


def color(row: dict[str, Any], look: Look) -> str:
    return look.colors.get(str(row["stack"]), MUTED)


def hollow(row: dict[str, Any]) -> bool:
    """Whether a cell is drawn hollow: it does not stand for its stack."""
    head = row["variant"] in ("minimal", row["fan_out_mode"])
    return not (row["floor"] or (head and row["language"] == words.PYTHON))
