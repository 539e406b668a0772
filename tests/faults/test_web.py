"""Webs of peers run, are struck, and leave nothing behind."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import processes_with, thorough_but

from bench.contract.model import Cell
from bench.contract.topology import Topology, players, topologies
from bench.errors import NotMeasurable, TrialError
from bench.faults.boxes import CALM
from bench.faults.network.hosts import Network
from bench.faults.usage import usage
from bench.faults.web import run_web, situations
from bench.faults.web_members import PEER_HOST, Members, members
from bench.measure.web import measure
from bench.surveys.topologies.survey import ATTEMPTS, lacks
from bench.trial.descendants import stat
from bench.trial.fork_servers import fork_server
from bench.trial.process_group import ProcessGroup

PATIENCE_S = 120.0
OF_PAIRS = 0.1
"""A pair may have talked at the beginning of the window, and not later."""
WEB = topologies()["web"].with_clients(6)
CELLS = players(WEB)
FINDING = topologies()["discovery"].with_clients(6)
FINDERS = {cell.key.removesuffix(".python"): cell for cell in players(FINDING)}
MESHES = {c.key.removesuffix(".python"): c for c in CELLS if c.variant.name != "star"}
STARS = {c.key.removesuffix(".python"): c for c in CELLS if c.variant.name == "star"}


def tried(
    cell: Cell, situation: str, folder: Path, topology: Topology = WEB
) -> dict[str, Any]:
    """Make a trial, again if the machine was too busy for it to begin.

    ``nomiddle selftest struck`` has the shares that need a quiet machine.
    """
    if lacking := lacks(cell):
        pytest.skip(lacking)
    strike = situations(topology, cell)[situation]
    for attempt in range(ATTEMPTS):
        logs = folder / str(attempt)
        try:
            return measure(run_web(cell, topology, strike, logs, random.Random(attempt)))
        except NotMeasurable as error:
            pytest.skip(str(error))
        except TrialError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def hosts() -> list[int]:
    return [*processes_with("bench.hosts.peer", f'"parent": {os.getpid()},')]


def test_a_web_has_peers_of_three_sizes_and_a_hub_only_in_a_star() -> None:
    sizes = [each.box.name for each in members(WEB, MESHES["zmq.mesh"])]
    assert sizes == ["large", *["medium"] * 2, *["small"] * 3]
    assert members(WEB, STARS["zmq.star"])[-1].box.name == "hub"
    assert "box_killed_hub" not in situations(WEB, MESHES["zmq.mesh"])
    assert "box_killed_busy_hub" not in situations(WEB, STARS["zmq.star"])
    assert [*situations(topologies()["web"].with_clients(24), MESHES["zmq.mesh"])] == [CALM]


@pytest.mark.parametrize("cell", thorough_but(["zmq.mesh"], MESHES))
def test_the_others_of_a_mesh_talk_on_when_a_peer_dies(cell: Cell, tmp_path: Path) -> None:
    found = tried(cell, "box_killed_small", tmp_path)
    assert 0 < found["pairs_of_all"] <= 20 / 30 + OF_PAIRS
    assert (found["crashed"], found["unexpected"], found["raised"]) == (0, 0, 0)
    assert found["joined_s"] > 0
    assert not hosts()


@pytest.mark.thorough
@pytest.mark.parametrize("cell", thorough_but(["raw_socket.star"], STARS))
def test_no_pair_of_a_star_is_alive_when_its_hub_dies(cell: Cell, tmp_path: Path) -> None:
    found = tried(cell, "box_killed_hub", tmp_path)
    assert found["pairs_alive"] == 0
    assert found["jobs_once"] < 0.5
    assert not hosts()


@pytest.mark.thorough
@pytest.mark.parametrize("cell", [*MESHES.values(), *STARS.values()], ids=lambda c: c.key)
def test_calls_news_and_jobs_arrive_no_more_than_once_while_all_is_calm(
    cell: Cell, tmp_path: Path
) -> None:
    found = tried(cell, CALM, tmp_path)
    shares = [found[name] for name in ("pairs_alive", "news_once", "jobs_once")]
    assert min(shares) > 0
    assert (found["doubled"], found["crashed"], found["unexpected"]) == (0, 0, 0)
    assert found["usage"]["large"]["connections"] > 0


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["frozen", "cut", "killed_busy"])
def test_the_others_of_a_mesh_talk_on_when_a_peer_falls_silent(
    how: str, tmp_path: Path
) -> None:
    found = tried(MESHES["zmq.mesh"], f"box_{how}_medium", tmp_path)
    assert 0 < found["pairs_of_all"] < 1
    assert (found["crashed"], found["unexpected"]) == (0, 0)


@pytest.mark.parametrize("cell", thorough_but(["raw_socket.beacon"], FINDERS))
def test_peers_find_each_other_without_a_list(cell: Cell, tmp_path: Path) -> None:
    found = tried(cell, CALM, tmp_path, FINDING)
    assert found["addresses_given"] == (cell.variant.name != "beacon")
    assert found["joined_s"] > 0
    assert not hosts()


@pytest.mark.parametrize("user", [0, 1000], ids=["as root", "as a user"])
def test_a_copied_peer_is_in_the_network_of_its_host_and_can_be_counted(
    user: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's networks are in a namespace of users, which a copy enters before."""
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "geteuid", lambda: user)
    cell, rng, group = MESHES["zmq.mesh"], random.Random(1), ProcessGroup(tmp_path)
    try:
        network = Network(*(each.host for each in members(WEB, cell)))
    except NotMeasurable as error:
        pytest.skip(str(error))
    with network, fork_server(cell, tmp_path / "server.log", 0, PEER_HOST) as server:
        assert server
        try:
            made = Members(cell, WEB, tmp_path, rng, network, group, 10, server=server)
            for each in made.peers[:2]:
                made.spawn(each)
            assert group.wait_until(group.all_ready, PATIENCE_S, 0.02)
            pids = [each.process.pid for each in made.peers[:2]]
            for each, pid in zip(made.peers[:2], pids, strict=True):
                (*_, its) = network.namespaces(each.host)
                assert os.stat(f"/proc/{pid}/ns/net").st_ino == os.stat(its).st_ino
                assert usage(pid).descriptors > 0
            first, second = (stat(pid) for pid in pids)
            assert first
            assert second
            assert first.parent == second.parent != os.getpid()
        finally:
            group.close()
    assert not hosts()


def test_usage_of_this_process_is_counted() -> None:
    before = usage(os.getpid())
    with open(os.devnull, "rb"):
        after = usage(os.getpid())
    assert after.descriptors == before.descriptors + 1
    assert after.threads >= 1
    assert after.rss_bytes > 1_000_000


@pytest.mark.thorough
@pytest.mark.parametrize("cell", [*MESHES.values(), *STARS.values()], ids=lambda c: c.key)
def test_every_program_gets_over_a_monkey(cell: Cell, tmp_path: Path) -> None:
    found = tried(cell, "chaos", tmp_path)
    assert found["crashed"] == 0
    assert found["pairs_each_s"][-1] > 0
    assert not hosts()
