"""Every case meets every block once, in an order that its seed alone decides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain, combinations

import pytest
from helpers_bench import find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, Case
from bench.run.declared import read_declared
from bench.run.plan import Planned, plan
from bench.run.profiles import GROWTH, PROFILES
from bench.run.schedule import Batch, batches, schedule
from bench.run.sets import fits, groups_of, kind

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


def test_further_blocks_follow_the_planned_blocks_in_a_new_order() -> None:
    planned = plan_of([6] * 8)
    more = [replace(entry, blocks=9) for entry in planned[:4]]
    slots = schedule(more, 1, first=6)
    assert Counter(s.planned.case.id for s in slots) == {e.case.id: 3 for e in more}
    assert {s.block for s in slots} == {6, 7, 8}
    assert not {s.seed for s in slots} & {s.seed for s in schedule(planned, 1)}


DECLARED = set(read_declared())
ROUND_TRIPS = [
    entry
    for entry in plan(PROFILES["standard"], find_cells([IMPLEMENTATIONS, FLOOR]))
    if entry.case.cell.workload.name == "request_reply"
    and (entry.case.size_bytes, entry.case.placement) == (64, "shared")
    and entry.case.quantity != "idle_memory"
]


@given(seeds)
def test_blocks_of_different_sets_alternate(seed: int) -> None:
    """A neighbour who stays for a while meets one block of many sets, not many of one."""
    made = batches(ROUND_TRIPS, seed, declared=DECLARED)
    assert [batch.block for batch in made] == sorted(batch.block for batch in made)
    assert len({kind(batch.slots[0].planned.case) for batch in made[:3]}) == 3


@given(st.integers(600, 16_000), seeds)
def test_a_set_is_cut_into_ensembles_that_fit_and_share_the_programs_that_others_need(
    memory_mib: int, seed: int
) -> None:
    made = batches(ROUND_TRIPS, seed, 0, DECLARED, memory_mib << 20)
    cut = [batch for batch in made if batch.in_turns]
    first = [batch for batch in cut if batch.block == 0]
    of_kind: dict[object, list[Batch]] = {}
    for batch in first:
        of_kind.setdefault(kind(batch.slots[0].planned.case), []).append(batch)
    for parts in of_kind.values():
        ids = [{slot.planned.case.id for slot in part.slots} for part in parts]
        shared = set.intersection(*ids) if len(ids) > 1 else set()
        for part, mine in zip(parts, ids, strict=True):
            cases = [slot.planned.case for slot in part.slots]
            programs = {c.cell.key for c in cases if c.id not in shared}
            in_c = {key for key in programs if key.endswith(".c")}  # declared, so together
            assert fits(cases, memory_mib << 20) or len(programs) == 1 or programs == in_c
            originals = {case.id.replace(".twin1", "") for case in cases}
            assert originals <= mine, "a copy is beside its original"
        assert len(parts) == 1 or any("raw_socket.minimal" in case for case in shared)
        copied = {case for case in set.union(*ids) if "twin1.zmq" in case}
        assert len(parts) == 1 or shared >= copied
        alone = Counter(case for each in ids for case in each - shared)
        assert not alone or set(alone.values()) == {1}
    keys = [slot.key for batch in cut for slot in batch.slots]
    assert len(keys) == len(set(keys))


def test_cases_that_cannot_wait_are_measured_alone() -> None:
    planned = plan(PROFILES["full"], find_cells([IMPLEMENTATIONS, FLOOR]))
    alone = [b.slots[0].planned.case for b in batches(planned, 1) if not b.in_turns]
    assert {case.quantity for case in alone} >= {"response", "recovery", "zero_loss"}
    assert all(len(b.slots) == 1 for b in batches(planned, 1) if not b.in_turns)
    timed = [case for case in alone if case.quantity in ("latency", "throughput")]
    assert all(c.cell.is_floor or c.cell.workload.paced_rate_hz for c in timed)


@pytest.mark.parametrize("name", [name for name in PROFILES if name != GROWTH])
def test_programs_of_declared_comparisons_take_their_turns_beside_each_other(
    name: str,
) -> None:
    planned = plan(PROFILES[name], find_cells([IMPLEMENTATIONS, FLOOR]))
    joined: set[str] = set()
    for batch in batches(planned, 1, declared=DECLARED):
        cases = [slot.planned.case for slot in batch.slots]
        groups = groups_of(cases, DECLARED)
        assert sorted(chain.from_iterable(groups)) == list(range(len(cases)))
        of = {number: at for at, group in enumerate(groups) for number in group}
        for one, other in combinations(range(len(cases)), 2):
            a, b = cases[one], cases[other]
            pair = {(a.name, a.cell.key, b.cell.key), (a.name, b.cell.key, a.cell.key)}
            if pair & DECLARED or (a.cell == b.cell and a.copy != b.copy):
                assert of[one] == of[other]
                joined.add(a.name)
        assert all(len(group) == 1 or _is_declared(cases, group) for group in groups)
    assert joined


def _is_declared(cases: list[Case], group: list[int]) -> bool:
    return all(
        any(cases[n].cell.key in pair and pair[0] in cases[n].name for pair in DECLARED)
        for n in group
    )
