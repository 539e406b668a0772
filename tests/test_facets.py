"""What rows are about, in the words by which the page is filtered."""

from __future__ import annotations

from bench.report.facets import columns_of, every, facets

STACKS = {"zmq": {"label": "ZeroMQ"}, "http": {"label": "HTTP"}}
CASE = {
    "workload": "fan_out",
    "stack": "zmq",
    "variant": "lossless",
    "language": "python",
    "transport": "tcp",
    "size_bytes": 65536,
    "placement": "shared",
}


def test_a_case_is_about_all_that_it_has_a_column_for() -> None:
    assert facets(CASE, STACKS) == {
        "workload": "Fan-out",
        "stack": "ZeroMQ",
        "variant": "lossless",
        "language": "Python",
        "transport": "tcp",
        "size": "64 KiB",
        "placement": "one CPU",
    }
    assert facets({"stack": "zmq"}, STACKS) == {"stack": "ZeroMQ"}


def test_a_comparison_is_about_both_its_sides_and_names_what_they_share_once() -> None:
    sides = {"stack_a": "zmq", "stack_b": "http", "variant_a": "lossless"}
    found = facets({"workload": "fan_out", **sides, "variant_b": "lossless"}, STACKS)
    assert found == {
        "workload": "Fan-out",
        "stack": "ZeroMQ|HTTP",
        "variant": "lossless",
    }


def test_a_program_is_known_from_its_path_also_one_that_does_not_exist() -> None:
    there = columns_of("zmq/lossless/fan_out.c")
    assert every([there], STACKS) == [
        {
            "workload": "Fan-out",
            "stack": "ZeroMQ",
            "variant": "lossless",
            "language": "C",
        }
    ]
    assert "language" not in columns_of("zmq/lossless/fan_out")
