"""What rows are about, in the words by which the page is filtered."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import MagicMock

from bench.contract.rows import CaseRow, ProgramRow
from bench.report.facets import every, every_pair, facets, program_at

STACKS = {"zmq": {"label": "ZeroMQ"}, "http": {"label": "HTTP"}}
CASE = CaseRow(
    workload="fan_out",
    stack="zmq",
    variant="lossless",
    language="python",
    transport="tcp",
    size_bytes=65536,
    placement="shared",
)


def test_a_case_matches_a_filter_on_each_of_its_columns() -> None:
    assert facets(CASE, STACKS) == {
        "workload": "Fan-out",
        "stack": "ZeroMQ",
        "variant": "lossless",
        "language": "Python",
        "transport": "tcp",
        "size": "64 KiB",
        "placement": "one CPU",
    }
    assert facets(ProgramRow(stack="zmq"), STACKS) == {"stack": "ZeroMQ"}


def test_a_comparison_matches_filters_of_both_sides_and_names_shared_values_once() -> None:
    pair = MagicMock(a=CASE, b=replace(CASE, stack="http"))
    (found,) = every_pair([pair], STACKS)
    assert found == {**facets(CASE, STACKS), "stack": "ZeroMQ|HTTP"}


def test_a_program_is_known_from_its_path_even_if_it_does_not_exist() -> None:
    there = program_at("zmq/lossless/fan_out.c")
    assert every([there], STACKS) == [
        {
            "workload": "Fan-out",
            "stack": "ZeroMQ",
            "variant": "lossless",
            "language": "C",
        }
    ]
    assert "language" not in facets(program_at("zmq/lossless/fan_out"), STACKS)
