"""The relay of conformance changes where a stream is cut, and not one byte of it."""

from __future__ import annotations

import random
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.trial.addresses import assign
from bench.trial.relay import WAYS, Relay

few = settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
every_way = pytest.mark.parametrize("way", WAYS)


@contextmanager
def echo_behind(way: str, transport: str, folder: Path) -> Iterator[socket.socket]:
    """Give a client that is connected to an echo server through a relay."""
    for name in ("near", "far"):
        (folder / name).mkdir(exist_ok=True)
    rng = random.Random()
    address = assign(["echo"], transport, folder / "far", rng)["echo"]
    place = address.split("://")[1]
    server = socket.socket(socket.AF_UNIX if transport == "ipc" else socket.AF_INET)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    Path(place).unlink(missing_ok=True)
    server.bind(place if transport == "ipc" else ("127.0.0.1", int(place.split(":")[1])))
    server.listen()

    def echo() -> None:
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(1 << 16):
                connection.sendall(data)

    thread = threading.Thread(target=echo)
    thread.start()
    relay = Relay(way, transport, folder / "near", rng)
    public = relay(address).split("://")[1]
    client = socket.socket(server.family)
    client.connect(
        public if transport == "ipc" else ("127.0.0.1", int(public.split(":")[1]))
    )
    client.settimeout(30)
    try:
        yield client
    finally:
        client.close()
        relay.close()
        thread.join()
        server.close()
        Path(public).unlink(missing_ok=True)


def read_all(client: socket.socket) -> tuple[bytes, list[int]]:
    data, lengths = b"", []
    while part := client.recv(1 << 20):
        data += part
        lengths.append(len(part))
    return data, lengths


@every_way
@few
@given(st.lists(st.binary(max_size=400), max_size=8))
def test_every_byte_comes_back_in_order_and_so_does_the_end(
    way: str, tmp_path: Path, parts: list[bytes]
) -> None:
    with echo_behind(way, "tcp", tmp_path) as client:
        for part in parts:
            client.sendall(part)
        client.shutdown(socket.SHUT_WR)
        data, _ = read_all(client)
    assert data == b"".join(parts)


@every_way
def test_unix_sockets_are_relayed_too(way: str, tmp_path: Path) -> None:
    with echo_behind(way, "ipc", tmp_path) as client:
        client.sendall(b"across")
        client.shutdown(socket.SHUT_WR)
        assert read_all(client)[0] == b"across"


def test_a_relay_of_single_bytes_passes_all_bytes(tmp_path: Path) -> None:
    with echo_behind("one_byte", "tcp", tmp_path) as client:
        client.sendall(bytes(300))
        client.shutdown(socket.SHUT_WR)
        data, _ = read_all(client)
    assert len(data) == 300


def test_a_relay_of_single_bytes_sends_each_byte_alone() -> None:
    """TCP may join bytes for a reader that is slow; these sockets keep sends apart."""
    near, source = socket.socketpair()
    target, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near, source, target, far:
        near.sendall(bytes(50))
        near.shutdown(socket.SHUT_WR)
        WAYS["one_byte"](source, target)
        target.shutdown(socket.SHUT_WR)
        sends = list(iter(lambda: far.recv(100), b""))
    assert sends == [b"\0"] * 50


def test_small_messages_arrive_glued_together(tmp_path: Path) -> None:
    with echo_behind("glued", "tcp", tmp_path) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(50):
            client.sendall(b"message")
        client.shutdown(socket.SHUT_WR)
        data, lengths = read_all(client)
    assert data == b"message" * 50
    assert max(lengths) > len(b"message")


def test_a_steady_trickle_is_not_delayed(tmp_path: Path) -> None:
    """Join sends a message each millisecond until it is answered: glue must let go."""
    with echo_behind("glued", "tcp", tmp_path) as client:
        for _ in range(5000):
            client.sendall(b"are you there? ")
            if select.select([client], [], [], 0.0005)[0]:
                break
        else:
            pytest.fail("nothing came through while messages kept coming")


def test_more_bytes_than_the_relay_may_hold_still_pass(tmp_path: Path) -> None:
    sent = random.Random(1).randbytes(3 << 20)
    with echo_behind("glued", "tcp", tmp_path) as client:
        sender = threading.Thread(
            target=lambda: (client.sendall(sent), client.shutdown(socket.SHUT_WR))
        )
        sender.start()
        data, _ = read_all(client)
        sender.join()
    assert data == sent


def test_closing_the_relay_ends_its_connections(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = Relay("glued", "tcp", tmp_path, random.Random())
        address = relay(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        client = socket.create_connection(("127.0.0.1", int(address.split(":")[2])))
        client.settimeout(30)
        far, _ = server.accept()
        client.sendall(b"?")
        assert far.recv(1) == b"?"
        relay.close()
        assert client.recv(1) == b""
        assert far.recv(1) == b""
        client.close()
        far.close()
