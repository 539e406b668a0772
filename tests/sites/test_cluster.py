"""A run on a Dask cluster: two workers in two network namespaces, over TLS."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from helpers_bench import bench, find_cell, finish, make_case, start_bench
from helpers_network import permitted, processes_marked, wait_for

from bench.contract.model import APART
from bench.errors import TrialError, UsageError
from bench.run.archive import RUN
from bench.sites import cluster
from bench.sites.far_host import SiteLost
from bench.sites.namespaces import PEER, network_of_two
from bench.sites.own_cluster import SCHEDULER, WORKERS, OwnCluster, own_cluster
from bench.sites.roster import Roster
from bench.trial.descendants import descendants
from bench.trial.record import Window
from bench.trial.scratch import PREFIX
from bench.trial.site import apart_on
from bench.trial.trial import Trial

CELL = "raw_socket/minimal/request_reply.py"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of all temporary files, whose name marks all processes of a test."""
    made = tmp_path / "scratch"
    made.mkdir()
    monkeypatch.setenv("TMPDIR", str(made))
    yield made
    wait_for(lambda: not processes_marked(str(made)))
    assert not [*made.glob(f"{PREFIX}*")]


def write(roster: Roster, folder: Path) -> Path:
    """Write a roster as a user would, and return its path."""
    lines = [f'scheduler = "{roster.scheduler}"', "[tls]"]
    lines += [f'{key} = "{path}"' for key, path in roster.tls.items()]
    for player in roster.players:
        lines += [f"[hosts.{player.name}]", f'worker = "{player.worker}"']
        lines += [f'plays = "{player.plays}"']
    (folder / "hosts.toml").write_text("\n".join(lines))
    return folder / "hosts.toml"


def command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""


def of_a_run(scratch: Path) -> list[int]:
    """Return the agents and the hosts that live."""
    ours = ("bench.sites.agent", "bench.hosts.host")
    return [
        pid
        for pid in processes_marked(str(scratch))
        if any(name in command_of(pid) for name in ours)
    ]


def agents(scratch: Path) -> list[int]:
    return [pid for pid in of_a_run(scratch) if "bench.sites.agent" in command_of(pid)]


def apart(scratch: Path) -> list[int]:
    """Return the hosts that agents have started."""
    started = [pid for agent in agents(scratch) for pid in descendants(agent)]
    return [pid for pid in started if "bench.hosts.host" in command_of(pid)]


def left_by(agent: int, scratch: Path) -> list[Path]:
    """Return the scratch of an agent, and code that no agent uses."""
    used = " ".join(command_of(pid) for pid in agents(scratch))
    code = [path.parent for path in scratch.glob(f"{PREFIX}*/code")]
    unused = [folder for folder in code if str(folder) not in used]
    return [*scratch.glob(f"{PREFIX}{agent}-*"), *unused]


def worker_of(own: OwnCluster, name: str) -> int:
    """Return the process of a worker, which its nanny has started."""
    started = descendants(own.processes[name].pid)
    return next(pid for pid in started if "spawn_main" in command_of(pid))


@pytest.mark.thorough
def test_a_run_on_a_cluster_survives_a_worker_and_is_resumed_after_its_harness(
    tmp_path: Path, scratch: Path
) -> None:
    folder = tmp_path / "run"
    with permitted(), network_of_two() as network, own_cluster(network) as own:
        hosts = write(own.roster, tmp_path)
        checked = bench("check", CELL, "--hosts", hosts)
        assert checked.returncode == 0, checked.stderr
        assert "1 passed" in checked.stdout
        words = ["--profile", "quick", "--part", "speed", "--blocks", 1, "--only", CELL]
        harness = start_bench("run", *words, "--hosts", hosts, "--out", folder)
        wait_for(lambda: apart(scratch))
        os.kill(worker_of(own, WORKERS[PEER]), signal.SIGKILL)
        time.sleep(3)
        os.killpg(harness.pid, signal.SIGKILL)
        finish(harness)
        wait_for(lambda: not of_a_run(scratch))
        ended = bench("run", "--resume", folder, "--hosts", hosts)
        assert ended.returncode == 0, ended.stderr + ended.stdout
        assert not of_a_run(scratch)
    about = json.loads((folder / RUN).read_text())
    assert about["hosts"] == "cluster"
    assert [site["host"] for site in about["sites"]] == ["a", "b"]
    numbers = (folder / "report" / "numbers.json").read_text()
    assert "request_reply.latency.64B.tcp.1_clients.apart" in numbers
    published = [*folder.glob("*.json")]
    for secret in ("10.0.1.2", "10.0.2.2", *WORKERS.values(), hosts.name):
        assert not [path for path in published if secret in path.read_text()], secret


