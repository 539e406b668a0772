"""Titles of charts: what they say of stacks they say of one language, and of ties so."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from bench.charts import findings, price
from bench.charts.style import Look
from bench.comparisons import in_one_language

STACKS = {"zmq": {"label": "ZeroMQ"}, "http": {"label": "HTTP"}}
LOOK = Look(STACKS, {"zmq": "#009e73", "http": "#d55e00"}, {"zmq": "D", "http": "o"}, "")


def row(stack: str, language: str, value: float, **more: Any) -> dict[str, Any]:
    about = {"stack": stack, "language": language, "value": value, "fan_out_mode": None}
    return {**about, "floor": False, "low": value, "high": value, **more}


def least(*rows: dict[str, Any]) -> str:
    return findings.least(pd.DataFrame(rows), "value", "CPU time", "Fan-out", LOOK, " us")


def test_a_program_in_c_wins_no_title_against_programs_in_python() -> None:
    said = least(
        row("zmq", "python", 0.45), row("http", "python", 0.66), row("http", "c", 0.13)
    )
    assert said == "Fan-out in Python takes least CPU time on ZeroMQ, 0.45 us; HTTP 0.66"


def test_a_title_names_no_language_where_there_is_one() -> None:
    said = least(row("zmq", "python", 0.45), row("http", "python", 0.66))
    assert said == "Fan-out takes least CPU time on ZeroMQ, 0.45 us; HTTP 0.66"


def test_what_overlaps_shares_the_title() -> None:
    said = least(
        row("zmq", "python", 1.2, low=1.0, high=1.4),
        row("http", "python", 1.3, low=1.1, high=1.5),
    )
    assert said == "Fan-out takes least CPU time on ZeroMQ or HTTP, 1.2 us"


def test_what_may_lose_wins_no_title() -> None:
    lossy = row("http", "python", 0.1, fan_out_mode="lossy")
    said = least(row("zmq", "python", 0.45), row("http", "python", 0.66), lossy)
    assert said.endswith("least CPU time on ZeroMQ, 0.45 us; HTTP 0.66")


@pytest.mark.parametrize(
    ("languages", "spoken"),
    [(["c", "python"], "python"), (["python"], "python"), (["c", "rust"], "c")],
)
def test_one_language_is_python_where_there_is_any(
    languages: list[str], spoken: str
) -> None:
    rows = pd.DataFrame([row("zmq", language, 1.0) for language in languages])
    assert set(in_one_language(rows)["language"]) == {spoken}


def test_sizes_too_close_for_a_label_each_share_one() -> None:
    sizes = [(13, 0), (14, 0), (60, 0), (64, 1), (172, 1)]
    rows = [
        {
            "stack": "zmq", "variant": f"v{n}", "workload": "fan_out", "kept": kept,
            "statements": size, "faults": 1, "most": 1,
        }
        for n, (size, kept) in enumerate(sizes)
    ]  # fmt: skip
    said = [text for _, text in price.apart(rows)]
    assert said == ["13, 14", "60", "64", "172"]
