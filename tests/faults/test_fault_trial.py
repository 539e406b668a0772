"""Trials with a fault leave nothing behind, and go on where a machine permits less."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest
from helpers_bench import find_cell, hosts_of
from helpers_network import BOUND_S, Harness, network_of, refuse_namespaces, wait_for

from bench.contract.model import Case
from bench.errors import NotMeasurable, TrialError
from bench.faults import trial as failure_trial
from bench.faults.all_faults import all_faults
from bench.faults.fault import Fault
from bench.faults.fault_trial import FaultTrial
from bench.faults.network.hosts import Network
from bench.faults.network.link import Link
from bench.faults.trial import run_failure
from bench.measure.common import Measured
from bench.run import recovery
from bench.run.no_value import NoValue
from bench.run.plan import Planned
from bench.run.schedule import Slot, schedule
from bench.trial import scratch

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

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.faults import trial
from bench.faults.all_faults import all_faults

make_network = trial._network


def noted(fault, stack):
    network = make_network(fault, stack)
    for file in network._holder.ready.values():
        print(os.readlink(file), flush=True)
    return network


trial._network = noted
logs = Path(tempfile.mkdtemp())
cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
cell = cells["raw_socket/minimal/pipeline.py"]
names = ("link_cut_1s", "server_frozen", "server_killed", "link_reset", "power_lost")


def make(number):
    fault = all_faults()[names[number % len(names)]]
    case = Case(cell, "recovery", "tcp", 64, 2, "free", fault=fault.name)
    trial.run_failure(case, fault, logs / str(number), random.Random(number))


with ThreadPoolExecutor(3) as pool:
    print("begun", flush=True)
    list(pool.map(make, range(1000)))
"""
A_TRIAL_S = 5.0


@pytest.mark.thorough
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


def test_a_fault_that_cannot_be_injected_ends_the_trial_and_its_processes(
    tmp_path: Path,
) -> None:
    def inject(trial: FaultTrial) -> None:
        trial.processes.freeze(trial.participants.binder)
        raise TrialError("it cannot be done")

    fault = Fault("impossible", "F0", "", ("request_reply",), inject)
    case = Case(find_cell(SOCKET), "recovery", "tcp", 64, 2, "free", fault="impossible")
    with pytest.raises(TrialError, match="it cannot be done"):
        run_failure(case, fault, tmp_path, random.Random(1))
    assert not hosts_of(os.getpid())


# -- where less is permitted ---------------------------------------------------------------


def test_without_namespaces_only_faults_of_the_network_are_not_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuse_namespaces(monkeypatch)
    killed = all_faults()["server_killed"]
    found = run_failure(case_of(killed.name), killed, tmp_path, random.Random(1))
    assert found.total("delivered") > 0
    assert found.raised > 0
    with pytest.raises(NotMeasurable, match="allow them"):
        run_failure(case_of(LINK), all_faults()[LINK], tmp_path, random.Random(1))


# -- several at once -----------------------------------------------------------------------

STALLED = "subscriber_stalled"
CELLS = {STALLED: "raw_socket/minimal/fan_out.py"}


