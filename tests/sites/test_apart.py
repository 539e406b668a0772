"""A run on two hosts measures round trips apart, and names the hosts beside them."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers_bench import (
    bench,
    find_cell,
    finish,
    make_case,
    start_bench,
)
from helpers_network import (
    MARK,
    permitted,
    processes_marked,
    refuse_namespaces,
    wait_for,
)

from bench.analysis.recovery import measured, recoveries, recoveries_across
from bench.analysis.results import load
from bench.cli.hosting import delay_again
from bench.cli.main import main
from bench.contract.model import APART
from bench.errors import NotMeasurable
from bench.faults.across import ACROSS
from bench.measure import latency
from bench.run.archive import ROUNDS, RUN
from bench.selftest import apart as selftest
from bench.sites.namespaces import network_of_two, with_agents, without_agents
from bench.sites.standing import standing
from bench.trial.record import Window
from bench.trial.site import apart_on, counts_of_link, sites_of
from bench.trial.trial import Trial, run_trial

PATIENCE_S = 120
"""A bound for a run until its first trial on two hosts, and from there to its blocks."""
CELL = "raw_socket/minimal/request_reply.py"
OTHER = "zmq/minimal/request_reply.py"


def network_of(pid: int) -> int:
    return os.stat(f"/proc/{pid}/ns/net").st_ino


def test_driver_and_peers_have_networks_and_cpus_of_their_own(tmp_path: Path) -> None:
    case = make_case(find_cell(CELL), placement=APART)
    with permitted(), standing("namespaces"):
        trial = Trial(case, Window(20, 2), tmp_path, tmp_path, random.Random(1))
        try:
            trial.spawn()
            trial.join()
            call, serve = (trial.group.playing(name) for name in ("call.0", "serve.0"))
            networks = {network_of(pid) for pid in (call.pid, serve.pid, os.getpid())}
            assert len(networks) == 3
            assert trial.bound["server"].startswith("tcp://10.")
            assert not {*call.spec.cpus} & {*serve.spec.cpus}
        finally:
            trial.kill()


@pytest.mark.parametrize("cell", [OTHER, "http/minimal/request_reply.py"])
def test_a_trial_in_namespaces_goes_with_agents_and_without(
    cell: str, tmp_path: Path
) -> None:
    case = make_case(find_cell(cell), placement=APART)
    with permitted(), network_of_two() as network, with_agents(network) as agents:
        for sites in (agents, without_agents(network)):
            with apart_on(sites):
                record = run_trial(case, Window(50, 2), tmp_path, random.Random(1))
            assert record.roles["call.0"].counts["count"] == 50


def test_the_hosts_of_a_run_are_gone_after_it() -> None:
    with permitted(), standing("namespaces"):
        assert sites_of(APART).driver.name == "a"
    with pytest.raises(NotMeasurable):
        sites_of(APART)


def test_a_machine_that_refuses_namespaces_gets_an_error_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuse_namespaces(monkeypatch)
    with pytest.raises(NotMeasurable, match="allow them"), standing("namespaces"):
        pass


def test_both_ways_of_the_selftest_take_turns(tmp_path: Path) -> None:
    case = make_case(find_cell(CELL), "latency", placement=APART)
    with permitted(), network_of_two() as network, with_agents(network) as agents:
        ways = {"agents": agents, "harness": without_agents(network)}
        with apart_on(agents):
            found = selftest.block(case, 1e-4, ways, tmp_path, random.Random(1))
    assert [len(windows) for windows in found.values()] == 2 * [latency.rounds(case)]


@pytest.mark.thorough
def test_a_run_on_two_hosts_has_numbers_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with permitted(), standing("namespaces"):
        pass
    only = [word for cell in (CELL, OTHER) for word in ("--only", cell)]
    words = ["--profile", "quick", "--part", "speed", "--blocks", 8, *only]
    ended = bench("run", *words, "--hosts", "namespaces", "--out", folder)
    assert ended.returncode == 0, ended.stderr
    about = json.loads((folder / RUN).read_text())
    assert about["hosts"] == "namespaces"
    name = "request_reply.latency.64B.tcp.1_clients.apart"
    assert [name, "zmq.minimal.python", "raw_socket.minimal.python"] in about["claims"]
    numbers = json.loads((folder / "report" / "numbers.json").read_text())
    assert any(name in entry["id"] for entry in numbers)
    page = (folder / "report" / "workloads.html").read_text()
    assert "hosts apart are two network namespaces of one machine" in page


@pytest.mark.thorough
def test_a_run_over_a_link_with_a_delay_measures_the_delay(tmp_path: Path) -> None:
    folder, delay_ms = tmp_path / "run", 3.0
    with permitted(), standing("namespaces", delay_ms=delay_ms):
        pass
    words = ["--profile", "quick", "--part", "speed", "--blocks", 1, "--only", CELL]
    words += ["--hosts", "namespaces", "--delay-ms", delay_ms]
    ended = bench("run", *words, "--out", folder)
    assert ended.returncode == 0, ended.stderr
    run = load(folder)
    assert run.about["delay_ms"] == delay_ms
    cases = [case for case in run.cases.values() if case.quantity == "latency"]
    least_s = {case.placement: run.values_s(case.id).min() for case in cases}
    assert least_s[APART] >= 2 * delay_ms / 1e3 > max(least_s["split"], least_s["shared"])
    assert run.link
    assert run.link.passed > 100
    assert run.link.cpu_s > 0
    page = (folder / "report" / "workloads.html").read_text()
    assert "holds each packet for 3 ms in each direction" in page


def test_a_trial_goes_over_a_link_with_a_delay(tmp_path: Path) -> None:
    case, delay_ms = make_case(find_cell(OTHER), "latency", placement=APART), 5.0
    with permitted(), standing("namespaces", delay_ms=delay_ms):
        record = run_trial(case, Window(20, 2, stamp_each=True), tmp_path, random.Random(1))
        counts = counts_of_link()
        samples_ns = latency.measure(case, record).samples["call.0"]
    assert samples_ns.min() >= 2 * delay_ms * 1e6
    assert counts
    assert counts.passed > 2 * 22
    assert counts.dropped == counts.dropped_before == 0


def test_clocks_are_bounded_over_a_link_with_a_delay() -> None:
    """Fewer exchanges have to be enough: all of them would take seconds."""
    delay_ms = 40.0
    with permitted(), standing("namespaces", delay_ms=delay_ms):
        (one, other) = sites_of(APART).distinct()
        found = other.ahead_of(one)
    assert found.least_ns <= 0 <= found.most_ns
    assert found.bound_ns >= delay_ms * 1e6


def test_hosts_without_a_link_of_the_project_count_nothing() -> None:
    assert counts_of_link() is None
    with permitted(), standing("namespaces"):
        assert counts_of_link() is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--delay-ms", "1"], "add --hosts namespaces"),
        (["--delay-ms", "1", "--hosts", "tls://10.1.0.1:8786"], "add --hosts namespaces"),
        (["--delay-ms", "-1", "--hosts", "namespaces"], "0<=x<=100"),
    ],
)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_delay_without_a_link_for_it_is_refused(
    command: str, words: list[str], said: str
) -> None:
    ended = CliRunner().invoke(main, [command, *words])
    assert ended.exit_code
    assert said in f"{ended.output}{ended.exception}"


def test_a_resumed_run_has_the_delay_that_it_began_with() -> None:
    about = {"hosts": "namespaces", "delay_ms": 1.0}
    assert delay_again(about, "namespaces") == 1.0
    assert delay_again({"hosts": "namespaces"}, "namespaces") is None
    assert delay_again(about, "tls://10.1.0.1:8786") is None


@pytest.mark.thorough
def test_a_run_on_two_hosts_repeats_faults_across_them(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with permitted(), standing("namespaces"):
        pass
    cell = "zmq/reconnecting/request_reply.py"
    words = ["--profile", "quick", "--part", "failures", "--blocks", 1, "--only", cell]
    ended = bench("run", *words, "--hosts", "namespaces", "--out", folder)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    run = load(folder)
    across = measured(recoveries_across(run))
    assert {row.fault.name for row in across} <= {*ACROSS}
    assert {"server_killed"} <= {row.fault.name for row in across}
    assert {row.case.placement for row in measured(recoveries(run))} == {"free"}
    page = (folder / "report" / "failures.html").read_text()
    assert "Failures across hosts" in page
    assert f"of {len(across)} programs and faults" in page


def agents_of(mark: str) -> list[int]:
    return [pid for pid in processes_marked(mark) if "bench.sites.agent" in command_of(pid)]


def command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""


def words_of_run(folder: Path) -> list[object]:
    only = [word for cell in (CELL, OTHER) for word in ("--only", cell)]
    words = ["--profile", "quick", "--part", "speed", "--blocks", 3, *only]
    return ["run", *words, "--hosts", "namespaces", "--out", folder]


@pytest.mark.thorough
def test_kills_at_random_moments_leave_nothing_and_the_run_is_resumed(
    tmp_path: Path,
) -> None:
    with permitted(), standing("namespaces"):
        pass
    folder, scratch, mark = tmp_path / "run", tmp_path / "scratch", uuid.uuid4().hex
    scratch.mkdir()
    words = words_of_run(folder)
    for _ in range(5):
        harness = start_bench(*words, TMPDIR=str(scratch), **{MARK: mark})
        wait_for(lambda: agents_of(mark) and (folder / RUN).exists())
        time.sleep(random.uniform(0.0, 3.0))
        os.killpg(harness.pid, signal.SIGKILL)
        finish(harness)
        wait_for(lambda: not processes_marked(mark))
        words = ["run", "--resume", folder]
    ended = bench(*words, TMPDIR=str(scratch))
    assert ended.returncode == 0, ended.stderr
    assert not [*scratch.iterdir()]


def agents_at_work(mark: str) -> list[int]:
    """Return the agents that have a host of a trial now."""
    parents = {
        parent_of(pid)
        for pid in processes_marked(mark)
        if "bench.hosts." in command_of(pid)
    }
    return [pid for pid in agents_of(mark) if pid in parents]


def parent_of(pid: int) -> int:
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        return int(stat.rsplit(")", 1)[1].split()[1])
    return 0


@pytest.mark.thorough
def test_a_run_survives_the_kill_of_an_agent(tmp_path: Path) -> None:
    """A trial that fails twice has no value. So one agent dies in the pilots, and one in
    the first blocks: a failed trial of these is repeated at the end of the run.
    """
    with permitted(), standing("namespaces"):
        pass
    folder, mark = tmp_path / "run", uuid.uuid4().hex
    words = ["--profile", "quick", "--part", "speed", "--blocks", 3, "--only", CELL]
    words += ["--hosts", "namespaces", "--out", folder]
    harness = start_bench("run", *words, TMPDIR=str(tmp_path), **{MARK: mark})
    for reached in (RUN, ROUNDS):
        wait_for(
            lambda begun=folder / reached: (  # type: ignore[misc]
                harness.poll() is not None or (begun.exists() and agents_at_work(mark))
            ),
            PATIENCE_S,
        )
        assert harness.poll() is None, "the run has ended before an agent was killed"
        for pid in agents_at_work(mark)[:1]:
            os.kill(pid, signal.SIGKILL)
    ended = finish(harness)
    assert ended.returncode == 0, ended.stderr
    wait_for(lambda: not processes_marked(mark))
