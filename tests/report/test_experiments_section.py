"""Tables of experiments: a unit once in a heading, and no table wider than the page."""

from __future__ import annotations

import pytest

from bench.contract.model import PROJECT
from bench.report.sections.experiments import COLUMNS_MAX, heading, section
from bench.surveys.experiments import kept


@pytest.mark.parametrize(
    ("name", "unit", "said"),
    [
        ("round_trip_ms", "ms", "round trip (ms)"),
        ("memory_mib", "MiB", "memory (MiB)"),
        ("peers", "peers", "peers"),
        ("arrived", "of the messages", "arrived (of the messages)"),
    ],
)
def test_a_heading_has_its_unit_once(name: str, unit: str, said: str) -> None:
    assert heading(name, unit) == said


def test_a_table_with_many_quantities_has_a_row_for_each() -> None:
    made = kept.read(PROJECT / "reports" / "experiments.json")
    tables = section(made).tables
    (asked,) = (t for t in tables if t.caption.startswith("transports: Which"))
    assert asked.columns[0] == "quantity"
    assert len(asked.columns) <= COLUMNS_MAX
    assert all(len(row) == len(asked.columns) for row in asked.rows)
    assert asked.rows[0][0] == "connects first (of the trials)"
