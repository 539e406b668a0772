"""HTTP in C, asked by clients that are no cells: what it answers, and loses to nobody."""

from __future__ import annotations

import http.client
import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers_bench import TIMEOUT_S, find_cell, make_case

from bench.hosts import message as msg
from bench.trial.addresses import listens
from bench.trial.build import build, lacking
from bench.trial.processes import HostProcess, host_program
from bench.trial.record import Window
from bench.trial.trial import Trial

CELL = "http/{}/{}.c"
VARIANTS = {"pipeline": "polling"}
INTERVAL_S = 1.0
"""So long that a busy machine has done between two tasks what happens between them."""

pytestmark = pytest.mark.skipif(
    bool(lacking(find_cell(CELL.format("polling", "pipeline")))),
    reason="needs a compiler, libmicrohttpd and libcurl: see `python -m bench build`",
)


@contextmanager
def role(
    workload: str, name: str, folder: Path, window: Window, variant: str = ""
) -> Iterator[str]:
    """Start one role of a cell, told to begin its window, and yield its address."""
    variant = variant or VARIANTS.get(workload, "minimal")
    cell = find_cell(CELL.format(variant, workload))
    build(cell)
    trial = Trial(make_case(cell), window, folder, folder, random.Random())
    spec = trial.host_spec(cell, [trial.role_spec(cell.workload.role(name), 0)])
    host = HostProcess(name, spec, folder / "log", program=host_program(cell))
    try:
        host.tell("go", role=f"{name}.0")
        if cell.workload.role(name).drives:
            host.tell("warm")
            host.tell("window")
        (address,) = spec.roles[0].addresses
        yield address
    finally:
        host.kill()


def ready(address: str) -> tuple[str, int]:
    deadline = time.monotonic() + TIMEOUT_S
    while not listens(address):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    url = urlsplit(address)
    assert url.hostname
    assert url.port
    return url.hostname, url.port


def next_task(worker: http.client.HTTPConnection) -> msg.Header:
    worker.request("GET", "/task")
    answer = worker.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (
        200,
        "application/octet-stream",
    )
    return msg.read_header(answer.read())


def test_a_worker_that_leaves_while_it_waits_gets_no_task(tmp_path: Path) -> None:
    window = Window(4, warm_up=1, interval_s=INTERVAL_S)
    with role("pipeline", "distribute", tmp_path, window) as address:
        stays = http.client.HTTPConnection(*ready(address), timeout=TIMEOUT_S)
        while next_task(stays)[1:3] != (0, msg.WINDOW_EPOCH):
            continue
        with socket.create_connection(ready(address)) as leaves:  # no task is due yet
            leaves.sendall(b"GET /task HTTP/1.1\r\nHost: here\r\n\r\n")
            time.sleep(0.1)
        assert [next_task(stays).sequence for _ in range(2)] == [1, 2]
        stays.close()


@pytest.mark.parametrize(
    ("workload", "name", "method", "path"),
    [
        ("request_reply", "serve", "POST", "/"),
        ("pipeline", "collect", "POST", "/result"),
        ("pipeline", "distribute", "GET", "/task"),
        ("fan_out", "publish", "GET", "/"),
    ],
)
def test_other_paths_and_methods_are_refused_and_the_connection_is_kept(
    workload: str, name: str, method: str, path: str, tmp_path: Path
) -> None:
    with role(workload, name, tmp_path, Window(1, warm_up=1)) as address:
        client = http.client.HTTPConnection(*ready(address), timeout=TIMEOUT_S)
        client.connect()
        sock = client.sock
        for asked, status in (((method, "/else"), 404), (("PUT", path), 405)):
            client.request(*asked, body=b"x" * 300_000 if asked[0] != "GET" else None)
            answer = client.getresponse()
            answer.read()
            assert (answer.status, client.sock) == (status, sock)
        client.close()


@pytest.mark.parametrize("size_bytes", [64, 2 << 20])
def test_a_client_sends_bytes_at_once_and_not_as_a_form(
    size_bytes: int, tmp_path: Path
) -> None:
    """libcurl would ask before it sends a large body, and call any body a form."""
    cell = find_cell(CELL.format("minimal", "request_reply"))
    build(cell)
    case = make_case(cell, size_bytes=size_bytes)
    trial = Trial(case, Window(1, warm_up=1), tmp_path, tmp_path, random.Random())
    spec = trial.host_spec(cell, [trial.role_spec(cell.workload.driver, 0)])
    url = urlsplit(spec.roles[0].addresses[0])
    with socket.create_server((url.hostname, url.port)) as server:
        server.settimeout(TIMEOUT_S)
        host = HostProcess("call", spec, tmp_path / "log", program=host_program(cell))
        try:
            host.tell("go", role="call.0")
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as stream:
                connection.settimeout(TIMEOUT_S)
                assert stream.readline() == b"POST / HTTP/1.1\r\n"
                headers = http.client.parse_headers(stream)
                assert len(stream.read(size_bytes)) == size_bytes
        finally:
            host.kill()
    assert headers["Content-Length"] == str(size_bytes)
    assert "Expect" not in headers
    assert headers["Content-Type"] == "application/octet-stream"


def answer_to(address: str, path: str, body: bytes) -> int | None:
    """Return the status that a POST gets, or None where the connection is closed."""
    worker = http.client.HTTPConnection(*ready(address), timeout=TIMEOUT_S)
    try:
        worker.request("POST", path, body)
        return worker.getresponse().status
    except (http.client.HTTPException, ConnectionError):
        return None
    finally:
        worker.close()


LIMIT_BYTES = 16 * 1024 * 1024
TOO_LONG = struct.pack("!I", LIMIT_BYTES + 1)


@pytest.mark.parametrize("variant", ["minimal", "buffered"])
def test_a_worker_that_sends_nonsense_loses_only_its_own_connection(
    variant: str, tmp_path: Path
) -> None:
    """As in Python, where the others' results go on coming."""
    window = Window(4, warm_up=1)
    with role("pipeline", "collect", tmp_path, window, variant) as address:
        assert answer_to(address, "/", TOO_LONG) is None
        assert answer_to(address, "/", struct.pack("!I", 100) + b"cut off") == 400
        assert answer_to(address, "/elsewhere", TOO_LONG) == 404
        assert answer_to(address, "/", b"") == 204
        log = (tmp_path / "log").read_text()
    refused = f"a message of {LIMIT_BYTES + 1} bytes: at most {LIMIT_BYTES} are allowed"
    assert log.startswith(f"{refused}\n")
    assert log.count(refused) == 1  # no role has failed of it
