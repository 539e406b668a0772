"""The checker's classes add up, and count exactly what was done to the messages."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from bench.trial.checker import NOTHING, Tally, tally

SENDER = 3


def tally_of(sequences: list[int], number_given: int) -> Tally:
    return tally([SENDER] * len(sequences), sequences, SENDER, number_given)


@given(
    st.integers(0, 50),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60)), max_size=120),
)
def test_every_given_message_is_either_delivered_or_lost(
    number_given: int, arrivals: list[tuple[int, int]]
) -> None:
    senders = [sender for sender, _ in arrivals]
    sequences = [sequence for _, sequence in arrivals]
    found = tally(senders, sequences, SENDER, number_given)
    assert found.given == number_given == found.delivered + found.lost
    assert len(arrivals) == found.delivered + found.duplicated + found.unexpected
    assert min(found.delivered, found.lost, found.duplicated, found.unexpected) >= 0


@given(st.integers(0, 200))
def test_a_faultless_stream_has_no_fault(number_given: int) -> None:
    found = tally_of(list(range(number_given)), number_given)
    assert found == Tally(number_given, number_given, 0, 0, 0, 0)


@given(st.sets(st.integers(0, 99)))
def test_losses_are_counted_exactly(lost: set[int]) -> None:
    found = tally_of([n for n in range(100) if n not in lost], 100)
    assert found == Tally(100, 100 - len(lost), len(lost), 0, 0, 0)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=50))
def test_duplicates_are_counted_exactly(copies: list[int]) -> None:
    arrived = [n for n, count in enumerate(copies) for _ in range(count)]
    found = tally_of(arrived, len(copies))
    extra = sum(copies) - len(copies)
    assert found == Tally(len(copies), len(copies), 0, extra, 0, 0)


@given(st.sets(st.integers(0, 49)))
def test_swapped_pairs_are_counted_exactly(swapped: set[int]) -> None:
    arrived = list(range(100))
    for pair in swapped:
        first, second = 2 * pair, 2 * pair + 1
        arrived[first], arrived[second] = arrived[second], arrived[first]
    assert tally_of(arrived, 100) == Tally(100, 100, 0, 0, len(swapped), 0)


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(0, 2**32))
def test_all_counts_except_reordering_are_independent_of_the_order(
    arrived: list[int], seed: int
) -> None:
    shuffled = random.Random(seed).sample(arrived, len(arrived))
    one, other = tally_of(arrived, 25), tally_of(shuffled, 25)
    assert (one.delivered, one.lost, one.duplicated, one.unexpected) == (
        other.delivered,
        other.lost,
        other.duplicated,
        other.unexpected,
    )


def test_another_senders_message_is_unexpected_and_delivers_nothing() -> None:
    found = tally([SENDER, SENDER + 1], [0, 1], SENDER, 2)
    assert found == Tally(2, 1, 1, 0, 0, 1)


def test_a_corrupted_header_with_an_absurd_sequence_is_unexpected() -> None:
    found = tally([SENDER], [2**62], SENDER, 1)
    assert found == Tally(1, 0, 1, 0, 0, 1)


def test_tallies_of_several_consumers_add_up() -> None:
    assert NOTHING + tally_of([0, 0], 2) + tally_of([1, 0], 2) == Tally(4, 3, 1, 1, 1, 0)
