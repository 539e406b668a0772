"""Clients of several servers, beside servers that refuse or leave, even with a request."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import Any

import pytest
from helpers_roles import Stream, accepting, load_cell, running, some_address, until

from bench.contract.topology import players, topologies

SERVERS = {c.key.removesuffix(".python"): c for c in players(topologies()["servers"])}
DIRECT = ("http.direct", "raw_socket.direct")
ON_SOCKETS = [key for key in SERVERS if key.startswith("raw_socket")]
REQUEST = b"a request"


def take_along(connection: socket.socket) -> bytes:
    """Take a request, and close the connection without a reply."""
    with closing(connection):
        return connection.recv(1 << 16)


def echo_once(connection: socket.socket) -> bytes:
    """Reply to a request, and close the connection. On sockets a reply has its form."""
    with closing(connection):
        request = connection.recv(1 << 16)
        connection.sendall(request)
        return request


@pytest.mark.parametrize("key", DIRECT)
def test_a_request_that_a_server_may_have_is_sent_to_no_other(key: str) -> None:
    program, handled, other = load_cell(SERVERS[key]), list[bytes](), some_address()

    def handle(request: bytes) -> bytes:
        handled.append(request)
        return request

    with (
        accepting(take_along) as (leaving, taken),
        running(program.serve, other, handle, listening=other),
        running(program.call, [leaving, other], Stream(REQUEST)) as client,
    ):
        with pytest.raises(OSError, match=r"closed|aborted|reset"):
            client.next()
        assert len(taken) == 1
        assert handled == []


@pytest.mark.parametrize("key", DIRECT)
def test_a_client_goes_past_a_server_that_refuses(key: str) -> None:
    program, there = load_cell(SERVERS[key]), some_address()
    gone, requests = some_address(), Stream(b"one", b"two", b"three")
    with (
        running(program.serve, there, lambda request: request, listening=there),
        running(program.call, [gone, there], requests) as client,
    ):
        assert [client.next() for _ in range(3)] == [b"one", b"two", b"three"]


@pytest.mark.parametrize("key", ON_SOCKETS)
def test_a_client_connects_again_where_its_idle_connection_has_closed(key: str) -> None:
    program, requests = load_cell(SERVERS[key]), Stream(b"one")
    with accepting(echo_once) as (address, answered):
        servers: Any = [address] if key.endswith("direct") else address
        with running(program.call, servers, requests) as client:
            for number, request in enumerate((b"two", b"three", None), start=1):
                client.next()
                until(lambda number=number: len(answered) == number)
                if request:
                    requests.give(request)
    assert len(answered) == 3
