"""Addresses collide with nobody, and listening is seen from outside, as it happens."""

from __future__ import annotations

import random
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import NotMeasurable
from bench.trial.addresses import assign, free_port, listens, port_pool

LISTENER = """
import socket, sys
kind, place = sys.argv[1:]
sock = socket.socket(socket.AF_UNIX if kind == "ipc" else socket.AF_INET)
sock.bind(place if kind == "ipc" else ("127.0.0.1", int(place)))
print("bound", flush=True)
sys.stdin.readline()
sock.listen()
print("listening", flush=True)
sys.stdin.readline()
"""


@contextmanager
def listener(kind: str, place: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", LISTENER, kind, place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], 30)
    assert ready
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.parametrize("kind", ["tcp", "ipc"])
def test_a_bound_socket_counts_as_listening_only_after_listen(
    kind: str, tmp_path: Path
) -> None:
    address = assign(["server"], kind, tmp_path, random.Random())["server"]
    place = address.rpartition(":")[2].removeprefix("//")
    assert not listens(address)
    with listener(kind, place) as process:
        assert hear(process) == "bound"
        assert not listens(address)
        go_on(process)
        assert hear(process) == "listening"
        assert listens(address)
    assert not listens(address)


def test_a_connection_is_not_a_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        port = client.getsockname()[1]
        assert listens(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        assert not listens(f"tcp://127.0.0.1:{port}")
        client.close()


def test_a_listener_on_ipv6_counts() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6) as server:
        assert listens(f"tcp://127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize("transport", ["inproc", "direct"])
def test_addresses_inside_one_process_always_listen(transport: str, tmp_path: Path) -> None:
    assert listens(assign(["a"], transport, tmp_path, random.Random())["a"])


@given(st.integers())
def test_a_port_is_outside_the_range_that_the_kernel_gives_to_clients(seed: int) -> None:
    text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="utf-8")
    low, high = map(int, text.split())
    port = free_port(random.Random(seed))
    assert 1024 <= port < 65536
    assert not low <= port <= high


def test_a_taken_port_is_not_given() -> None:
    seed = 20_000
    wanted = free_port(random.Random(seed))
    assert free_port(random.Random(seed)) == wanted
    with socket.create_server(("127.0.0.1", wanted)):
        assert free_port(random.Random(seed)) != wanted
    assert free_port(random.Random(seed), taken=[wanted]) != wanted


def test_a_port_that_is_taken_over_ipv6_is_not_given() -> None:
    seed = 20_000
    wanted = free_port(random.Random(seed))
    try:
        server = socket.create_server(("::1", wanted), family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 on loopback: {error}")
    with server:
        assert free_port(random.Random(seed)) != wanted


def test_a_machine_without_a_free_port_is_an_error() -> None:
    with pytest.raises(NotMeasurable, match="no port from"):
        free_port(random.Random(1), taken=port_pool())


def test_the_addresses_of_a_trial_differ(tmp_path: Path) -> None:
    for transport in ("tcp", "ipc", "inproc", "direct"):
        found = assign(["a", "b", "c"], transport, tmp_path, random.Random(3))
        assert len(set(found.values())) == 3
        assert all(url.startswith(f"{transport}://") for url in found.values())


def test_a_socket_path_that_is_too_long_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(NotMeasurable, match="TMPDIR"):
        assign(["a"], "ipc", tmp_path / ("x" * 108), random.Random())


def test_an_unknown_transport_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotMeasurable, match="'carrier_pigeon'"):
        assign(["a"], "carrier_pigeon", tmp_path, random.Random())
