"""A host is killable, dies with its parent, and is heard to its last words."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers_bench import (
    BROKEN,
    TIMEOUT_S,
    find_cell,
    hosts_of,
    make_case,
)

import bench.trial.trial
from bench.contract.model import PROJECT
from bench.errors import TrialError
from bench.hosts.spec import HostSpec
from bench.trial.trial import Trial, Window, run_trial

BOUND_S = 30
"""A bound for what the kernel does at once."""
ZMQ = "zmq/minimal/request_reply.py"

HARNESS = """
import random, sys, time
from pathlib import Path
from helpers_bench import find_cell, make_case
from bench.trial.trial import Trial, Window

folder = Path(sys.argv[1])
case = make_case(find_cell("zmq/minimal/request_reply.py"))
trial = Trial(case, Window(10, 2), folder, folder, random.Random())
trial.spawn()
trial.join()
print("joined", flush=True)
time.sleep(3600)
"""


def wait_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + BOUND_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("first", [None, signal.SIGSTOP], ids=["running", "stopped"])
def test_hosts_die_with_a_harness_that_is_killed(
    tmp_path: Path, first: signal.Signals | None
) -> None:
    """Also those that cannot read the end of file on their input, being stopped."""
    harness = subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests' / 'support'}"},
    )
    assert harness.stdout
    assert harness.stdout.readline() == b"joined\n"
    hosts = hosts_of(harness.pid)
    assert len(hosts) == 2
    if first:
        for host in hosts:
            os.kill(host, first)
    harness.kill()
    harness.communicate()
    try:
        wait_for(lambda: not hosts_of(harness.pid))
    finally:
        for host in hosts_of(harness.pid):
            os.kill(host, signal.SIGKILL)


def test_a_host_whose_parent_is_gone_before_it_begins_ends_at_once() -> None:
    spec = HostSpec(1 << 30, "", (), messages=0, warm_up=0, size_bytes=0)
    orphan = subprocess.run(
        [sys.executable, "-m", "bench.hosts.host", spec.to_json()],
        cwd=PROJECT,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (orphan.returncode, orphan.stderr) == (1, b"")


@pytest.mark.parametrize(
    "cell", ["broken/raising/request_reply.py", "broken/hanging/request_reply.py"]
)
def test_nothing_stays_behind_after_a_failed_trial(
    tmp_path: Path, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.trial.trial, "WINDOW_S", 2.0)
    case = make_case(find_cell(cell, BROKEN))
    with pytest.raises(TrialError):
        run_trial(case, Window(1000, 2), tmp_path, random.Random())
    assert not hosts_of(os.getpid())


def test_a_failure_quotes_the_end_of_the_log_which_is_kept(tmp_path: Path) -> None:
    case = make_case(find_cell("broken/exiting/pipeline.py", BROKEN))
    with pytest.raises(TrialError, match=r"exit status 3(?s:.)*going, going"):
        run_trial(case, Window(3000, 2), tmp_path, random.Random())
    assert "going, going" in (tmp_path / "work.0.log").read_text()


def test_a_killed_host_is_named_with_its_signal(tmp_path: Path) -> None:
    trial = Trial(
        make_case(find_cell(ZMQ)), Window(10, 2), tmp_path, tmp_path, random.Random()
    )
    try:
        trial.spawn()
        trial.join()
        server = next(host for host in trial.hosts if host.name == "serve.0")
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(TrialError, match=r"serve\.0 .*exit status -9"):
            trial.measure()
    finally:
        trial.kill()
    assert not hosts_of(os.getpid())


def test_a_stopped_host_is_killed_with_its_trial(tmp_path: Path) -> None:
    trial = Trial(
        make_case(find_cell(ZMQ)), Window(10, 2), tmp_path, tmp_path, random.Random()
    )
    try:
        trial.spawn()
        trial.join()
        for host in trial.hosts:
            os.kill(host.pid, signal.SIGSTOP)
    finally:
        trial.kill()
    assert not hosts_of(os.getpid())


def test_processor_time_and_memory_of_every_process_are_read(tmp_path: Path) -> None:
    case = make_case(find_cell(ZMQ), size_bytes=1 << 20)
    record = run_trial(case, Window(60, 2), tmp_path, random.Random())
    assert set(record.cpu) == set(record.peak_bytes) == {"call.0", "serve.0"}
    for threads in record.cpu.values():
        assert len(threads) >= 3  # Python's main, libzmq's reaper and its I/O thread
        assert all(time.run_ns >= 0 and time.wait_ns >= 0 for time in threads.values())
        assert sum(time.run_ns for time in threads.values()) > 0
    assert record.peak_bytes["serve.0"] > 1 << 20


def test_socket_options_are_read_back_from_the_sockets(tmp_path: Path) -> None:
    case = make_case(find_cell("raw_socket/minimal/request_reply.py"))
    record = run_trial(case, Window(10, 2), tmp_path, random.Random())
    assert record.sockets["call.0"]["tcp_nodelay"] == [1]
    assert record.sockets["serve.0"]["so_rcvbuf"][0] > 0


def test_a_role_that_raises_because_others_have_ended_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subscriber whose publisher has left raises, and is told the end a little later."""
    case = make_case(find_cell("http/minimal/fan_out.py"))
    trial = Trial(case, Window(100, 2), tmp_path, tmp_path, random.Random())

    def tell_the_driver_first(do: str) -> None:
        driver, *others = trial.hosts
        if driver.name != "publish.0":
            driver, *others = reversed(trial.hosts)
        assert driver.name == "publish.0"
        driver.tell(do)
        wait_for(lambda: driver.process.poll() is not None)
        wait_for(lambda: all("Traceback" in other.log.read_text() for other in others))
        for other in others:
            other.tell(do)

    try:
        trial.spawn()
        trial.join()
        trial.warm_up()
        trial.measure()
        monkeypatch.setattr(trial.group, "tell_all", tell_the_driver_first)
        trial.end()
        trial.await_results()
    finally:
        trial.kill()
    assert set(trial.progress.results) == {host.name for host in trial.hosts}
