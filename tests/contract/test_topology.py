"""A topology lists its boxes; signatures show which box connects to which."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.contract.topology import (
    edited,
    parameters,
    players,
    read_topology,
    topologies,
    wiring,
)
from bench.errors import ContractError

SERVERS = topologies()["servers"]
PLAYERS = {cell.key.removesuffix(".python"): cell for cell in players(SERVERS)}
EDITED = {
    "zmq.proxied": [],
    "zmq.lru": [],
    "zmq.heartbeats": [],
    "zmq.direct": ["client"],
    "http.direct": ["client"],
    "raw_socket.direct": ["client"],
    "http.nginx": ["middle"],
    "http.nginx_least": ["middle"],
    "http.nginx_sticky": ["middle"],
    "http.nginx_timeout": ["middle"],
    "http.apache": ["middle"],
    "http.apache_timeout": ["middle"],
    "http.haproxy": ["middle"],
    "raw_socket.balanced": ["middle"],
    "raw_socket.haproxy": ["middle"],
    "raw_socket.haproxy_checked": ["middle"],
}
"""Whose list of servers changes when one joins."""


def program(folder: Path, text: str) -> Path:
    path = folder / "servers.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_stack_plays_servers_with_and_without_a_middle() -> None:
    with_middle = {c.stack.name for c in PLAYERS.values() if len(c.workload.roles) == 3}
    without = {c.stack.name for c in PLAYERS.values() if len(c.workload.roles) == 2}
    assert with_middle == without == {"raw_socket", "http", "zmq"}


@pytest.mark.parametrize("key", EDITED)
def test_boxes_with_a_list_of_servers_are_edited_when_one_joins(key: str) -> None:
    assert [box.name for box in edited(SERVERS, PLAYERS[key])] == EDITED[key]


def test_a_box_binds_the_addresses_that_it_owns() -> None:
    serve, balance, call = PLAYERS["zmq.lru"].workload.roles
    assert (serve.binds, serve.connects) == ((), ("back",))
    assert (balance.binds, balance.connects) == (("front", "back"), ())
    assert (call.binds, call.connects, call.drives) == ((), ("front",), True)
    serve, balance, _ = PLAYERS["http.nginx"].workload.roles
    assert (serve.binds, serve.handles) == (("server",), True)
    assert (balance.binds, balance.connects) == (("front",), ("servers",))


WEB = topologies()["web"]


def test_each_stack_plays_a_web_as_a_mesh_and_as_a_star() -> None:
    hubs = {(c.stack.name, any(r.name == "route" for r in c.workload.roles))
            for c in players(WEB)}  # fmt: skip
    assert hubs == {
        (s, hub) for s in ("raw_socket", "http", "zmq") for hub in (True, False)
    }


def test_a_peer_plays_all_roles_of_its_box_and_binds_its_own_addresses() -> None:
    (mesh,) = (cell for cell in players(WEB) if cell.key == "zmq.mesh.python")
    roles = {role.name: role for role in mesh.workload.roles}
    assert (roles["publish"].binds, roles["publish"].drives) == (("news",), True)
    assert (roles["call"].connects, roles["call"].consumes) == (("peers",), True)
    assert (roles["work"].handles, roles["work"].binds) == (True, ())


def test_a_web_of_twice_as_many_peers_has_twice_as_many_of_each_size() -> None:
    assert [box.count for box in WEB.with_clients(2 * WEB.asking).peers] == [4, 8, 12]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def work(peers, handle)", "def works(peers, handle)", "no function work, which"),
        (
            "serve(calls, handle)",
            "serve(cells, handle)",
            "called 'cells'; did you mean call",
        ),
    ],
)
def test_a_program_that_is_no_peer_is_refused(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    text = (IMPLEMENTATIONS / "zmq" / "mesh" / "web.py").read_text(encoding="utf-8")
    with pytest.raises(ContractError, match=said):
        wiring(WEB, program(tmp_path, text.replace(old, new, 1)))


def test_programs_of_a_topology_are_in_no_run() -> None:
    assert not any(cell.path.stem == "servers" for cell in find_cells([IMPLEMENTATIONS]))


GOOD = "def serve(server, handle): ...\ndef call(servers, requests): ...\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("call(servers", "call(serves"), "'serves'; did you mean server"),
        (GOOD.replace("servers, requests", "requests, servers"), "write .servers, requ"),
        ("def serve(server, handle): ...\n", "has no function call, which a client is"),
        (GOOD + "def balance(servers, front): ...\n", "write .front, servers"),
        ("def serve(:\n", "servers.py: invalid syntax"),
    ],
)
def test_a_program_that_cannot_be_wired_is_refused(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ContractError, match=said):
        wiring(SERVERS, program(tmp_path, text))


def test_parameters_are_read_without_running_the_program(tmp_path: Path) -> None:
    path = program(tmp_path, "raise SystemExit\nasync def serve(server, handle): ...\n")
    assert parameters(path) == {"serve": ("server", "handle")}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "server"', 'kind = "serfer"', "serfer.*write one of client, middle"),
        ("count = 3", "counts = 3", "no key 'counts'; did you mean count"),
        ('"middle", "server"', '"middle", "servant"', "no box is 'servant'; did you"),
        ("title", "name", "KeyError: 'title'"),
        ('"middle"]', "", "servers.toml: "),
    ],
)
def test_a_file_that_is_no_topology_is_refused(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    found = Path(read_topology.__code__.co_filename).parent / "topologies" / "servers.toml"
    text = found.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "servers.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractError, match=said):
        read_topology(path)


def test_a_variant_that_stack_toml_lacks_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "stack" / "new"
    folder.mkdir(parents=True)
    manifest = 'label = "S"\n[variants.old]\ntransports = ["tcp"]\n'
    (folder.parent / "stack.toml").write_text(manifest, encoding="utf-8")
    program(folder, GOOD)
    with pytest.raises(ContractError, match=r"stack.toml has no \[variants.new\]: add it"):
        players(SERVERS, tmp_path)
