"""Processes that a cell's processes start are counted with them, and end with them."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers_bench import TIMEOUT_S, find_cell, hosts_of, make_case
from helpers_network import wait_for

from bench.contract.model import PROJECT
from bench.errors import TrialError
from bench.measure.bottleneck import loads
from bench.measure.common import costs
from bench.trial import addresses, descendants
from bench.trial.build import build, lacking
from bench.trial.descendants import OWNER, PROCESS, CpuTime, cpu_times, sweep_processes
from bench.trial.processes import HostProcess
from bench.trial.trial import Trial, Window, run_trial

FORKING = Path(__file__).parents[1] / "cells" / "forking"
MESSAGES = 60
CPU_NS = 2_000_000
"""The time of the cells' work for each message, on the clock of a process."""
TICK_NS = 10_000_000
SPUN_S = 0.05
SPIN = f"""
import time
while time.process_time() < {SPUN_S}:
    pass
"""


def forking(name: str) -> str:
    return f"prefork/{name}/request_reply.py"


def test_the_work_of_a_forked_server_is_its_roles(tmp_path: Path) -> None:
    for variant in ("child", "for_each", "daemon"):
        case = make_case(find_cell(forking(variant), FORKING))
        record = run_trial(case, Window(MESSAGES, 2), tmp_path, random.Random())
        served = record.cpu["serve.0"][PROCESS]
        assert served.run_ns >= MESSAGES * CPU_NS - 2 * TICK_NS, variant
        per_message_us = costs(record, MESSAGES)["serve_cpu_us_per_message"]
        assert per_message_us == served.run_ns / 1e3 / MESSAGES


@pytest.mark.thorough
def test_the_work_of_a_daemon_in_c_is_its_roles(tmp_path: Path) -> None:
    cell = find_cell("prefork/daemon/request_reply.c", FORKING)
    if lacking(cell):
        pytest.skip("no compiler or a library is missing")
    build(cell)
    record = run_trial(make_case(cell), Window(MESSAGES, 2), tmp_path, random.Random())
    assert record.cpu["serve.0"][PROCESS].run_ns >= MESSAGES * CPU_NS


def test_the_threads_of_a_child_can_be_the_limit(tmp_path: Path) -> None:
    case = make_case(find_cell(forking("daemon"), FORKING))
    record = run_trial(case, Window(MESSAGES, 2), tmp_path, random.Random())
    worked_s = MESSAGES * CPU_NS / 1e9
    assert loads(case, record, worked_s)["serve"].thread >= 0.99


def test_a_process_that_forks_and_exits_is_counted_to_the_tick() -> None:
    """Also while nobody has waited for it yet."""
    before = cpu_times(os.getpid())[PROCESS]
    with subprocess.Popen([sys.executable, "-c", SPIN]) as child:
        wait_for(lambda: Path(f"/proc/{child.pid}/stat").read_text().split()[2] == "Z")
        unwaited = cpu_times(os.getpid())[PROCESS].since(before)
    waited = cpu_times(os.getpid())[PROCESS].since(before)
    assert unwaited.run_ns >= SPUN_S * 1e9
    assert waited.run_ns >= unwaited.run_ns - 2 * TICK_NS


def test_cpu_time_that_the_kernel_forgot_is_never_negative() -> None:
    assert CpuTime(5, 7).since(CpuTime(9, 8)) == CpuTime(0, 0)


def test_children_are_found_by_their_parents_where_the_kernel_lists_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        listed = descendants.descendants(os.getpid())
        monkeypatch.setattr(descendants, "_lists_children", lambda: False)
        assert child.pid in listed
        assert child.pid in descendants.descendants(os.getpid())
        child.kill()


def test_a_forked_worker_shares_the_memory_that_it_does_not_write(tmp_path: Path) -> None:
    """The memory of Python and the cell is not counted again for the child."""
    case = make_case(find_cell(forking("child"), FORKING))
    trial = Trial(case, Window(10, 2), tmp_path, tmp_path, random.Random())
    try:
        trial.spawn()
        trial.join()
        server = next(host for host in trial.hosts if host.name == "serve.0")
        (worker,) = descendants.descendants(server.pid)
        resident = descendants.memory_bytes(worker, "VmRSS")
        assert 0 < descendants.descendants_peak_bytes(server.pid) < resident
        assert server.peak_above_ready_bytes() > 0
    finally:
        trial.kill()


