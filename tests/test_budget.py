"""Fitting a plan into a time: what goes first, and what never goes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.budget import stays, trim
from bench.claims import read_claims
from bench.contract import FLOOR, IMPLEMENTATIONS
from bench.errors import UsageError
from bench.find import find_cells
from bench.plan import BLOCKS_MIN, Planned, plan
from bench.profiles import PROFILES

PLANNED = plan(PROFILES["standard"], find_cells([IMPLEMENTATIONS, FLOOR]))
CLAIMS = set(read_claims())
KEPT = [e for e in PLANNED if stays(e.case, CLAIMS)]
LEAST_S = float(len(KEPT) * BLOCKS_MIN)


def second_each(planned: Sequence[Planned]) -> float:
    return float(sum(entry.blocks for entry in planned))


@given(st.floats(LEAST_S, 1.2 * second_each(PLANNED)))
def test_what_is_left_fits_and_claims_with_their_twins_are_all_there(
    budget_s: float,
) -> None:
    made = trim(PLANNED, CLAIMS, budget_s, second_each)
    assert second_each(made.planned) <= budget_s
    ids = {entry.case.id for entry in made.planned}
    assert {entry.case.id for entry in KEPT} <= ids
    assert ids | set(made.left_out) == {entry.case.id for entry in PLANNED}
    assert min(e.blocks for e in made.planned if not e.case.fault) >= BLOCKS_MIN


@given(st.floats(LEAST_S, second_each(PLANNED)))
def test_a_case_goes_only_when_all_less_important_ones_have_gone(budget_s: float) -> None:
    made = trim(PLANNED, CLAIMS, budget_s, second_each)
    may_go = [e.case.id for e in PLANNED if not stays(e.case, CLAIMS)]
    assert made.left_out == may_go[::-1][: len(made.left_out)]


def test_blocks_are_cut_only_when_no_case_is_left_to_go() -> None:
    roomy = trim(PLANNED, CLAIMS, second_each(KEPT), second_each)
    assert {e.case.id: e.blocks for e in roomy.planned} == {
        e.case.id: e.blocks for e in KEPT
    }
    tight = trim(PLANNED, CLAIMS, second_each(KEPT) - 1, second_each)
    assert {e.blocks for e in tight.planned} == {BLOCKS_MIN}


def test_twins_and_floors_stay() -> None:
    assert any(entry.case.twin for entry in KEPT)
    assert any(entry.case.cell.is_floor for entry in KEPT)


def test_a_budget_below_the_claims_says_how_much_they_need() -> None:
    with pytest.raises(UsageError, match=r"--budget of at least \d+\.\d"):
        trim(PLANNED, CLAIMS, LEAST_S - 1, second_each)
