"""Trials with a fault leave nothing behind, and go on where a machine permits less."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest
from helpers_bench import find_cell, hosts_of
from helpers_network import BOUND_S, Harness, network_of, wait_for

from bench import failure_trial, recover, scratch
from bench.contract import Case
from bench.errors import NotMeasurable, TrialError
from bench.failure_trial import run_failure
from bench.faults import Fault, all_faults
from bench.measure.measured import Measured
from bench.network.hosts import Network
from bench.network.link import Link
from bench.plan import Planned
from bench.scene import Scene
from bench.schedule import Slot, schedule

SOCKET = "raw_socket/minimal/request_reply.py"
LINK, STANDING = "link_cut_1s", "server_frozen"


def case_of(fault: str, cell_id: str = SOCKET) -> Case:
    setup = all_faults()[fault].setup
    facts = ("tcp", setup.size_bytes, setup.instances, "free")
    return Case(find_cell(cell_id), "recovery", *facts, fault=fault)


# -- what stays behind ---------------------------------------------------------------------

FAILURES = """
import os, random, tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

from bench import failure_trial
from bench.contract import IMPLEMENTATIONS, Case
from bench.find import find_cells
from bench.faults import all_faults

make_network = failure_trial._network


def noted(fault, stack):
    network = make_network(fault, stack)
    for file in network._holder.ready.values():
        print(os.readlink(file), flush=True)
    return network


failure_trial._network = noted
logs = Path(tempfile.mkdtemp())
cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
cell = cells["raw_socket/minimal/pipeline.py"]
names = ("link_cut_1s", "server_frozen", "server_killed", "link_reset", "power_lost")


def make(number):
    fault = all_faults()[names[number % len(names)]]
    case = Case(cell, "recovery", "tcp", 64, 2, "free", fault=fault.name)
    failure_trial.run_failure(case, fault, logs / str(number), random.Random(number))


with ThreadPoolExecutor(3) as pool:
    print("begun", flush=True)
    list(pool.map(make, range(1000)))
"""
A_TRIAL_S = 5.0


@pytest.mark.parametrize("time_number", range(10))
def test_nothing_stays_behind_when_the_harness_is_killed_at_any_moment(
    time_number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del time_number
    with network_of("near", "far") as network:
        Link(network)
    harness = Harness(FAILURES, TMPDIR=str(tmp_path))
    delay_s = random.uniform(0, A_TRIAL_S)
    try:
        wait_for(lambda: harness.namespaces)
        time.sleep(delay_s)
    finally:
        harness.kill()
    harness.leaves_nothing()
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    scratch.sweep_folders()
    assert not list(tmp_path.glob(f"{scratch.PREFIX}*")), f"killed after {delay_s:.3f} s"


@pytest.mark.parametrize("fault", [LINK, STANDING])
def test_a_trial_leaves_no_process_and_no_namespace(fault: str, tmp_path: Path) -> None:
    made: list[Network] = []
    with pytest.MonkeyPatch.context() as patch, network_of("near", "far") as network:
        Link(network)
        patch.setattr(
            failure_trial, "Network", lambda *names: made.append(Network(*names)) or made[0]
        )
        run_failure(case_of(fault), all_faults()[fault], tmp_path, random.Random(1))
    assert made[0]._holder.process.returncode is not None
    assert not hosts_of(os.getpid())


def test_a_fault_that_cannot_be_injected_ends_the_trial_and_all_of_it(
    tmp_path: Path,
) -> None:
    def inject(stage: Scene) -> None:
        stage.freeze(stage.binder)
        raise TrialError("it cannot be done")

    fault = Fault("impossible", "F0", "", ("request_reply",), inject)
    case = Case(find_cell(SOCKET), "recovery", "tcp", 64, 2, "free", fault="impossible")
    with pytest.raises(TrialError, match="it cannot be done"):
        run_failure(case, fault, tmp_path, random.Random(1))
    assert not hosts_of(os.getpid())


# -- where less is permitted ---------------------------------------------------------------


def test_without_namespaces_only_what_needs_a_link_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(network: Network, *names: str) -> None:
        del network, names
        raise NotMeasurable("namespaces are refused: allow them")

    monkeypatch.setattr(Network, "__init__", refuse)
    killed = all_faults()["server_killed"]
    found = run_failure(case_of(killed.name), killed, tmp_path, random.Random(1))
    assert found.total("delivered") > 0
    assert found.raised > 0
    with pytest.raises(NotMeasurable, match="allow them"):
        run_failure(case_of(LINK), all_faults()[LINK], tmp_path, random.Random(1))


# -- several at once -----------------------------------------------------------------------

STALLED = "subscriber_stalled"
CELLS = {STALLED: "raw_socket/minimal/fan_out.py"}


class Company:
    """Stands in for trials, and notes which of them were under way at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, logs: Path) -> None:
        self.beside: list[list[str]] = []
        self.kept: list[str] = []
        self.failed: dict[str, str] = {}
        self.errors: dict[str, list[Exception]] = {}
        self._logs = logs
        self._under_way: list[str] = []
        self._turn = threading.Condition()
        monkeypatch.setattr(recover.recovery, "take", self._take)

    def _take(self, case: Case, sizing: None, logs: Path, rng: random.Random) -> Measured:
        del sizing, logs, rng
        with self._turn:
            self._under_way.append(case.fault)
            self.beside.append([*self._under_way])
            self._turn.notify_all()
            # Who comes meanwhile is beside it.
            self._turn.wait_for(lambda: len(self._under_way) >= recover.AT_ONCE, 0.2)
            self._under_way.remove(case.fault)
            errors = self.errors.get(case.fault)
        if errors:
            raise errors.pop()
        return Measured(1.0, {})

    def make(self, *faults: str, blocks: int = 1) -> None:
        cases = [case_of(fault, CELLS.get(fault, SOCKET)) for fault in faults]
        slots = schedule([Planned(case, blocks) for case in cases], 1)
        recover.measure_recovery(slots, lambda _: self._logs, self._keep, self._fail)

    def _keep(self, slot: Slot, measured: Measured) -> None:
        del measured
        self.kept.append(slot.planned.case.fault)

    def _fail(self, slot: Slot, reason: str) -> None:
        self.failed[slot.planned.case.fault] = reason


