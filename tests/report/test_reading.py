"""How many declared comparisons hold together, in words."""

from __future__ import annotations

import pytest

from bench.report.sections.reading import declared_together, method

LEAST = 2 / 1024
"""The smallest p that ten blocks have."""


@pytest.mark.parametrize(
    ("p_beyond", "together"),
    [
        ([LEAST] * 3 + [0.5], "3 of 4"),
        ([LEAST] * 25, "25 of 25"),
        ([LEAST] * 26, "0 of 26"),
        ([0.03, 0.03], "0 of 2"),
        ([0.02, 0.03], "2 of 2"),
    ],
)
def test_declared_comparisons_are_tested_together(
    p_beyond: list[float], together: str
) -> None:
    assert f"(Holm), {together} ratios lie more than 5 % from 1" in declared_together(
        p_beyond, 10
    )


def test_too_few_blocks_find_no_difference() -> None:
    said = declared_together([1.0, 1.0], 5)
    assert "2 declared comparisons from 5 blocks each, too few for an interval" in said
    assert "Holm" not in said


def test_a_run_without_declared_comparisons_has_none_to_test() -> None:
    assert (
        declared_together([], 10) == "This run measured none of the declared comparisons."
    )


def test_the_method_of_a_run_names_turns_or_single_trials() -> None:
    turns, single = (" ".join(method(in_turns=each)) for each in (True, False))
    assert "Programs that are compared took turns" in turns
    assert "measures one window" not in turns
    assert "Programs were measured in single trials" in single
    assert "did not take turns" in single


@pytest.mark.parametrize("in_turns", [True, False])
def test_the_method_has_the_ten_lines_of_its_title(in_turns: bool) -> None:
    assert len(method(in_turns=in_turns)) == 10
