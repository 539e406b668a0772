"""The profiles ask for what can be compared fairly, of every cell there is."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis import rounds
from bench.contract.find import find_cells
from bench.contract.model import APART, FLOOR, IMPLEMENTATIONS, Case, Cell
from bench.contract.rows import case_named
from bench.faults.across import ACROSS
from bench.faults.all_faults import all_faults
from bench.measure.levels import L1, L2, faults_of
from bench.report.talk_claims.conditions import compiled
from bench.report.talk_claims.judge import TalkClaim, read_claims
from bench.run.declared import MOST, read_declared, with_apart
from bench.run.plan import BLOCKS_MIN, Planned, plan
from bench.run.profiles import GROWTH, PROFILES

ROUND_TRIP = "request_reply"
CELLS = find_cells([IMPLEMENTATIONS, FLOOR])
WHOLE = {name: plan(profile, CELLS) for name, profile in PROFILES.items()}
PLANS = {
    name: [entry for entry in whole if not entry.case.fault]
    for name, whole in WHOLE.items()
}
"""The plans of speed; what they have of failures is tested further below."""
FAILURES = {
    name: [entry for entry in whole if entry.case.fault] for name, whole in WHOLE.items()
}
whole_profile = pytest.mark.parametrize("planned", WHOLE.values(), ids=WHOLE)
every_profile = pytest.mark.parametrize("planned", PLANS.values(), ids=PLANS)
mixed_profiles = pytest.mark.parametrize(
    "planned", [PLANS[name] for name in PROFILES if name != GROWTH]
)
"""The profiles that have every workload, the null stack, copies and faults."""
speed_profiles = pytest.mark.parametrize("name", ["standard", "full"])


def circumstances(case: Case) -> tuple[object, ...]:
    """Return all of a case but its cell."""
    return (
        case.quantity,
        case.size_bytes,
        case.transport,
        case.instances,
        case.placement,
        case.copy,
    )


@whole_profile
def test_the_name_of_a_case_holds_its_circumstances(planned: list[Planned]) -> None:
    for case in (entry.case for entry in planned):
        row = case_named(case.name)
        found = (
            row.quantity,
            row.size_bytes,
            row.transport,
            row.instances,
            row.placement,
            row.copy,
        )
        assert found == circumstances(case)
        assert (row.load, row.fault) == (case.load, case.fault)
        assert row.workload == case.cell.workload.name


@pytest.mark.parametrize("name", ["", "fan_out.size.statements", "a.b.c.d.e.f"])
def test_a_name_that_no_case_has_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        case_named(name)


def test_full_has_every_program() -> None:
    assert {cell.id for cell in CELLS} == {entry.case.cell.id for entry in WHOLE["full"]}


def test_standard_has_every_variant_that_a_user_would_take_first() -> None:
    timed = {entry.case.cell.id for entry in PLANS["standard"]}
    left_out = {c.variant.name for c in CELLS if c.language == "python"} - {
        cell.variant.name for cell in CELLS if cell.id in timed
    }
    assert not left_out & {"minimal", "lossless", "buffered", "websocket", "uwsgi"}
    assert not {name for name in left_out if name.endswith("_client")}
    assert "tls" not in left_out


@whole_profile
def test_a_case_is_planned_once(planned: list[Planned]) -> None:
    assert max(Counter(entry.case.id for entry in planned).values()) == 1


@every_profile
def test_blocks_are_enough_for_an_interval(planned: list[Planned]) -> None:
    assert min(entry.blocks for entry in planned) >= BLOCKS_MIN >= rounds.BLOCKS_MIN


@every_profile
def test_every_case_has_a_transport_that_its_program_has(planned: list[Planned]) -> None:
    for entry in planned:
        assert entry.case.transport in entry.case.cell.transports


@pytest.mark.parametrize("workload", ["request_reply", "fan_out", "pipeline"])
@mixed_profiles
def test_requests_never_represents_http_alone(
    planned: list[Planned], workload: str
) -> None:
    """Most of what people call the cost of HTTP is the cost of its client library."""

    def cases_of(variant: str) -> set[tuple[object, ...]]:
        cell = f"http/{variant}/{workload}.py"
        asked = [e.case for e in planned if e.case.cell.id == cell]
        compared = [case for case in asked if not case.copy]
        return {
            circumstances(c) for c in compared if c.quantity != "wrk"
        }  # not by requests

    other_clients = cases_of("aiohttp_client") & cases_of("stdlib_client")
    if planned is PLANS["quick"]:  # whose round trips have the fastest pair alone
        other_clients |= cases_of("uwsgi")
    else:
        assert cases_of("minimal")
    assert cases_of("minimal") <= other_clients


HEADLINE = {
    "request_reply": ("latency", ("zmq/minimal", "raw_socket/minimal", "http/minimal")),
    "fan_out": ("throughput", ("zmq/lossless", "raw_socket/buffered", "http/buffered")),
    "pipeline": ("throughput", ("zmq/minimal", "raw_socket/buffered", "http/buffered")),
}


@pytest.mark.parametrize("placement", ["split", "shared"])
@pytest.mark.parametrize("workload", HEADLINE)
@speed_profiles
def test_a_declared_comparison_has_sixteen_blocks_of_all_three_stacks(
    name: str, workload: str, placement: str
) -> None:
    quantity, variants = HEADLINE[workload]
    claimed = {
        entry.case.cell.id
        for entry in PLANS[name]
        if entry.blocks >= 16
        and circumstances(entry.case)[:2] == (quantity, 64)
        and (entry.case.placement, entry.case.transport) == (placement, "tcp")
        and not entry.case.copy
    }
    assert claimed >= {f"{variant}/{workload}.py" for variant in variants}


@every_profile
def test_fan_out_of_more_blocks_than_the_least_is_lossless(
    planned: list[Planned],
) -> None:
    """Ratios of the headline compare who waits with who waits."""
    for entry in planned:
        if entry.case.cell.workload.name == "fan_out" and entry.blocks > BLOCKS_MIN:
            assert not entry.case.cell.lossy


@mixed_profiles
def test_an_a_a_copy_has_as_many_blocks_as_its_original(planned: list[Planned]) -> None:
    copies = [entry for entry in planned if entry.case.copy]
    assert copies
    for copy in copies:
        originals = [
            entry.blocks
            for entry in planned
            if entry.case.cell == copy.case.cell
            and not entry.case.copy
            and circumstances(entry.case)[:-1] == circumstances(copy.case)[:-1]
        ]
        assert originals == [copy.blocks]


def test_on_separate_cpus_standard_has_declared_programs_and_clients() -> None:
    """The rest is for `full`, so that `make bench` takes minutes."""
    declared = {(case, key) for case, *pair in read_declared() for key in pair}
    for case in (entry.case for entry in PLANS["standard"] if not entry.case.copy):
        if case.placement == "split" and case.quantity != "response":
            is_client = case.cell.variant.name.endswith("_client")
            assert is_client or (case.name, case.cell.key) in declared


def test_full_has_every_case_of_standard_and_more() -> None:
    standard, full = ({e.case.id for e in PLANS[n]} for n in ("standard", "full"))
    assert standard < full


@mixed_profiles
def test_the_null_stack_is_in_its_own_group_only(planned: list[Planned]) -> None:
    floor = [entry.case for entry in planned if entry.case.cell.is_floor]
    assert floor
    assert {(c.transport, c.placement, c.instances) for c in floor} == {
        ("direct", "shared", 1)
    }
    without = plan(PROFILES["quick"], [cell for cell in CELLS if not cell.is_floor])
    assert not any(entry.case.cell.is_floor for entry in without)


@whole_profile
def test_a_fourth_stack_is_planned_from_its_folder_alone(
    planned: list[Planned], tmp_path: Path
) -> None:
    shutil.copytree(IMPLEMENTATIONS / "raw_socket", tmp_path / "fourth")
    name = next(name for name, known in WHOLE.items() if known is planned)
    more = plan(PROFILES[name], find_cells([IMPLEMENTATIONS, FLOOR, tmp_path]))

    def cases_of(stack: str) -> set[tuple[object, ...]]:
        return {
            (e.case.cell.id.removeprefix(stack), e.blocks, *circumstances(e.case))
            for e in more
            if e.case.cell.stack.name == stack
        }

    assert cases_of("fourth") == cases_of("raw_socket") != set()
    others = [e for e in more if e.case.cell.stack.name != "fourth"]
    assert [e.case.id for e in others] == [e.case.id for e in planned]


def test_the_option_blocks_changes_the_number_of_blocks_only() -> None:
    asked = plan(PROFILES["standard"], CELLS, blocks=2)
    assert {entry.blocks for entry in asked} == {2}
    assert [e.case for e in asked] == [e.case for e in WHOLE["standard"]]


@pytest.mark.parametrize("name", [name for name in PROFILES if name != GROWTH])
def test_a_fault_is_planned_for_the_same_variant_of_all_stacks(name: str) -> None:
    """A resilient cell stands for each stack; minimal ones beside it for all, or none."""
    met: dict[tuple[str, str, str], set[tuple[str, str]]] = {}
    for entry in FAILURES[name]:
        cell = entry.case.cell
        if all_faults()[entry.case.fault].variant is None:
            about = (entry.case.fault, cell.workload.name, entry.case.transport)
            met.setdefault(about, set()).add((cell.stack.name, cell.variant.name))
    assert met
    for (*_, transport), cells in met.items():
        stacks = {"raw_socket", "zmq"} | (set() if transport == "ipc" else {"http"})
        assert {stack for stack, variant in cells if variant == "resilient"} >= stacks
        minimal = {stack for stack, variant in cells if variant == "minimal"}
        assert minimal >= stacks or not minimal


@pytest.mark.parametrize(("name", "levels"), [("quick", [L1]), ("standard", [L1, L2])])
def test_a_profile_tries_every_fault_of_the_levels_that_it_reports(
    name: str, levels: list[str]
) -> None:
    met: dict[Cell, set[str]] = {}
    for entry in FAILURES[name]:
        met.setdefault(entry.case.cell, set()).add(entry.case.fault)
    for cell, faults in met.items():
        for level in levels:
            wanted = {*faults_of(level, cell.workload)}
            if cell.variant.name == "resilient" or level == L1:
                told = cell.variant.name not in ("proxied", "heartbeats")
                assert not told or wanted <= faults, (cell.id, level)


@pytest.mark.parametrize(
    ("name", "faults", "repeats"), [("quick", 2, 3), ("standard", 8, 5), ("full", 11, 10)]
)
def test_a_profile_has_its_faults_and_repeats(name: str, faults: int, repeats: int) -> None:
    often = {entry.case.fault for entry in FAILURES[name] if entry.blocks == repeats}
    assert len(often) >= faults
    assert max(entry.blocks for entry in FAILURES[name]) == repeats
    assert {entry.case.fault for entry in FAILURES["full"]} == set(all_faults())
    assert min(entry.blocks for entry in FAILURES["full"]) >= 3


ELSEWHERE = "PROFILE=full"
"""How a claim names the profile that measures what `standard` does not."""


@pytest.mark.parametrize("claim", read_claims(), ids=lambda claim: claim.id)
def test_standard_has_the_faults_that_a_claim_names(claim: TalkClaim) -> None:
    """Else its part would be open in every run that anybody cites."""
    tried = {
        f"{entry.case.cell.workload.name}.{entry.case.fault}.{entry.case.cell.key}"
        for entry in FAILURES["standard"]
    }
    for condition in claim.conditions:
        if ELSEWHERE in condition.lacks:
            continue
        named = [name.split(".") for name in (*condition.numbers, *condition.over)]
        faults = [
            compiled(".".join((workload, *rest)))
            for workload, quantity, *rest in named
            if quantity.startswith("recovery")
        ]
        met = [fault for fault in faults if any(map(fault.fullmatch, tried))]
        assert met or not faults, condition.says


def test_programs_with_heartbeats_alone_are_tested_with_cuts_of_the_link_only() -> None:
    for name in ("standard", "full"):
        met = {e.case.fault for e in FAILURES[name] if "/heartbeats/" in e.case.cell.id}
        assert met
        assert all(fault.startswith("link_cut") for fault in met)


def test_resilient_programs_are_timed_only_on_request() -> None:
    """The cost of guarantees is a question of its own, not one more row in each chart."""
    timed = {entry.case.cell.variant.name for entry in PLANS["standard"]}
    assert not timed & {"resilient", "reconnecting", "heartbeats"}


@pytest.mark.parametrize("name", PROFILES)
def test_hosts_add_latencies_round_trips_and_faults_apart_and_change_nothing_else(
    name: str,
) -> None:
    there = plan(PROFILES[name], CELLS, apart=True)
    added = {e.case: e.blocks for e in there if e.case.placement == APART}
    assert [entry for entry in there if entry.case not in added] == WHOLE[name]
    across = {
        replace(entry.case, placement=APART): entry.blocks
        for entry in FAILURES[name]
        if entry.case.fault in ACROSS and entry.case.transport == "tcp"
    }
    assert across or name == GROWTH
    assert added == across | {
        replace(entry.case, placement=APART): entry.blocks
        for entry in PLANS[name]
        if (entry.case.placement, entry.case.transport) == ("split", "tcp")
        and not entry.case.load
        and (entry.case.quantity == "latency" or is_round_trip_at_speed(entry.case))
    }
    if name in ("quick", "standard", "full"):
        assert {case.cell.workload.name for case in added} >= {ROUND_TRIP}


def is_round_trip_at_speed(case: Case) -> bool:
    return (case.cell.workload.name, case.quantity) == (ROUND_TRIP, "throughput")


def test_comparisons_apart_are_declared_like_those_on_separate_cpus() -> None:
    declared = read_declared()
    every = with_apart(declared)
    added = every[len(declared) :]
    names = {entry.case.name for entry in plan(PROFILES["quick"], CELLS, apart=True)}
    assert every[: len(declared)] == declared
    assert {case_named(name).placement for name, *_ in added} == {APART}
    assert {name for name, *_ in added} <= names
    assert len(every) <= MOST
