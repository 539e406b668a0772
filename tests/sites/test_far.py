"""A site with an agent is used like this machine, and leaves nothing behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from helpers_bench import BROKEN, TIMEOUT_S, find_cell, make_case, processes_with

from bench.contract.model import APART, PROJECT, Case
from bench.errors import NotMeasurable, TrialError
from bench.measure import latency
from bench.sites.far import Far
from bench.sites.far_host import SiteLost
from bench.sites.pipe import AGENT, Pipe
from bench.trial.addresses import LOOPBACK
from bench.trial.record import Window
from bench.trial.scratch import PREFIX
from bench.trial.site import Sites, apart_on
from bench.trial.trial import Trial, run_trial

SOCKETS = "raw_socket/minimal/request_reply.py"
HARNESS = f"""
import random, sys, time
from pathlib import Path
from helpers_bench import find_cell, make_case
from bench.sites.far import Far
from bench.trial.record import Window
from bench.trial.site import Sites, apart_on
from bench.trial.trial import Trial
folder = Path(sys.argv[1])
case = make_case(find_cell("{SOCKETS}"), placement="apart")
one, other = Far("a", "{LOOPBACK}"), Far("b", "{LOOPBACK}")
with apart_on(Sites(one, (other,))):
    trial = Trial(case, Window(10, 2), folder, folder, random.Random())
    trial.spawn()
    trial.join()
    print(one.facts["pid"], other.facts["pid"], flush=True)
    time.sleep(3600)
"""


def wait_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def apart(cell: str = SOCKETS, *more: Path, **changed: object) -> Case:
    return make_case(find_cell(cell, *more), placement=APART, **changed)


def left_by(agent: int) -> list[object]:
    """Return the agent, its hosts and its folders, as far as they are still there."""
    temporary = Path(os.environ.get("TMPDIR", "/tmp"))
    return [
        *([agent] if Path(f"/proc/{agent}").exists() else []),
        *processes_with("bench.hosts.host", f'"parent": {agent},'),
        *temporary.glob(f"{PREFIX}{agent}-*"),
    ]


class TwoSites:
    """Two sites with agents, both on this machine's loopback, and what they left."""

    def __init__(self) -> None:
        self.driver, self.peer = Far("a", LOOPBACK), Far("b", LOOPBACK)
        self.agents = [site.facts["pid"] for site in (self.driver, self.peer)]

    def left(self) -> list[object]:
        return [one for agent in self.agents for one in left_by(agent)]


@pytest.fixture
def two() -> Iterator[TwoSites]:
    made = TwoSites()
    with apart_on(Sites(made.driver, (made.peer,))):
        yield made
    made.driver.close()
    made.peer.close()
    wait_for(lambda: not made.left())


def test_a_trial_apart_leaves_the_same_records_as_a_trial_here(
    two: TwoSites, tmp_path: Path
) -> None:
    case = apart(quantity="latency")
    window = Window(300, 10, stamp_each=True)
    record = run_trial(case, window, tmp_path, random.Random(1))
    measured = latency.measure(case, record)
    assert measured.metadata["delivered"] == 300
    assert {*record.cpu} == {"call.0", "serve.0"} == {*record.peak_bytes}
    assert all(threads["process"].run_ns > 0 for threads in record.cpu.values())
    assert all(peak > 0 for peak in record.peak_bytes.values())
    assert {path.name for path in tmp_path.iterdir()} == {"call.0.log", "serve.0.log"}
    assert not two.driver.ask("files", trial=str(tmp_path))


def test_each_role_runs_at_its_site(two: TwoSites, tmp_path: Path) -> None:
    case = apart("zmq/minimal/pipeline.py", instances=2)
    trial = Trial(case, Window(10, 2), tmp_path, tmp_path, random.Random(1))
    try:
        trial.spawn()
        trial.join()
        driver, peer = two.agents
        here = {*processes_with("bench.hosts.host", f'"parent": {driver},')}
        there = {*processes_with("bench.hosts.host", f'"parent": {peer},')}
        pids = {host.name: host.pid for host in trial.hosts}
        assert here == {pids["distribute.0"], pids["collect.0"]}, "one clock for both"
        assert there == {pids["work.0"], pids["work.1"]}
    finally:
        trial.kill()


