"""Several machines agree on one comparison, or have a range, or another winner."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.machines import Held, contrary, groups
from bench.analysis.stats import Verdict

FASTER, SLOWER, OPEN = Verdict.FASTER, Verdict.SLOWER, Verdict.INCONCLUSIVE


def test_machines_whose_intervals_meet_have_one_ratio_in_the_hull_of_their_intervals() -> (
    None
):
    found = [Held(0.5, 0.45, 0.55, FASTER), Held(0.6, 0.52, 0.64, FASTER)]
    (group,) = groups(found)
    assert group.ratio == pytest.approx((0.5 * 0.6) ** 0.5)
    assert (group.low, group.high) == (0.45, 0.64)


def test_machines_whose_intervals_do_not_meet_have_a_range() -> None:
    found = [Held(0.09, 0.08, 0.1, FASTER), Held(0.04, 0.03, 0.05, FASTER)]
    (group,) = groups(found)
    assert group.ratio is None
    assert (group.least, group.greatest) == (0.04, 0.09)
    assert (group.low, group.high) == (0.03, 0.1)


def test_a_machine_with_another_winner_is_never_averaged_away() -> None:
    found = [Held(1.6, 1.56, 1.64, SLOWER), Held(0.9, 0.88, 0.92, FASTER)]
    made = groups(found)
    assert [group.machines for group in made] == [(0,), (1,)]
    assert contrary(made)
    assert not contrary(groups(found[:1]))


def test_a_machine_that_cannot_tell_follows_the_ones_that_can() -> None:
    found = [Held(1.1, 0.9, 1.2, OPEN), Held(1.2, 1.1, 1.3, SLOWER)]
    assert [group.verdict for group in groups(found)] == [SLOWER, OPEN]
    assert not contrary(groups(found))


RATIOS = st.tuples(st.floats(0.01, 100), st.floats(1, 2), st.floats(1, 2))
HELD = st.builds(
    lambda held, verdict: Held(held[0], held[0] / held[1], held[0] * held[2], verdict),
    RATIOS,
    st.sampled_from(Verdict),
)


@given(st.lists(HELD, min_size=1, max_size=5))
def test_every_machine_is_in_one_group_and_within_its_interval(found: list[Held]) -> None:
    made = groups(found)
    assert sorted(n for group in made for n in group.machines) == [*range(len(found))]
    for group in made:
        mine = [found[number] for number in group.machines]
        assert {held.verdict for held in mine} == {group.verdict}
        assert group.low == min(held.low for held in mine)
        assert group.high == max(held.high for held in mine)
        meet = all(a.low <= b.high and b.low <= a.high for a, b in combinations(mine, 2))
        assert (group.ratio is not None) == meet
        if group.ratio is not None:
            assert group.least / 1.0001 <= group.ratio <= group.greatest * 1.0001
