"""Programs in C at their edges: the largest message, IPv6, peers that leave or do not read.

Each receiver is told of a message that is too long by a peer that is no cell, and each
sender is given one. A small library, with which the program is started, stands between it
and the kernel, and records its calls.
"""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers_bench import TIMEOUT_S, find_cell, make_case

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.errors import TrialError
from bench.hosts import message as msg
from bench.trial.addresses import listens
from bench.trial.build import build, lacking
from bench.trial.events import Events
from bench.trial.processes import HostProcess, host_program
from bench.trial.record import Window
from bench.trial.site import Here
from bench.trial.trial import Trial, run_trial

LIMIT_BYTES = 16 * 1024 * 1024
TOO_LONG = struct.pack("!I", LIMIT_BYTES + 1)
IN_C = [cell for cell in find_cells([IMPLEMENTATIONS]) if cell.language == "c"]
LIMITED = [cell for cell in IN_C if cell.stack.name in ("raw_socket", "http")]
OF_HTTP = "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n"

pytestmark = pytest.mark.skipif(
    bool(lacking(find_cell("raw_socket/minimal/request_reply.c"))),
    reason="no compiler or a library is missing: see `python -m bench build`",
)


def ready(cell: Cell) -> Cell:
    if packages := lacking(cell):
        pytest.skip(f"apt-get install {' '.join(packages)}")
    build(cell)
    return cell


def by_id(cell: Cell) -> str:
    return cell.id


@pytest.fixture(params=LIMITED, ids=by_id)
def limited(request: pytest.FixtureRequest) -> Cell:
    return ready(request.param)


def window(size_bytes: int) -> Window:
    return Window(2, 1, sizes_bytes=(size_bytes,))


