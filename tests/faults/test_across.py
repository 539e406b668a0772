"""Faults across hosts: each host harms its own processes, and cuts the link for a trial.

Two hosts are network namespaces with agents. Verdicts and counts are asserted, never how
fast anything is.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from helpers_bench import find_cell, make_case
from helpers_faults import run_undisturbed
from helpers_network import network_of, permitted, wait_for

from bench.contract.model import APART, Case
from bench.errors import NotMeasurable
from bench.faults.across import ACROSS, HostsLink
from bench.faults.all_faults import all_faults
from bench.faults.fault import Setup
from bench.faults.network.helper import Helper
from bench.faults.network.hosts import Network
from bench.measure import recovery
from bench.measure.common import Metadata
from bench.measure.recovery import KEPT
from bench.selftest.clocks import AHEAD_S, ahead_by
from bench.sites.far import Far
from bench.sites.far_host import SiteLost
from bench.sites.namespaces import DRIVER, PEER, with_agents
from bench.sites.pipe import Pipe
from bench.trial.addresses import LOOPBACK
from bench.trial.site import HERE, Sites, apart_on

TALKER = "bench.faults.network.talker"
PORT = 7001
RESILIENT = "zmq/resilient/request_reply.py"


def outcome(case: Case, fault: str, logs: Path) -> Metadata:
    """Run a trial apart with a fault, and return what it came to."""
    known = all_faults()[fault]
    record = run_undisturbed(case, known, logs)
    return recovery.measure(case, known, record).metadata


def with_fault(cell: str, fault: str) -> Case:
    return make_case(find_cell(cell), "recovery", placement=APART, fault=fault, instances=2)


@pytest.fixture
def hosts() -> Iterator[tuple[Network, Sites]]:
    with network_of(DRIVER, PEER) as network, with_agents(network) as sites:
        yield network, sites


def test_faults_across_hosts_need_neither_middle_nor_helpers() -> None:
    known = all_faults()
    for name in ACROSS:
        setup = known[name].setup
        apart = Setup(link=setup.link, standby=setup.standby)
        assert setup == apart, name


@pytest.mark.thorough
@pytest.mark.parametrize(
    "fault", ["server_killed", "server_frozen", "application_hung", "power_lost"]
)
def test_a_resilient_program_survives_each_fault_across_hosts(
    fault: str, hosts: tuple[Network, Sites], tmp_path: Path
) -> None:
    workload = next(w for w in all_faults()[fault].workloads)
    case = with_fault(f"zmq/resilient/{workload}.py", fault)
    with apart_on(hosts[1]):
        found = outcome(case, fault, tmp_path)
    assert found["settled"] == 1
    assert found["attempted"] > 0
    assert found["healed_s"] > 0
    assert 0 < found["remark_clock_bound_s"] < 1


@pytest.mark.thorough
def test_a_trial_without_a_fault_is_perfect_although_the_clocks_are_far_apart(
    tmp_path: Path,
) -> None:
    """The server's clock is 5,000 s ahead of the clients'."""
    case = with_fault("raw_socket/minimal/request_reply.py", "nothing")
    try:
        with (
            Far("a", LOOPBACK) as here,
            Far("b", LOOPBACK, lay=partial(Pipe, ahead_by(AHEAD_S))) as other,
            apart_on(Sites(here, (other,))),
        ):
            found = outcome(case, "nothing", tmp_path)
    except SiteLost as refused:
        pytest.skip(f"no time namespace here: {refused}")
    assert found["verdict"] == KEPT
    assert found["delivered"] == found["attempted"] > 0


@pytest.mark.thorough
def test_a_cut_lasts_as_long_as_it_does_and_both_ends_are_cut_off(
    hosts: tuple[Network, Sites], tmp_path: Path
) -> None:
    case = with_fault(RESILIENT, "link_cut_2s")
    with apart_on(hosts[1]):
        found = outcome(case, "link_cut_2s", tmp_path)
    assert found["missed"] > 0
    assert found["healed_s"] >= 2


class Talk:
    """Two processes on two hosts that send each other numbers, on a port of their own."""

    def __init__(self, network: Network) -> None:
        address = network.address(PEER)
        listens = {"listen": address, "connect": []}
        self.ends = [Helper(TALKER, listens, network.enter(PEER))]
        self.port = self.ends[0].ready["port"]
        connects = {"listen": "", "connect": [address, self.port]}
        self.ends.append(Helper(TALKER, connects, network.enter(DRIVER)))

    def received(self) -> list[int]:
        return [int(end.ask(do="tell")["received"]) for end in self.ends]

    def has_more(self, than: list[int], by: int = 0) -> bool:
        now = self.received()
        return all(new > old + by for new, old in zip(now, than, strict=True))

    def close(self) -> None:
        for end in self.ends:
            end.close()


def test_a_cut_drops_packets_of_the_trial_alone(hosts: tuple[Network, Sites]) -> None:
    network, sites = hosts
    with closing(Talk(network)) as trial, closing(Talk(network)) as other:
        wait_for(lambda: trial.has_more([0, 0]) and other.has_more([0, 0]))
        with permitted():
            link = HostsLink(sites, [f"tcp://{network.address(PEER)}:{trial.port}"])
            link.cut()
        before, beside = trial.received(), other.received()
        wait_for(lambda: other.has_more(beside, by=20))
        assert trial.received() == before
        link.heal()
        wait_for(lambda: trial.has_more(before))


def test_no_filter_outlives_its_agent(hosts: tuple[Network, Sites]) -> None:
    network, sites = hosts
    with permitted():
        HostsLink(sites, [f"tcp://{network.address(PEER)}:{PORT}"]).cut()
    assert "nomiddle" in network.run(PEER, "nft", "list", "tables")
    peer = sites.peers[0]
    assert isinstance(peer, Far)
    os.kill(peer.facts["pid"], signal.SIGKILL)
    wait_for(lambda: "nomiddle" not in network.run(PEER, "nft", "list", "tables"))


def test_without_agents_no_link_is_cut() -> None:
    with pytest.raises(NotMeasurable, match="--hosts"):
        HostsLink(Sites(HERE, (HERE,)), ["tcp://127.0.0.1:7001"])