class FakeTrials:
    """Stands in for trials, and notes which of them were under way at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, logs: Path) -> None:
        self.together = 1
        """So many have to be under way at once before the first of them ends."""
        self.beside: list[list[str]] = []
        self.kept: list[str] = []
        self.lateness_s: list[float] = []
        self.failed: dict[str, str] = {}
        self.errors: dict[str, list[Exception]] = {}
        self._logs = logs
        self._under_way: list[str] = []
        self._turn = threading.Condition()
        monkeypatch.setattr(recovery.recovery, "take", self._take)

    def _take(self, case: Case, sizing: None, logs: Path, rng: random.Random) -> Measured:
        del sizing, logs, rng
        with self._turn:
            self._under_way.append(case.fault)
            self.beside.append([*self._under_way])
            self._turn.notify_all()
            self._turn.wait_for(
                lambda: max(map(len, self.beside)) >= self.together, BOUND_S
            )
            self._turn.wait_for(lambda: False, 0.02)  # who comes meanwhile is beside it
            self._under_way.remove(case.fault)
            errors = self.errors.get(case.fault)
        if errors:
            raise errors.pop()
        return Measured(1.0, {})

    def make(self, *faults: str, blocks: int = 1) -> None:
        cases = [case_of(fault, CELLS.get(fault, SOCKET)) for fault in faults]
        slots = schedule([Planned(case, blocks) for case in cases], 1)
        recovery.measure_recovery(slots, lambda _: self._logs, self._keep, self._fail)

    def _keep(self, slot: Slot, measured: Measured) -> None:
        self.lateness_s.append(float(measured.metadata["late_s"]))
        self.kept.append(slot.planned.case.fault)

    def _fail(self, slot: Slot, reason: NoValue) -> None:
        self.failed[slot.planned.case.fault] = str(reason)


def test_trials_run_side_by_side_except_those_with_a_high_load(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trials = FakeTrials(monkeypatch, tmp_path)
    trials.together = recovery.AT_ONCE
    trials.errors = {LINK: [TrialError("one that is made again, at the end")]}
    trials.make(LINK, STALLED, STANDING, blocks=6)
    assert sorted(trials.kept) == sorted([LINK, STALLED, STANDING] * 6)
    assert max(map(len, trials.beside)) == recovery.AT_ONCE
    assert all(beside == [STALLED] for beside in trials.beside if STALLED in beside)


def test_a_failed_trial_is_repeated_once_and_then_keeps_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trials = FakeTrials(monkeypatch, tmp_path)
    trials.errors = {
        LINK: [TrialError("for the second time"), TrialError("for the first time")],
        STANDING: [TrialError("once")],
        "server_killed": [TrialError("never said"), NotMeasurable("not here")],
    }
    trials.make(LINK, STANDING, "server_killed")
    assert trials.kept == [STANDING]
    assert trials.failed == {
        LINK: "for the second time",
        "server_killed": "not measured: not here",
    }


@pytest.mark.parametrize(
    ("late", "kept_s"),
    [
        ((0.9, 0.0), 0.0),
        ((0.9, 0.8), 0.8),
        ((recovery.LATE_MAX_S, 0.0), recovery.LATE_MAX_S),
    ],
)
def test_a_disturbed_trial_is_made_again_once_and_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, late: tuple[float, ...], kept_s: float
) -> None:
    trials, ticks = FakeTrials(monkeypatch, tmp_path), [*late]
    monkeypatch.setattr(
        recovery.Lateness,
        "worst_s",
        lambda *_: ticks.pop(0) if trials.beside[-1] == [STANDING] else 0.0,
    )
    trials.make(STANDING)
    assert trials.lateness_s == [kept_s]
    assert len(trials.beside) == len(late) - len(ticks)
    assert all(beside == [STANDING] for beside in trials.beside)


def test_only_a_tenth_of_the_trials_is_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine that disturbs every trial does not double the time of a run."""
    trials = FakeTrials(monkeypatch, tmp_path)
    monkeypatch.setattr(recovery.Lateness, "worst_s", lambda *_: 9.0)
    trials.make(LINK, STANDING, blocks=10)
    assert len(trials.kept) == 20
    assert len(trials.beside) == 22


def interrupt(slot: Slot, measured: Measured) -> None:
    del slot, measured
    raise KeyboardInterrupt


@pytest.mark.thorough
def test_an_interrupt_during_trials_leaves_nothing(tmp_path: Path) -> None:
    """It comes while some are flowing and others are starting their hosts."""
    planned = [Planned(case_of(name), 6) for name in ("server_killed", STANDING)]
    with pytest.raises(KeyboardInterrupt):
        recovery.measure_recovery(
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

    monkeypatch.setattr(recovery.recovery, "take", take)
    monkeypatch.setattr(recovery, "kill_all", kills.release)
    slots = schedule([Planned(case_of(STANDING), 2)], 1)
    with pytest.raises(KeyboardInterrupt):
        recovery.measure_recovery(slots, lambda _: tmp_path, interrupt, lambda _, __: None)
    assert killed == [True, True]


def test_a_fault_is_complete_at_the_end_of_its_block() -> None:
    trial = FaultTrial.__new__(FaultTrial)
    trial.fault()
    assert trial.struck_ns == trial.fault_ns > 0
    with trial.fault():
        before_ns = trial.fault_ns
        time.sleep(0.001)
    assert trial.fault_ns == before_ns < trial.struck_ns