def test_trials_are_made_side_by_side_and_those_of_a_high_load_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    company = Company(monkeypatch, tmp_path)
    company.errors = {LINK: [TrialError("one that is made again, at the end")]}
    company.make(LINK, STALLED, STANDING, blocks=6)
    assert sorted(company.kept) == sorted([LINK, STALLED, STANDING] * 6)
    assert max(map(len, company.beside)) == recover.AT_ONCE
    assert all(beside == [STALLED] for beside in company.beside if STALLED in beside)


def test_a_trial_that_failed_is_made_once_more_and_then_has_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    company = Company(monkeypatch, tmp_path)
    company.errors = {
        LINK: [TrialError("for the second time"), TrialError("for the first time")],
        STANDING: [TrialError("once")],
        "server_killed": [TrialError("never said"), NotMeasurable("not here")],
    }
    company.make(LINK, STANDING, "server_killed")
    assert company.kept == [STANDING]
    assert company.failed == {
        LINK: "for the second time",
        "server_killed": "not measured: not here",
    }


def interrupt(slot: Slot, measured: Measured) -> None:
    del slot, measured
    raise KeyboardInterrupt


def test_an_interrupt_amid_trials_leaves_nothing(tmp_path: Path) -> None:
    """It comes while some are flowing and others are starting their hosts."""
    planned = [Planned(case_of(name), 6) for name in ("server_killed", STANDING)]
    with pytest.raises(KeyboardInterrupt):
        recover.measure_recovery(
            schedule(planned, 1), lambda s: tmp_path / s.name, interrupt, lambda _, __: None
        )
    assert not hosts_of(os.getpid())


def test_hosts_that_start_after_an_interrupt_are_killed_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kills, both = threading.Semaphore(0), threading.Barrier(2)
    killed: list[bool] = []

    def take(*_: object) -> Measured:
        if both.wait(BOUND_S):  # the one of them that is starting hosts at the first kill
            killed.extend(kills.acquire(timeout=BOUND_S) for _ in range(2))
        return Measured(1.0, {})

    monkeypatch.setattr(recover.recovery, "take", take)
    monkeypatch.setattr(recover, "kill_all", kills.release)
    slots = schedule([Planned(case_of(STANDING), 2)], 1)
    with pytest.raises(KeyboardInterrupt):
        recover.measure_recovery(slots, lambda _: tmp_path, interrupt, lambda _, __: None)
    assert killed == [True, True]


def test_a_fault_is_complete_at_the_end_of_its_block() -> None:
    stage = Scene.__new__(Scene)
    stage.fault()
    assert stage.struck_ns == stage.fault_ns > 0
    with stage.fault():
        before_ns = stage.fault_ns
        time.sleep(0.001)
    assert stage.fault_ns == before_ns < stage.struck_ns
