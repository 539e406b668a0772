"""A user's own sizes and numbers of peers make cases like any other."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contract.alike import alike
from bench.contract.find import choose, find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, Case
from bench.contract.rows import case_named
from bench.errors import UsageError
from bench.measure.common import BYTES_MAX, free_running_pilot, free_running_window
from bench.run import points
from bench.run.declared import MOST, read_declared
from bench.run.plan import Planned, plan
from bench.run.points import Points, at_points, declared_at
from bench.run.profiles import PROFILES
from bench.run.sets import takes_turns

CELLS = find_cells([IMPLEMENTATIONS, FLOOR])
QUICK = plan(PROFILES["quick"], CELLS)
FULL = plan(PROFILES["full"], CELLS)
PLANNED = [entry for entry in QUICK if not entry.case.fault]
SHARED_FILE_LIMIT = 16 * 1024 * 1024
"""The limit of all programs but ZeroMQ's."""
sizes = st.integers(32, SHARED_FILE_LIMIT)


def cases(planned: Iterable[Planned]) -> list[Case]:
    return [entry.case for entry in planned]


def only(*globs: str) -> list[Planned]:
    return plan(PROFILES["quick"], choose(CELLS, globs))


def test_without_a_point_of_ones_own_a_plan_is_as_it_was() -> None:
    assert at_points(QUICK, Points()) == QUICK
    assert at_points(QUICK, Points((), {"clients": ()})) == QUICK


@given(st.sets(sizes, min_size=1, max_size=3))
@settings(max_examples=20)
def test_every_case_of_speed_is_measured_at_each_size_and_no_fault(
    wanted: set[int],
) -> None:
    made = cases(at_points(QUICK, Points(tuple(wanted))))
    assert {case.size_bytes for case in made} == wanted
    assert not any(case.fault for case in made)
    cells = {case.cell.id for case in cases(PLANNED)}
    for size_bytes in wanted:
        assert {case.cell.id for case in made if case.size_bytes == size_bytes} == cells
    assert len({case.id for case in made}) == len(made)


def test_a_case_at_the_profiles_own_point_keeps_its_id() -> None:
    original = {case.id for case in cases(PLANNED) if not case.cell.is_floor}
    same = Points((64,), {"clients": (1,), "subscribers": (4,), "workers": (2,)})
    assert {case.id for case in cases(at_points(QUICK, same))} == original


def test_the_name_of_a_case_carries_its_point() -> None:
    made = cases(at_points(QUICK, Points((1000,), {"clients": (3, 8)})))
    rows = [case_named(case.name) for case in made]
    assert {(row.size_bytes, row.instances) for row in rows} == {(1000, 3), (1000, 8)}


@pytest.mark.parametrize(
    ("label", "workload"),
    [("clients", "request_reply"), ("subscribers", "fan_out"), ("workers", "pipeline")],
)
def test_a_number_of_peers_measures_its_workload_alone(label: str, workload: str) -> None:
    made = cases(at_points(QUICK, Points((), {label: (5,)})))
    assert {case.cell.workload.name for case in made} == {workload}
    assert {case.instances for case in made} == {5}


def test_cases_of_one_connection_are_left_out_where_a_number_is_named() -> None:
    made = cases(at_points(FULL, Points((), {"clients": (2,)})))
    assert not any(case.cell.is_floor or case.quantity == "wrk" for case in made)


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, ["at least 32 bytes", "`check` sends smaller ones"]),
        (31, ["at least 32 bytes"]),
        (-5, ["at least 32 bytes"]),
        (BYTES_MAX + 1, [f"at most {BYTES_MAX} bytes", "64 MiB", "smaller size"]),
        (SHARED_FILE_LIMIT + 1, ["http/", "at most 16777216 bytes", "--only"]),
    ],
)
def test_a_size_that_no_trial_can_have_names_the_limit_and_the_remedy(
    size_bytes: int, words: list[str]
) -> None:
    with pytest.raises(UsageError) as said:
        at_points(QUICK, Points((64, size_bytes)))
    for word in [f"--size {size_bytes}", *words]:
        assert word in str(said.value)


def test_a_program_without_a_limit_takes_sizes_that_others_refuse() -> None:
    large = Points((SHARED_FILE_LIMIT + 1,))
    assert at_points(only("zmq/minimal/*"), large)
    assert at_points(only("zmq/minimal/*"), Points((BYTES_MAX,)))


@pytest.mark.parametrize("number", [0, -1])
def test_a_number_below_one_is_refused(number: int) -> None:
    with pytest.raises(UsageError, match=rf"--workers {number}: a trial has at least 1"):
        at_points(QUICK, Points((), {"workers": (2, number)}))


@pytest.fixture
def few_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files")
def test_more_peers_than_files_name_the_limit_and_the_greatest_number() -> None:
    with pytest.raises(UsageError) as said:
        at_points(QUICK, Points((), {"clients": (100,)}))
    assert "may have 256" in str(said.value)
    assert "`ulimit -n 468`" in str(said.value)
    assert "at most 47" in str(said.value)
    assert at_points(QUICK, Points((), {"clients": (47,)}))


def test_more_peers_than_memory_name_the_greatest_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(points, "allowed_bytes", lambda: 1 << 30)
    with pytest.raises(UsageError, match="half of this machine's memory") as said:
        at_points(QUICK, Points((), {"subscribers": (1000,)}))
    most = int(str(said.value).rsplit(" ", 1)[1])
    assert at_points(QUICK, Points((), {"subscribers": (most,)}))
    with pytest.raises(UsageError):
        at_points(QUICK, Points((), {"subscribers": (most + 1,)}))


def test_the_comparisons_of_a_point_are_the_declared_ones_between_alike_programs() -> None:
    planned = at_points(QUICK, Points((1000,)))
    found = declared_at(planned, read_declared())
    here = {(e.case.name, e.case.cell.key): e.case.cell for e in planned}
    assert len(found) == len(declared_at(PLANNED, read_declared())) > 5
    for name, first, second in found:
        assert case_named(name).size_bytes == 1000
        assert {(name, first), (name, second)} <= here.keys()


def test_programs_that_are_alike_with_one_client_only_are_not_compared_with_several() -> (
    None
):
    """Sockets handle several requests at a time, ZeroMQ's REP one after the other."""
    found = declared_at(at_points(QUICK, Points((), {"clients": (4,)})), read_declared())
    assert ("zmq.minimal.python", "http.minimal.python") in {pair[1:] for pair in found}
    assert not any("raw_socket.minimal.python" in pair for pair in found)


def test_no_more_comparisons_are_declared_than_can_be_tested() -> None:
    planned = at_points(QUICK, Points(tuple(range(100, 110))))
    found = declared_at(planned, read_declared())
    assert len(found) == MOST
    assert alike(*(case_named(name) for name in (found[0][0], found[0][0])))


def test_messages_of_which_memory_holds_no_turns_are_measured_alone() -> None:
    """And neither their pilot nor their window sends more than a driver may build."""
    large = cases(at_points(only("zmq/minimal/request_reply.py"), Points((BYTES_MAX,))))
    for case in large:
        assert not takes_turns(case)
        for window in (
            free_running_pilot(case),
            free_running_window(case, 1e-3, stamp_each=True),
        ):
            assert (window.messages, window.warm_up) == (1, 1)
    small = cases(at_points(only("zmq/minimal/request_reply.py"), Points((1 << 20,))))
    assert all(takes_turns(case) for case in small)