@pytest.mark.parametrize(
    "cell", ["raw_socket/tls/request_reply.py", "zmq/curve/request_reply.py"]
)
def test_programs_find_their_keys_at_each_site(
    two: TwoSites, tmp_path: Path, cell: str
) -> None:
    record = run_trial(apart(cell), Window(20, 2), tmp_path, random.Random())
    assert record.roles["call.0"].counts["count"] == 20
    assert not two.peer.ask("files", trial=str(tmp_path)), "and nobody finds them later"


def test_a_role_that_raises_is_quoted_from_afar(two: TwoSites, tmp_path: Path) -> None:
    case = apart("broken/raising/request_reply.py", BROKEN)
    with pytest.raises(TrialError, match=r"raised"):
        run_trial(case, Window(1000, 2), tmp_path, random.Random())
    assert any(path.read_text() for path in tmp_path.glob("*.log")), "logs were brought"
    assert two.driver.ask("facts"), "the agents go on"


@pytest.mark.usefixtures("two")
def test_a_host_that_is_killed_ends_its_trial_and_not_its_site(tmp_path: Path) -> None:
    trial = Trial(apart(), Window(10, 2), tmp_path, tmp_path, random.Random())
    try:
        trial.spawn()
        trial.join()
        os.kill(trial.group.playing("serve.0").pid, signal.SIGKILL)
        # Its program can be the first to hear of it.
        either = r"serve\.0 .*exit status -9|server closed the connection"
        with pytest.raises(TrialError, match=either):
            trial.measure()
    finally:
        trial.kill()
    assert run_trial(apart(), Window(10, 2), tmp_path, random.Random())


def test_an_agent_that_is_killed_is_named_and_replaced(
    two: TwoSites, tmp_path: Path
) -> None:
    trial = Trial(apart(), Window(10, 2), tmp_path, tmp_path, random.Random())
    try:
        trial.spawn()
        trial.join()
        os.kill(two.peer.facts["pid"], signal.SIGKILL)
        with pytest.raises(SiteLost, match=r"host b was lost: .*exit status -9"):
            trial.measure()
    finally:
        trial.kill()
    assert run_trial(apart(), Window(10, 2), tmp_path, random.Random())
    assert two.peer.facts["pid"] not in two.agents
    two.agents.append(two.peer.facts["pid"])
    assert not left_by(two.agents[1]), "the new agent removed what the other one left"


def test_the_end_of_a_site_removes_the_files_of_a_killed_agent() -> None:
    with Far("b", LOOPBACK) as site:
        agent = site.facts["pid"]
        os.kill(agent, signal.SIGKILL)
        wait_for(lambda: left_by(agent) != [agent])
    wait_for(lambda: not left_by(agent))


@pytest.mark.thorough
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_harness_that_is_killed(
    tmp_path: Path, how: signal.Signals
) -> None:
    harness = subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests' / 'support'}"},
    )
    assert harness.stdout
    agents = [int(word) for word in harness.stdout.readline().split()]
    assert len(agents) == 2
    assert all(len(left_by(agent)) == 3 for agent in agents), "agent, host and folder"
    harness.send_signal(how)
    harness.communicate()
    wait_for(lambda: not any(left_by(agent) for agent in agents))


def test_the_lease_of_an_agent_without_commands_runs_out() -> None:
    """Its input stays open: a harness may be out of reach, and not at its end."""
    agent = subprocess.Popen(
        [*AGENT, "0.2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert agent.wait(TIMEOUT_S) == 0
    agent.communicate()
    assert not left_by(agent.pid)


def test_placement_apart_without_hosts_gets_an_error_with_the_option(
    tmp_path: Path,
) -> None:
    with pytest.raises(NotMeasurable, match="--hosts namespaces"):
        run_trial(apart(), Window(10, 2), tmp_path, random.Random())


def test_an_agent_that_cannot_start_is_a_reason() -> None:
    with pytest.raises(SiteLost, match=r"host b was lost"):
        Far("b", LOOPBACK, lay=partial(Pipe, ["false"]))