@pytest.mark.thorough
@pytest.mark.parametrize("killed", ["agent", "nanny", "scheduler"])
def test_nothing_is_left_at_a_host_whose_agent_or_engine_is_killed(
    killed: str, tmp_path: Path, scratch: Path
) -> None:
    case = make_case(find_cell(CELL), placement=APART)
    folder = tmp_path / "trial"
    folder.mkdir()
    with (
        permitted(),
        network_of_two() as network,
        own_cluster(network) as own,
        cluster.seated(own.roster) as seats,
        apart_on(cluster.sites_of_seats(seats)),
    ):
        trial = Trial(case, Window(10, 2), folder, folder, random.Random(1))
        try:
            trial.spawn()
            trial.join()
            serve, agent = trial.group.playing("serve.0").pid, seats[1].site.facts["pid"]
            victims = {
                "agent": agent,
                "nanny": own.processes[WORKERS[PEER]].pid,
                "scheduler": own.processes[SCHEDULER].pid,
            }
            os.kill(victims[killed], signal.SIGKILL)
            wait_for(lambda: not {serve, agent} & {*of_a_run(scratch)})
            wait_for(lambda: not left_by(agent, scratch))
            with pytest.raises(TrialError):  # the program may hear of it first
                trial.measure()
            with pytest.raises(SiteLost, match=r"host b was lost"):
                seats[1].site.ask("facts")
        finally:
            trial.kill()


@pytest.mark.thorough
def test_a_cluster_that_no_run_should_use_is_refused(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del scratch
    monkeypatch.setattr(cluster, "GATHER_S", 0.0)
    as_it_comes = "distributed: {}"
    with permitted(), network_of_two() as net, own_cluster(net, as_it_comes) as own:
        loud = bench("hosts", write(own.roster, tmp_path))
        assert loud.returncode == 1
        assert "profile.enabled: True" in loud.stderr
        assert "--config" in loud.stderr
        nobody = bench("hosts", own.roster.scheduler)
        assert "wants an authority" in nobody.stderr
        stranger = trustme.CA().issue_cert("nomiddle").private_key_and_cert_chain_pem
        stranger.write_to_path(tmp_path / "stranger.pem")
        theirs = str(tmp_path / "stranger.pem")
        false = {**own.roster.tls, "certificate": theirs, "key": theirs}
        refused = pytest.raises(UsageError, match="no scheduler answers at tls://")
        with refused, cluster.connected(own.roster._replace(tls=false)):
            pass
        missing = own.roster._replace(
            players=(own.roster.players[0], own.roster.players[1]._replace(worker="betta"))
        )
        refused = pytest.raises(UsageError, match="no worker 'betta'")
        with refused, cluster.seated(missing):
            pass


@pytest.mark.parametrize(
    ("address", "open"),
    [
        ("tcp://10.1.0.1:8786", True),
        ("tcp://beta:8786", True),
        ("ws://10.1.0.1:8786", True),
        ("tls://10.1.0.1:8786", False),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:8786", False),
        ("tcp://localhost:8786", False),
    ],
)
def test_only_loopback_may_be_without_tls(address: str, open: bool) -> None:  # noqa: A002
    if open:
        with pytest.raises(UsageError, match="has no TLS"):
            cluster.refuse_open(["tls://10.1.0.1:8786", address])
    else:
        cluster.refuse_open(["tls://10.1.0.1:8786", address])


def test_a_scheduler_file_that_names_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text("{}")
    for name in ("cluster.json", "nowhere.json"):
        roster = Roster(scheduler_file=str(tmp_path / name))
        refused = pytest.raises(UsageError, match="names no scheduler")
        with refused, cluster.connected(roster):
            pass
