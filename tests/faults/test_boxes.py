"""Boxes of a topology are struck in real trials, and a server joins under load."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_bench import hosts_of, thorough_but
from helpers_faults import run_undisturbed

from bench.contract.model import Case, Cell
from bench.contract.topology import edited, players, reconfigures, topologies
from bench.errors import NotMeasurable
from bench.faults.boxes import ADDED, CALM, REMOVED, faults
from bench.faults.fault import Setup
from bench.faults.ledger_reader import LedgerReader
from bench.faults.network.tools import tool
from bench.faults.participants import Participants
from bench.faults.schedule import Schedule
from bench.hosts import message as msg
from bench.hosts.fault_stream import OfferedStream
from bench.hosts.ledger import Ledger, ledger_path
from bench.hosts.socket_options import socket_options
from bench.measure.survival import measure
from bench.surveys.topologies.survey import lacks

SERVERS = topologies()["servers"]
PLAYERS = {cell.key.removesuffix(".python"): cell for cell in players(SERVERS)}
LOOKING = ("http.nginx_timeout", "http.apache_timeout", "raw_socket.haproxy_checked")
"""Programs whose middle looks for servers that are gone, and tells clients."""
DEALING = ("raw_socket.haproxy", "raw_socket.haproxy_checked")


def tried(cell: Cell, name: str, folder: Path) -> dict[str, Any]:
    """Make a trial of a program, and return its values."""
    if lacking := lacks(cell):
        pytest.skip(lacking)
    fault = faults(SERVERS, cell)[name]
    setup = fault.setup
    facts = ("tcp", setup.size_bytes, setup.instances, "free")
    case = Case(cell, "survival", *facts, fault=name)
    try:
        return measure(run_undisturbed(case, fault, folder))
    except NotMeasurable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("cell", thorough_but(["raw_socket.balanced"], PLAYERS))
def test_a_server_joins_under_load_and_every_edit_is_counted(
    cell: Cell, tmp_path: Path
) -> None:
    found = tried(cell, ADDED, tmp_path)
    edits = sum(box.count for box in edited(SERVERS, cell))
    reload = reconfigures(cell)
    assert (found["edits"], found["reloads"]) == (edits, edits * reload)
    assert found["restarts"] == edits * (not reload)
    served = [name for name, share in found["shares"].items() if share]
    assert {"serve.0", "serve.1", "serve.2"} <= {*served}
    if cell.key.removesuffix(".python") in DEALING:
        # It deals connections, of which no new one comes: the new server stays idle.
        assert "serve.3" not in served
    elif cell.variant.name != "nginx_sticky":  # which moves a quarter of the clients
        assert "serve.3" in served
    assert not hosts_of(os.getpid())


@pytest.mark.thorough
@pytest.mark.parametrize("cell", thorough_but(["zmq.lru"], PLAYERS))
def test_a_removed_server_is_taken_from_all_lists_before_it_ends(
    cell: Cell, tmp_path: Path
) -> None:
    found = tried(cell, REMOVED, tmp_path)
    edits = sum(box.count for box in edited(SERVERS, cell))
    assert found["edits"] == edits == found["reloads"] + found["restarts"]
    assert sum(share > 0 for share in found["shares"].values()) >= 2, "the others serve"


@pytest.mark.thorough
@pytest.mark.parametrize("cell", thorough_but(["raw_socket.balanced"], PLAYERS))
def test_no_client_gets_an_error_when_a_server_is_cut_off(
    cell: Cell, tmp_path: Path
) -> None:
    """Its connections stay open at both ends: its clients can tell it from a slow one only
    by time."""
    found = tried(cell, "box_cut_server", tmp_path)
    looks = cell.key.removesuffix(".python") in LOOKING
    assert bool(found["told"]) == looks
    assert found["hurt"] > 0 or looks


@pytest.mark.thorough
def test_no_request_is_served_without_the_database_and_clients_get_errors(
    tmp_path: Path,
) -> None:
    found = tried(PLAYERS["http.direct"], "box_killed_database", tmp_path)
    assert found["due"] > 0
    assert found["survival"] < 0.1
    assert found["hurt"] == found["clients"]
    assert found["told"]


def test_each_box_but_the_clients_is_struck_where_a_program_has_it() -> None:
    with_middle = faults(SERVERS, PLAYERS["http.nginx"])
    assert [*with_middle] == [
        CALM,
        f"{CALM}_postgres",
        "box_killed_server",
        "box_killed_busy_server",
        "box_frozen_server",
        "box_cut_server",
        "box_killed_middle",
        "box_frozen_middle",
        "box_cut_middle",
        "box_killed_database",
        ADDED,
        REMOVED,
    ]
    fewer = topologies()["single"]
    (of_http, *_) = players(fewer)
    blows = [name for name in with_middle if name.endswith("_server")]
    assert [*faults(fewer, of_http)] == [CALM, *blows]
    assert [*faults(fewer.with_clients(50), of_http)] == [CALM]
    without = faults(SERVERS, PLAYERS["http.direct"])
    assert [*without] == [name for name in with_middle if "middle" not in name]


def test_a_program_without_a_file_that_it_loads_is_left_out_with_the_package() -> None:
    apache = PLAYERS["http.apache"]
    lacking = replace(apache.variant, files={"/nowhere/mod_proxy.so": "apache2-bin"})
    try:
        tool("apache2")
    except NotMeasurable as error:
        assert "install the package apache2-bin" in str(error)  # noqa: PT017
    else:
        said = lacks(replace(apache, variant=lacking))
        assert said == "/nowhere/mod_proxy.so is missing: install the package apache2-bin"


# -- what the trials rest on ---------------------------------------------------------------


def test_each_of_several_servers_is_a_participant() -> None:
    cell = PLAYERS["http.direct"]
    found = Participants(cell, Setup(instances=2, counts={"serve": 3}, extra=("serve",)))
    assert [*found] == ["serve.0", "serve.1", "serve.2", "call.0", "call.1", "serve.3"]
    assert found.extra == "serve.3"


def test_harness_and_stream_agree_when_random_messages_are_due(tmp_path: Path) -> None:
    """The moments are drawn twice, in two processes of a trial, from one seed."""
    schedule, messages = Schedule(50.0, seed=7), 200
    given = Ledger(ledger_path(tmp_path, "call.1", 0, "given"), 2, messages, create=True)
    Ledger(ledger_path(tmp_path, "call.1", 0, "taken"), 2, messages, create=True)
    early = msg.build(1, msg.JOIN_SEQUENCE, msg.WARM_UP_EPOCH, 64)
    stream = OfferedStream(
        1,
        0,
        64,
        given,
        join_message=early,
        warm_up_message=early,
        warm_up_count=0,
        interval_s=0.0,
        stamp_each=True,
        limit_s=None,
        tell=lambda *_, **__: None,
    )
    start_ns = 1_000
    stream.begin(start_ns, schedule.interval_ns, 0, schedule.seed)
    roles = {"call.0": [], "call.1": []}
    reader = LedgerReader(
        tmp_path,
        roles,
        ["call.0", "call.1"],
        ["call.0", "call.1"],
        messages,
        start_ns,
        schedule.interval_ns,
        seed=schedule.seed,
    )
    lines = [reader.line(f"call.{n}", n, start_ns, 1 << 62) for n in (0, 1)]
    mine = [start_ns + stream._offset_ns(number) for number in range(messages)]
    assert lines[1].intended_ns.tolist() == mine
    gaps = np.diff(lines[1].intended_ns)
    assert gaps.mean() == pytest.approx(schedule.interval_ns, rel=0.3)
    assert gaps.std() == pytest.approx(schedule.interval_ns, rel=0.4), "as by Poisson"
    assert lines[0].intended_ns.tolist() != mine, "each client has moments of its own"


def test_reading_the_options_of_sockets_leaves_no_descriptor_open() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            socket_options()
        assert len(os.listdir("/proc/self/fd")) == before
