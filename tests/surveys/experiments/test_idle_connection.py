"""An idle connection: who closes it is seen from outside, and the next request is sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers_bench import find_cell

from bench.contract.find import choose, find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.errors import TrialError
from bench.surveys.experiments.catalogue.idle_connection import (
    CLIENT,
    NOBODY,
    PROGRAMS,
    SERVER,
    tried,
    watch,
)

COSTLY = Path(__file__).parents[2] / "cells" / "costly"


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket, int]]:
    """Yield the server's end of a connection, the client's, and the server's port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server, _ = listener.accept()
            with server:
                yield server, client, port


def test_the_end_that_closes_first_is_named_with_the_time() -> None:
    for whose in (SERVER, CLIENT):
        with connected() as (server, client, port):
            end = server if whose == SERVER else client
            threading.Timer(0.2, end.shutdown, [socket.SHUT_WR]).start()
            named, after_s = watch(port, 10.0)
        assert named == whose
        assert 0.1 < after_s < 5


def test_a_connection_that_stays_open_is_closed_by_no_end() -> None:
    with connected() as (*_, port):
        assert watch(port, 0.3) == (NOBODY, float("inf"))


def test_a_connection_that_was_reset_is_an_error() -> None:
    with connected() as (server, _, port):
        server.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )  # close() resets
        threading.Timer(0.2, server.close).start()
        with pytest.raises(TrialError, match="no end is known"):
            watch(port, 5.0)


def test_every_pair_has_a_program() -> None:
    cells = find_cells([IMPLEMENTATIONS])
    for place, _ in PROGRAMS.values():
        (cell,) = choose(cells, [f"{place}/request_reply.py"])
        assert "tcp" in cell.transports


def test_a_server_that_hangs_up_is_found_and_its_next_request_fails(tmp_path: Path) -> None:
    """This server closes a connection a while after its reply."""
    cell = find_cell("costly/parting/request_reply.py", COSTLY)
    whose, after_s, answered = tried(cell, 30.0, tmp_path, 1)
    assert (whose, answered) == (SERVER, False)
    assert 0 < after_s < 20


def test_sockets_keep_an_idle_connection_and_answer_after_it(tmp_path: Path) -> None:
    cell = find_cell("raw_socket/minimal/request_reply.py")
    assert tried(cell, 0.5, tmp_path, 1) == (NOBODY, float("inf"), True)


@pytest.mark.thorough
def test_aiohttp_hangs_up_after_fifteen_seconds_and_connects_again(tmp_path: Path) -> None:
    """uvicorn would after five, but the program tells it to keep connections."""
    pytest.importorskip("uvicorn")
    cell = find_cell("http/uvicorn/request_reply.py")
    whose, after_s, answered = tried(cell, 60.0, tmp_path, 1)
    assert (whose, answered) == (CLIENT, True)
    assert 14 < after_s < 30
