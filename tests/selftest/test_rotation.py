"""The selftest that compares turns with trials fails where their ratios differ."""

from __future__ import annotations

import pytest

from bench.selftest import rotation
from bench.selftest.rotation import Way

PAIR = ("a", "b")
BLOCKS = 12


def way(ratio: float, spread: float = 0.02, rounds: int = 5) -> Way:
    """Return a way that found a ratio, in blocks that scatter evenly around it."""
    found = Way()
    for block in range(BLOCKS):
        level = 1 + spread * (block - (BLOCKS - 1) / 2) / BLOCKS
        found.keep({"a": [ratio * level] * rounds, "b": [1.0] * rounds})
    return found


def test_ways_with_the_same_ratio_agree_and_others_do_not() -> None:
    assert rotation._agree("", way(2.0), way(2.0), PAIR).passed is True
    assert rotation._agree("", way(2.0), way(2.06), PAIR).passed is True
    assert rotation._agree("", way(2.0), way(2.3), PAIR).passed is False


def test_a_block_s_ratio_is_the_median_of_its_rounds_and_not_of_its_values() -> None:
    found = Way()
    found.keep({"a": [1.0, 4.0, 9.0], "b": [1.0, 2.0, 3.0]})
    assert found.ratios(PAIR) == pytest.approx([2.0])


def test_two_copies_of_one_program_that_are_found_to_differ_fail() -> None:
    assert rotation._measured("", way(1.0), PAIR, same=True).passed is True
    assert rotation._measured("", way(1.2), PAIR, same=True).passed is False
    assert rotation._measured("", way(1.2), PAIR, same=False).passed is None
