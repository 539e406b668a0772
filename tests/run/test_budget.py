"""Trim a plan to a time budget: which cases are dropped first, and which never."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS
from bench.errors import UsageError
from bench.run.budget import stays, trim
from bench.run.declared import read_declared
from bench.run.plan import BLOCKS_MIN, Planned, plan
from bench.run.profiles import PROFILES

PLANNED = plan(PROFILES["standard"], find_cells([IMPLEMENTATIONS, FLOOR]))
CLAIMS = set(read_declared())
KEPT = [e for e in PLANNED if stays(e.case, CLAIMS)]
LEAST_S = float(len(KEPT) * BLOCKS_MIN)


def second_each(planned: Sequence[Planned]) -> float:
    return float(sum(entry.blocks for entry in planned))


@settings(max_examples=25)
@given(st.floats(LEAST_S, 1.2 * second_each(PLANNED)))
def test_a_trimmed_plan_fits_and_keeps_declared_comparisons_and_their_copies(
    budget_s: float,
) -> None:
    made = trim(PLANNED, CLAIMS, budget_s, second_each)
    assert second_each(made.planned) <= budget_s
    ids = {entry.case.id for entry in made.planned}
    assert {entry.case.id for entry in KEPT} <= ids
    assert ids | set(made.left_out) == {entry.case.id for entry in PLANNED}
    assert min(e.blocks for e in made.planned if not e.case.fault) >= BLOCKS_MIN


@settings(max_examples=25)
@given(st.floats(LEAST_S, second_each(PLANNED)))
def test_a_case_is_dropped_only_after_all_less_important_cases(budget_s: float) -> None:
    made = trim(PLANNED, CLAIMS, budget_s, second_each)
    may_go = [e.case.id for e in PLANNED if not stays(e.case, CLAIMS)]
    assert made.left_out == may_go[::-1][: len(made.left_out)]


def test_blocks_are_cut_only_after_all_cases_that_may_be_dropped() -> None:
    roomy = trim(PLANNED, CLAIMS, second_each(KEPT), second_each)
    assert {e.case.id: e.blocks for e in roomy.planned} == {
        e.case.id: e.blocks for e in KEPT
    }
    tight = trim(PLANNED, CLAIMS, second_each(KEPT) - 1, second_each)
    assert {e.blocks for e in tight.planned} == {BLOCKS_MIN}


def test_a_budget_drops_neither_a_a_copies_nor_harness_floors() -> None:
    assert any(entry.case.copy for entry in KEPT)
    assert any(entry.case.cell.is_floor for entry in KEPT)


def test_a_budget_below_the_declared_comparisons_names_the_minutes_that_they_need() -> None:
    with pytest.raises(UsageError, match=r"--budget of at least \d+\.\d"):
        trim(PLANNED, CLAIMS, LEAST_S - 1, second_each)
