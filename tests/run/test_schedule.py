"""Every case meets every block once, in an order that its seed alone decides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from helpers_bench import find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st

from bench.run.environment import BlockEnvironment
from bench.run.plan import Planned
from bench.run.schedule import REPEATED_MAX_SHARE, blocks_to_repeat, repeats, schedule

CELL = find_cell("null/minimal/request_reply.py")
seeds = st.integers(0, 2**32 - 1)
blocks = st.lists(st.integers(1, 8), min_size=1, max_size=12)


def plan_of(numbers_of_blocks: list[int]) -> list[Planned]:
    return [
        Planned(make_case(CELL, size_bytes=64 + n), count)
        for n, count in enumerate(numbers_of_blocks)
    ]


@given(blocks, seeds)
def test_a_case_is_in_each_of_its_first_blocks_once(
    numbers_of_blocks: list[int], seed: int
) -> None:
    planned = plan_of(numbers_of_blocks)
    found = Counter((s.planned.case.id, s.block) for s in schedule(planned, seed))
    assert found == Counter(
        (entry.case.id, block) for entry in planned for block in range(entry.blocks)
    )


@given(blocks, seeds)
def test_blocks_follow_each_other_and_positions_number_their_trials(
    numbers_of_blocks: list[int], seed: int
) -> None:
    slots = [(s.block, s.position) for s in schedule(plan_of(numbers_of_blocks), seed)]
    assert slots == sorted(slots)
    for block in range(max(numbers_of_blocks)):
        positions = [position for at, position in slots if at == block]
        assert positions == list(range(len(positions)))


@given(blocks, seeds)
def test_the_same_seed_gives_the_same_order_and_the_same_random_numbers(
    numbers_of_blocks: list[int], seed: int
) -> None:
    planned = plan_of(numbers_of_blocks)
    one, other = schedule(planned, seed), schedule(planned, seed)
    assert one == other
    assert [s.rng().random() for s in one] == [s.rng().random() for s in other]


@given(seeds)
def test_another_seed_and_another_block_give_another_order(seed: int) -> None:
    planned = plan_of([2] * 20)
    orders = [
        tuple(s.planned.case.id for s in schedule(planned, number) if s.block == block)
        for number in (seed, seed + 1)
        for block in (0, 1)
    ]
    assert len(set(orders)) == 4


@given(seeds)
def test_no_two_trials_share_their_random_numbers(seed: int) -> None:
    slots = schedule(plan_of([6] * 6), seed)
    assert len({s.rng().random() for s in slots}) == len(slots)


def test_an_empty_plan_has_an_empty_schedule() -> None:
    assert schedule([], 1) == []


def environment(*flagged: int, repeat: int = 0) -> list[BlockEnvironment]:
    """Return six blocks, of which these had their CPU time stolen."""
    quiet = BlockEnvironment(0, repeat, 0, 30.0, 0.0, 0.7, 0.01, 0.5, 0.0, 0.0)
    stolen = replace(quiet, steal_share=0.2)
    return [replace(stolen if b in flagged else quiet, block=b) for b in range(6)]


@given(seeds)
def test_a_flagged_block_is_repeated_whole_in_a_new_order(seed: int) -> None:
    slots = schedule(plan_of([6] * 8), seed)
    again = repeats(slots, blocks_to_repeat(environment(4), slots))
    assert {s.block for s in again} == {4}
    assert {s.repeat for s in again} == {1}
    first = [s for s in slots if s.block == 4]
    assert Counter(s.planned.case.id for s in again) == Counter(
        s.planned.case.id for s in first
    )
    assert not {s.seed for s in again} & {s.seed for s in slots}
    assert {s.name for s in again} == {"b04r1"}


@given(st.sets(st.integers(0, 5)), seeds)
def test_at_most_a_fifth_of_the_blocks_is_repeated(flagged: set[int], seed: int) -> None:
    slots = schedule(plan_of([6] * 8), seed)
    chosen = blocks_to_repeat(environment(*flagged), slots)
    assert set(chosen) <= flagged
    assert len(repeats(slots, chosen)) <= REPEATED_MAX_SHARE * len(slots)
    assert chosen or not flagged


def test_further_blocks_follow_the_planned_blocks_in_a_new_order() -> None:
    planned = plan_of([6] * 8)
    more = [replace(entry, blocks=9) for entry in planned[:4]]
    slots = schedule(more, 1, first=6)
    assert Counter(s.planned.case.id for s in slots) == {e.case.id: 3 for e in more}
    assert {s.block for s in slots} == {6, 7, 8}
    assert not {s.seed for s in slots} & {s.seed for s in schedule(planned, 1)}


def test_flagged_blocks_of_an_extension_are_not_repeated() -> None:
    """A run that is resumed amid them decides on its planned blocks as it did before."""
    slots = schedule(plan_of([6] * 8), 1)
    further = replace(environment(1)[1], block=7)
    assert blocks_to_repeat([*environment(4), further], slots) == [4]


def test_a_repetition_is_not_repeated_again() -> None:
    slots = schedule(plan_of([6] * 8), 1)
    both = [*environment(), *environment(3, repeat=1)]
    assert blocks_to_repeat(both, slots) == []
