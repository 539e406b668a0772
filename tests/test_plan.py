"""The profiles ask for what can be compared fairly, of every cell there is."""

from __future__ import annotations

import shutil
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from bench.contract import FLOOR, IMPLEMENTATIONS, Case
from bench.faults import all_faults
from bench.find import find_cells
from bench.plan import BLOCKS_MIN, Planned, plan
from bench.profiles import PROFILES

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
speed_profiles = pytest.mark.parametrize("name", ["standard", "full"])


def circumstances(case: Case) -> tuple[object, ...]:
    """Return all of a case but its cell."""
    return (
        case.quantity,
        case.size_bytes,
        case.transport,
        case.instances,
        case.placement,
        case.twin,
    )


@whole_profile
def test_every_cell_is_in_every_profile(planned: list[Planned]) -> None:
    """But those that are there for one fault alone, where a profile has not that."""
    left_out = {cell.id for cell in CELLS} - {entry.case.cell.id for entry in planned}
    for_one_fault = ("/proxied/", "/heartbeats/")
    assert all(any(v in cell_id for v in for_one_fault) for cell_id in left_out)
    assert not left_out or planned is not WHOLE["full"]


@whole_profile
def test_a_case_is_planned_once(planned: list[Planned]) -> None:
    assert max(Counter(entry.case.id for entry in planned).values()) == 1


@every_profile
def test_blocks_are_enough_for_an_interval(planned: list[Planned]) -> None:
    assert min(entry.blocks for entry in planned) >= BLOCKS_MIN >= 6


@every_profile
def test_every_case_has_a_transport_that_its_cell_has(planned: list[Planned]) -> None:
    for entry in planned:
        assert entry.case.transport in entry.case.cell.transports


@pytest.mark.parametrize("workload", ["request_reply", "fan_out", "pipeline"])
@every_profile
def test_requests_never_stands_alone_for_http(
    planned: list[Planned], workload: str
) -> None:
    """Most of what people call the cost of HTTP is the cost of its client library."""

    def cases_of(variant: str) -> set[tuple[object, ...]]:
        cell = f"http/{variant}/{workload}.py"
        asked = [e.case for e in planned if e.case.cell.id == cell]
        return {circumstances(c) for c in asked if c.quantity != "wrk"}  # not by requests

    assert cases_of("minimal")
    assert cases_of("minimal") <= cases_of("aiohttp_client") & cases_of("stdlib_client")


HEADLINE = {
    "request_reply": ("latency", "minimal"),
    "fan_out": ("throughput", "lossless"),
    "pipeline": ("throughput", "minimal"),
}


@pytest.mark.parametrize("placement", ["split", "shared"])
@pytest.mark.parametrize("workload", HEADLINE)
@speed_profiles
def test_a_claim_rests_on_ten_blocks_of_all_three_stacks(
    name: str, workload: str, placement: str
) -> None:
    quantity, zmq_variant = HEADLINE[workload]
    claimed = {
        entry.case.cell.id
        for entry in PLANS[name]
        if entry.blocks >= 10
        and circumstances(entry.case)[:2] == (quantity, 64)
        and (entry.case.placement, entry.case.transport) == (placement, "tcp")
        and not entry.case.twin
    }
    assert claimed >= {
        f"raw_socket/minimal/{workload}.py",
        f"http/minimal/{workload}.py",
        f"zmq/{zmq_variant}/{workload}.py",
    }


@every_profile
def test_fan_out_of_more_blocks_than_the_least_is_lossless(
    planned: list[Planned],
) -> None:
    """Ratios of the headline compare who waits with who waits."""
    for entry in planned:
        if entry.case.cell.workload.name == "fan_out" and entry.blocks > BLOCKS_MIN:
            assert entry.case.cell.variant.fan_out == "lossless"


@every_profile
def test_a_twin_has_its_original_in_as_many_blocks(planned: list[Planned]) -> None:
    twins = [entry for entry in planned if entry.case.twin]
    assert twins
    for twin in twins:
        originals = [
            entry.blocks
            for entry in planned
            if entry.case.cell == twin.case.cell
            and not entry.case.twin
            and circumstances(entry.case)[:-1] == circumstances(twin.case)[:-1]
        ]
        assert originals == [twin.blocks]


@every_profile
def test_the_null_stack_joins_no_other_group(planned: list[Planned]) -> None:
    floor = [entry.case for entry in planned if entry.case.cell.is_floor]
    assert floor
    assert {(c.transport, c.placement, c.instances) for c in floor} == {
        ("direct", "shared", 1)
    }
    without = plan(PROFILES["quick"], [cell for cell in CELLS if not cell.is_floor])
    assert not any(entry.case.cell.is_floor for entry in without)


@whole_profile
def test_a_fourth_stack_joins_by_its_folder_alone(
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


def test_asking_for_blocks_changes_their_number_and_nothing_else() -> None:
    asked = plan(PROFILES["standard"], CELLS, blocks=2)
    assert {entry.blocks for entry in asked} == {2}
    assert [e.case for e in asked] == [e.case for e in WHOLE["standard"]]


@pytest.mark.parametrize("name", PROFILES)
def test_a_fault_meets_both_tiers_of_all_stacks(name: str) -> None:
    """A minimal cell that fails stands beside the resilient one that does not."""
    met: dict[tuple[str, str, str], set[tuple[str, str]]] = {}
    for entry in FAILURES[name]:
        cell = entry.case.cell
        if all_faults()[entry.case.fault].variant is None:
            about = (entry.case.fault, cell.workload.name, entry.case.transport)
            met.setdefault(about, set()).add((cell.stack.name, cell.variant.name))
    assert met
    tiers = set(product(("raw_socket", "http", "zmq"), ("minimal", "resilient")))
    without_paths = {("http", "minimal"), ("http", "resilient")}
    for (*_, transport), cells in met.items():
        assert cells >= tiers - (without_paths if transport == "ipc" else set())


@pytest.mark.parametrize(
    ("name", "faults", "repeats"), [("quick", 2, 3), ("standard", 8, 5), ("full", 11, 10)]
)
def test_a_profile_has_its_faults_and_repeats(name: str, faults: int, repeats: int) -> None:
    often = {entry.case.fault for entry in FAILURES[name] if entry.blocks == repeats}
    assert len(often) >= faults
    assert max(entry.blocks for entry in FAILURES[name]) == repeats
    assert {entry.case.fault for entry in FAILURES["full"]} == set(all_faults())
    assert min(entry.blocks for entry in FAILURES["full"]) >= 3


def test_heartbeats_alone_meet_cuts_of_the_link_and_nothing_else() -> None:
    for name in ("standard", "full"):
        met = {e.case.fault for e in FAILURES[name] if "/heartbeats/" in e.case.cell.id}
        assert met
        assert all(fault.startswith("link_cut") for fault in met)


def test_what_survives_is_timed_only_where_asked() -> None:
    """What its guarantees cost is a question of its own, not one more row in each chart."""
    timed = {entry.case.cell.variant.name for entry in PLANS["standard"]}
    assert not timed & {"resilient", "reconnecting", "heartbeats"}