def listener_of(trial: Trial) -> Callable[[], bool]:
    (url,) = trial.bound.values()
    return lambda: addresses.listens(url)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Trial]:
    case = make_case(find_cell(forking("daemon"), FORKING))
    trial = Trial(case, Window(10, 2), tmp_path, tmp_path, random.Random())
    try:
        yield trial
    finally:
        trial.kill()


def test_nothing_listens_after_a_trial_whose_server_is_a_daemon(daemon: Trial) -> None:
    daemon.spawn()
    daemon.join()
    assert listener_of(daemon)()
    daemon.kill()
    assert not listener_of(daemon)()
    assert not hosts_of(os.getpid())


def test_nothing_listens_after_hosts_left_on_request(daemon: Trial) -> None:
    daemon.spawn()
    daemon.join()
    daemon.warm_up()
    daemon.measure()
    daemon.end()
    daemon.await_results()
    daemon.kill()
    assert not listener_of(daemon)()


def test_nothing_listens_after_a_host_that_ended_by_itself(tmp_path: Path) -> None:
    case = make_case(find_cell(forking("crashing"), FORKING))
    trial = Trial(case, Window(10, 2), tmp_path, tmp_path, random.Random())
    try:
        trial.spawn()
        with pytest.raises(TrialError, match="exit status 3"):
            trial.join()
    finally:
        trial.kill()
    assert not listener_of(trial)()


HARNESS = """
import random, signal, sys, time

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever started the tests
from pathlib import Path
from helpers_bench import find_cell, make_case
from bench.run.interrupts import stop_as_by_interrupt
from bench.trial.trial import Trial, Window

stop_as_by_interrupt()
folder = Path(sys.argv[1])
case = make_case(find_cell("prefork/daemon/request_reply.py", folder.parent))
trial = Trial(case, Window(10, 2), Path(sys.argv[2]), Path(sys.argv[2]), random.Random())
try:
    trial.spawn()
    trial.join()
    (url,) = trial.bound.values()
    print(url, flush=True)
    time.sleep(3600)
finally:
    trial.kill()
"""


def harness_in(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    harness = subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(FORKING / "prefork"), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests' / 'support'}"},
    )
    assert harness.stdout
    return harness, harness.stdout.readline().decode().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_harness_ends_daemons_too(
    tmp_path: Path, number: signal.Signals
) -> None:
    harness, url = harness_in(tmp_path)
    assert addresses.listens(url)
    harness.send_signal(number)
    harness.communicate(timeout=TIMEOUT_S)
    assert not addresses.listens(url)
    assert not hosts_of(harness.pid)


def test_the_next_run_ends_processes_that_a_killed_harness_left(tmp_path: Path) -> None:
    harness, url = harness_in(tmp_path)
    harness.kill()
    harness.communicate(timeout=TIMEOUT_S)
    wait_for(lambda: len(hosts_of(harness.pid)) == 1)  # the daemon, with its arguments
    sweep_processes()
    wait_for(lambda: not addresses.listens(url))


def test_a_sweep_leaves_processes_of_living_harnesses(daemon: Trial) -> None:
    daemon.spawn()
    daemon.join()
    sweep_processes()
    assert listener_of(daemon)()


def test_a_host_carries_its_mark_and_no_other_process_does(daemon: Trial) -> None:
    daemon.spawn()
    marks = {host.pid: _mark(host) for host in daemon.hosts}
    assert len(set(marks.values())) == len(daemon.hosts)
    assert OWNER not in os.environ


def _mark(host: HostProcess) -> str:
    """Return the mark of a host, which is there once the kernel has its environment."""

    def marked() -> re.Match[str] | None:
        said = Path(f"/proc/{host.pid}/environ").read_text()
        return re.search(rf"{OWNER}=([^\0]+)", said)

    wait_for(marked)
    found = marked()
    assert found
    return found[1]


def test_stopping_signals_keep_handlers_that_were_set() -> None:
    """A command under nohup goes on after SIGHUP."""
    said = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from bench.run.interrupts import stop_as_by_interrupt; stop_as_by_interrupt()\n"
        "print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", said], cwd=PROJECT, capture_output=True, check=True
    )
    assert ended.stdout.strip() == b"True"
