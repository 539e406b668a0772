"""A monkey does the same to every program, and again with the same seed."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bench.faults.chaos import EACH_S, ILL_MAX, ILL_S, LASTS_S, plan


@given(st.text(max_size=9), st.integers(3, 30))
def test_a_seed_replays_all_blows(seed: str, places: int) -> None:
    blows = plan(seed, places)
    assert blows == plan(seed, places)
    assert len(blows) == LASTS_S / EACH_S
    assert {blow.number for blow in blows} <= {*range(places)}


@given(st.text(max_size=9), st.integers(3, 30))
def test_no_peer_is_struck_while_ill_and_two_are_ill_at_most(
    seed: str, places: int
) -> None:
    blows = plan(seed, places)
    for blow in blows:
        earlier = [b for b in blows if b.at_s < blow.at_s]
        ill = [b.number for b in earlier if b.at_s + ILL_S[b.how] > blow.at_s]
        assert blow.number not in ill
        assert len(ill) < ILL_MAX


def test_every_blow_comes_and_strikes_every_peer() -> None:
    blows = [blow for seed in range(40) for blow in plan(str(seed), 5)]
    hows, numbers = (Counter(found) for found in zip(*[b[1:] for b in blows], strict=True))
    assert hows.keys() == ILL_S.keys()
    assert min(hows.values()) > len(blows) / 6
    assert min(numbers.values()) > len(blows) / 10