@pytest.mark.thorough
def test_the_largest_message_arrives(
    limited: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A slow machine is no broken program.
    monkeypatch.setattr("bench.trial.trial.QUIET_S", 3.0)
    case = make_case(limited, instances=1)
    trial = run_trial(case, window(LIMIT_BYTES), tmp_path, random.Random(1))
    (consumer,) = trial.of(limited.workload.consumer)
    assert consumer.counts["wrong"] == 0
    assert consumer.heads is not None
    assert sorted(consumer.heads["sequence"]) == [0, 1]


def test_a_longer_one_is_refused_by_its_sender_with_the_limit(
    limited: Cell, tmp_path: Path
) -> None:
    case = make_case(limited, instances=1)
    driver = f"{limited.workload.driver.name}.0"
    with pytest.raises(TrialError, match=f"{driver} raised .*{LIMIT_BYTES}"):
        run_trial(case, window(LIMIT_BYTES + 1), tmp_path, random.Random(1))


class Playing:
    """A role that plays, in a process of its own."""

    def __init__(self, host: HostProcess, told: Sequence[str]) -> None:
        self.host = host
        self.places = [(url.hostname, url.port) for url in map(urlsplit, told)]
        self.addresses = told

    def connect(self) -> socket.socket:
        """Connect to a role that binds."""
        wait_until(lambda: listens(self.addresses[0]))
        return socket.create_connection(self.places[0], TIMEOUT_S)

    def error(self) -> str:
        """Wait until the role has failed, and return what of."""
        events = Events([self.host])
        with closing(events), pytest.raises(TrialError) as caught:
            for _ in events.until(time.monotonic() + TIMEOUT_S):
                pass
        return str(caught.value)


@contextmanager
def role(
    cell: Cell,
    name: str,
    folder: Path,
    *,
    begin: bool = True,
    stream: Window = Window(10, 2),  # noqa: B008
    size_bytes: int = 64,
) -> Iterator[Playing]:
    """Start one role of a cell, told to begin."""
    case = make_case(cell, size_bytes=size_bytes)
    trial = Trial(case, stream, folder, folder, random.Random())
    spec = trial.host_spec(cell, [trial.role_spec(cell.workload.role(name), 0)])
    host = HostProcess(name, spec, folder / "log", program=host_program(cell))
    try:
        if begin:
            host.tell("go", role=f"{name}.0")
        yield Playing(host, spec.roles[0].addresses)
    finally:
        host.kill()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


CONNECTING = {
    "raw_socket/minimal/request_reply.c": ("call", TOO_LONG),
    "raw_socket/minimal/fan_out.c": ("subscribe", TOO_LONG),
    "raw_socket/buffered/fan_out.c": ("subscribe", TOO_LONG),
    "raw_socket/minimal/pipeline.c": ("work", TOO_LONG),
    "raw_socket/buffered/pipeline.c": ("work", TOO_LONG),
    "http/minimal/request_reply.c": ("call", OF_HTTP.format(LIMIT_BYTES + 1).encode()),
    "http/minimal/fan_out.c": ("subscribe", b"data: " + bytes(LIMIT_BYTES // 3 * 4 + 16)),
    "http/buffered/fan_out.c": ("subscribe", TOO_LONG),
    "http/minimal/pipeline.c": ("work", TOO_LONG),
    "http/buffered/pipeline.c": ("work", TOO_LONG),
    "http/polling/pipeline.c": ("work", OF_HTTP.format(LIMIT_BYTES + 1).encode()),
}
"""Roles that connect, and what announces too long a message to each."""


def test_every_program_with_a_limit_has_a_role_that_gets_a_longer_message() -> None:
    assert {cell.id for cell in LIMITED} == set(CONNECTING)


@pytest.mark.parametrize("name", CONNECTING)
def test_a_connecting_role_fails_with_the_limit_after_too_long_an_announced_length(
    name: str, tmp_path: Path
) -> None:
    """Before the message itself has come: it never does."""
    cell, (own, told) = ready(find_cell(name)), CONNECTING[name]
    with role(cell, own, tmp_path, begin=False) as playing:
        listeners = [socket.create_server(place) for place in playing.places]
        playing.host.tell("go", role=f"{own}.0")
        listeners[0].settimeout(TIMEOUT_S)
        connection, _ = listeners[0].accept()
        with connection:
            if name.startswith("http/"):
                connection.recv(4096)  # the request, or its beginning
                if not told.startswith(b"HTTP"):
                    connection.sendall(OF_HTTP.format(1 << 40).encode())
            connection.sendall(told + b"some")
            assert str(LIMIT_BYTES) in playing.error()
        for listener in listeners:
            listener.close()


BINDING = {
    "raw_socket/minimal/request_reply.c": "serve",
    "raw_socket/minimal/pipeline.c": "collect",
    "raw_socket/buffered/pipeline.c": "collect",
}


@pytest.mark.parametrize("name", BINDING)
def test_a_listening_role_ends_only_that_connection_and_notes_the_limit(
    name: str, tmp_path: Path
) -> None:
    with role(ready(find_cell(name)), BINDING[name], tmp_path) as playing:
        for _ in range(2):
            with playing.connect() as boasting:
                boasting.sendall(TOO_LONG)
                assert boasting.recv(1) == b""
        log = (tmp_path / "log").read_text()
    assert log.count(str(LIMIT_BYTES)) == 2


@pytest.mark.parametrize(
    ("name", "own", "path"),
    [
        ("http/minimal/request_reply.c", "serve", "/"),
        ("http/polling/pipeline.c", "collect", "/result"),
    ],
)
def test_a_server_answers_an_announced_length_with_the_limit(
    name: str, own: str, path: str, tmp_path: Path
) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\n"
    with role(ready(find_cell(name)), own, tmp_path) as playing:
        with playing.connect() as client:
            client.sendall(f"{head}Content-Length: {LIMIT_BYTES + 1}\r\n\r\n".encode())
            answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 413")
        assert str(LIMIT_BYTES).encode() in answer
        with playing.connect() as client, client.makefile("rb") as stream:
            client.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
            try:
                for _ in range(LIMIT_BYTES // (1 << 20) + 1):
                    client.sendall(chunk)
                assert stream.read() == b""
            except ConnectionError:
                pass
        wait_until(lambda: str(LIMIT_BYTES) in (tmp_path / "log").read_text())


@pytest.mark.thorough
@pytest.mark.parametrize("cell", IN_C, ids=by_id)
def test_every_program_serves_ipv6(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    monkeypatch.setattr("bench.trial.site.HERE", Here(address="[::1]"))
    case = make_case(ready(cell), instances=1)
    trial = run_trial(case, window(64), tmp_path, random.Random(1))
    (consumer,) = trial.of(cell.workload.consumer)
    assert consumer.counts["count"] >= 2


# -- what only the kernel sees -----------------------------------------------------------


LENGTHS = """
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int looked_at(long call, int fd, const struct sockaddr *address, socklen_t size)
{
    if (address->sa_family == AF_INET && size != sizeof(struct sockaddr_in)) {
        fprintf(stderr, "an IPv4 address of %u bytes\\n", size);
        _exit(7);
    }
    return syscall(call, fd, address, size);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    return looked_at(SYS_bind, fd, address, size);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    return looked_at(SYS_connect, fd, address, size);
}
"""
SPURIOUS = """
#define _GNU_SOURCE
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As poll() may say it of a connection that is reset before it is accepted. */
int poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
    int found = syscall(SYS_poll, polled, count, count > 1 ? timeout_ms : 10);
    polled[0].revents |= count > 0 ? POLLIN : 0;
    return found + 1;
}
"""
FULL = """
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    static int calls;
    if (calls++ < 2) {
        errno = EMFILE;
        return -1;
    }
    return syscall(SYS_accept, fd, address, size);
}
"""


@contextmanager
def between(
    text: str, name: str, own: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Playing]:
    """Start a role with functions of the C library in place of its own."""
    cell = ready(find_cell(name))
    source, library = folder / "between.c", folder / "between.so"
    source.write_text(text)
    words = ["gcc", "-shared", "-fPIC", "-o", library, source]
    subprocess.run(words, check=True, timeout=TIMEOUT_S)
    with monkeypatch.context() as patch:
        patch.setenv("LD_PRELOAD", str(library))
        with role(cell, own, folder, begin=False) as playing:
            yield playing


@pytest.mark.parametrize("own", ["serve", "call"])
def test_an_address_has_the_length_of_its_family(
    own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "raw_socket/minimal/request_reply.c"
    with between(LENGTHS, name, own, tmp_path, monkeypatch) as playing:
        listener = socket.create_server(playing.places[0]) if own == "call" else None
        playing.host.tell("go", role=f"{own}.0")
        if listener:
            listener.settimeout(TIMEOUT_S)
            listener.accept()[0].close()
            listener.close()
        else:
            playing.connect().close()
        assert "an IPv4 address" not in (tmp_path / "log").read_text()


def count(playing: Playing) -> int:
    """Ask a role that consumes how many messages it has."""
    playing.host.tell("count")
    for event in playing.host.read_events():
        if event["event"] == "count":
            return int(event["counts"][f"{playing.host.name}.0"])
    return 0


def test_a_collector_never_waits_for_a_connection_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "raw_socket/buffered/pipeline.c"
    with between(SPURIOUS, name, "collect", tmp_path, monkeypatch) as playing:
        playing.host.tell("go", role="collect.0")
        with playing.connect() as worker:
            for number in range(1, 4):
                result = msg.build(0, number, msg.WINDOW_EPOCH, 64)
                worker.sendall(struct.pack("!I", len(result)) + result)
                wait_until(lambda: count(playing) >= number)  # noqa: B023


def test_a_server_without_descriptors_accepts_again_when_there_are_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "raw_socket/minimal/request_reply.c"
    with between(FULL, name, "serve", tmp_path, monkeypatch) as playing:
        playing.host.tell("go", role="serve.0")
        with playing.connect() as client, client.makefile("rb") as stream:
            client.sendall(struct.pack("!I", 64) + bytes(64))
            assert len(stream.read(68)) == 68


def sockets_of(pid: int) -> int:
    folder = Path(f"/proc/{pid}/fd")
    return sum("socket:" in os.readlink(each) for each in folder.iterdir())


@pytest.mark.parametrize("variant", ["minimal", "buffered"])
def test_subscribers_can_join_while_a_slow_subscriber_delays_the_publisher(
    variant: str, tmp_path: Path
) -> None:
    """The first reads nothing: the publisher waits for it, and welcomes all others."""
    cell = ready(find_cell(f"raw_socket/{variant}/fan_out.c"))
    with (
        role(cell, "publish", tmp_path, size_bytes=1 << 20) as playing,
        playing.connect() as slow,
    ):
        slow.recv(1)
        time.sleep(0.3)  # its buffers are full by now
        before = sockets_of(playing.host.pid)
        others = [playing.connect() for _ in range(5)]
        wait_until(lambda: sockets_of(playing.host.pid) >= before + len(others))
        for other in others:
            other.close()


@pytest.mark.parametrize("variant", ["minimal", "buffered"])
def test_no_task_is_lost_with_a_worker_that_was_reset(variant: str, tmp_path: Path) -> None:
    cell, tasks = ready(find_cell(f"raw_socket/{variant}/pipeline.c")), 20
    paced = Window(tasks, 0, interval_s=0.02)
    with role(cell, "distribute", tmp_path, begin=False, stream=paced) as playing:
        for told in ("warm", "window", "go"):
            playing.host.tell(told)
        with playing.connect() as stays, stays.makefile("rb") as stream:
            leaves = playing.connect()
            leaves.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            leaves.close()
            found = set()
            while len(found) < tasks:
                (size,) = struct.unpack("!I", stream.read(4))
                found.add(msg.read_header(stream.read(size)).sequence)
    assert found == set(range(tasks))
