"""HTTP's programs in Python, with servers and clients beside them that are no cells."""

from __future__ import annotations

import asyncio
import http.client
import importlib
import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.web import HTTPBadRequest
from helpers_bench import TIMEOUT_S, find_cell, make_case
from helpers_roles import WAIT_S, Stream, joined, load, running, some_address
from hypothesis import given, settings
from hypothesis import strategies as st
from requests import HTTPError

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.trial.addresses import listens
from bench.trial.processes import HostProcess, host_program
from bench.trial.record import Window
from bench.trial.requirements import needs
from bench.trial.trial import Trial

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(IMPLEMENTATIONS / "http")
    octets: Any = importlib.import_module("octets")

LIMIT = 16 * 1024 * 1024
HTTP = [
    cell
    for cell in find_cells([IMPLEMENTATIONS])
    if cell.stack.name == "http" and cell.language == "python"
    if not cell.variant.security  # whose other end needs keys: see tests/trial/test_keys.py
]


def cells_of(workload: str, *leaving_out: str) -> list[str]:
    return [
        cell.id
        for cell in HTTP
        if cell.workload.name == workload
        and cell.variant.name not in leaving_out
        and not needs(cell)
    ]


PIPELINES = cells_of("pipeline")
STREAMED = cells_of("pipeline", "polling", "websocket", "resilient")
MINIMAL = [cell for cell in HTTP if cell.variant.name == "minimal"]
FAN_OUTS = cells_of("fan_out")
EVENTS = cells_of("fan_out", "websocket", "lossy", "resilient", "buffered")
SERVERS_IN_THREADS = cells_of("request_reply", "uwsgi")
ASKING = cells_of("request_reply", "resilient")
LINE = b"data: "
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def frame(message: bytes) -> bytes:
    return struct.pack("!I", len(message)) + message


def chunked(data: bytes) -> bytes:
    """Return an answer whose body is one chunk, and does not end."""
    return CHUNKED + b"%x\r\n%s\r\n" % (len(data), data)


def connection_to(address: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(address).netloc, timeout=WAIT_S)


def is_refused(address: str, request: bytes) -> bool:
    """Ask as a stranger; where a server hangs up during a request, no status may arrive."""
    client = connection_to(address)
    try:
        client.request("POST", "/", request, {"Idempotency-Key": "stranger-1"})
        return client.getresponse().status >= 400
    except (OSError, http.client.HTTPException):
        return True


def same(message: bytes) -> bytes:
    return message


# --- The formats ----------------------------------------------------------------------

messages_lists = st.lists(st.binary(max_size=300), max_size=20)
cuts = st.lists(st.integers(1, 50), min_size=1, max_size=20)


def pieces(data: bytes, lengths: list[int]) -> Iterator[bytes]:
    start, number = 0, 0
    while start < len(data):
        end = start + lengths[number % len(lengths)]
        yield data[start:end]
        start, number = end, number + 1


def body_of(data: bytes, lengths: list[int]) -> Any:
    """Return what has a body, as aiohttp's requests do, that came in pieces."""
    body = SimpleNamespace(
        content=StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16)
    )
    for piece in pieces(data, lengths):
        body.content.feed_data(piece)
    body.content.feed_eof()
    return body


def messages_of(data: bytes, lengths: list[int]) -> list[bytes]:
    async def read() -> list[bytes]:
        return [message async for message in octets.messages_of(body_of(data, lengths))]

    return asyncio.run(read())


@given(messages_lists, cuts)
def test_octets_survive_any_cut(messages: list[bytes], lengths: list[int]) -> None:
    data = b"".join(map(octets.frame, messages))
    assert data == b"".join(map(frame, messages))
    assert list(octets.messages_in(pieces(data, lengths))) == messages
    assert messages_of(data, lengths) == messages


@given(messages_lists, cuts, st.data())
def test_a_body_that_is_cut_off_is_refused(
    messages: list[bytes], lengths: list[int], data: st.DataObject
) -> None:
    whole = b"".join(map(frame, messages))
    ends = {sum(len(frame(m)) for m in messages[:n]) for n in range(len(messages) + 1)}
    end = data.draw(st.integers(0, len(whole)))
    if end in ends:
        messages_of(whole[:end], lengths)
    else:
        with pytest.raises(HTTPBadRequest):
            messages_of(whole[:end], lengths)


@settings(max_examples=20)
@given(st.integers(LIMIT + 1, 2**32 - 1), st.binary(max_size=40))
def test_a_length_above_the_limit_is_refused_before_its_octets_come(
    length: int, message: bytes
) -> None:
    data = frame(message) + struct.pack("!I", length)
    read = octets.messages_in([data])
    assert next(read) == message
    with pytest.raises(ValueError, match=str(LIMIT)):
        next(read)
    with pytest.raises(HTTPBadRequest) as refused:
        messages_of(data, [len(data)])
    assert str(LIMIT) in str(refused.value.text)


@pytest.mark.parametrize("cell", EVENTS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r\n: a comment\r\n"])
def test_events_are_lines_of_base64(cell: str, line_end: bytes) -> None:
    messages = [b"", b"message", bytes(range(256)), b"x" * 10_000]
    lines = (LINE + b64encode(message) + 2 * line_end for message in messages)
    address = some_address()
    with (
        one_answer(address, chunked(b"".join(lines))),
        running(load(cell).subscribe, address) as subscriber,
    ):
        assert [subscriber.next() for _ in messages] == messages


@pytest.mark.parametrize("cell", EVENTS)
@pytest.mark.parametrize("text", [b"hello, world", b"bWVzc2FnZQ", b"bWVz c2FnZQ==", b"="])
def test_an_event_that_is_not_base64_is_refused(cell: str, text: bytes) -> None:
    address = some_address()
    with (
        one_answer(address, chunked(LINE + text + b"\n\n")),
        running(load(cell).subscribe, address) as subscriber,
        pytest.raises(ValueError),  # noqa: PT011
    ):
        subscriber.next()


# --- Strangers ------------------------------------------------------------------------

NONSENSE = {
    "words": b"hello, world: this is no message of yours",
    "base64": b64encode(b"what went over this wire before") + b"\n",
    "a length above the limit": struct.pack("!I", LIMIT + 1) + b"x" * 100,
    "half a length": b"\0\0",
    "half a message": frame(b"four")[:-1],
}


@pytest.mark.parametrize("cell", STREAMED)
@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_from_a_stranger_is_refused_and_reaches_no_application(
    cell: str, body: bytes
) -> None:
    address = some_address()
    with running(load(cell).collect, address, listening=address) as sink:
        client = connection_to(address)
        client.request("POST", "/", body)
        assert client.getresponse().status == 400
        client = connection_to(address)
        client.request("POST", "/", frame(b"a result"))
        assert client.getresponse().status == 204
        assert sink.next() == b"a result"
        assert sink.quiet()


@pytest.mark.parametrize("cell", STREAMED)
def test_nonsense_is_refused_at_once_and_results_before_it_are_delivered(
    cell: str,
) -> None:
    address = some_address()
    with running(load(cell).collect, address, listening=address) as sink:
        client = connection_to(address)
        client.putrequest("POST", "/")
        client.putheader("Transfer-Encoding", "chunked")
        client.endheaders()
        sent = frame(b"first") + frame(b"") + struct.pack("!I", LIMIT + 1)
        client.send(b"%x\r\n%s\r\n" % (len(sent), sent))  # and the stream does not end
        assert client.getresponse().status == 400
        if "buffered" not in cell:  # which takes, or refuses, all of what came at once
            assert (sink.next(), sink.next()) == (b"first", b"")
        assert sink.quiet()


@pytest.mark.parametrize("cell", SERVERS_IN_THREADS)
def test_a_stranger_s_request_above_the_limit_is_refused(cell: str) -> None:
    if "websocket" in cell:
        pytest.skip("its requests are frames")
    address, asked = some_address(), []
    with running(load(cell).serve, address, asked.append, listening=address):
        assert is_refused(address, bytes(LIMIT + 1))
        assert not asked


def test_the_buffered_pipeline_joins_waiting_messages_at_both_ends() -> None:
    cell = load("http/buffered/pipeline.py")
    source, sink = some_address(), some_address()
    tasks = [b"task %d" % number for number in range(1000)]
    with running(cell.distribute, source, Stream(*tasks), listening=source):
        given = list(chunks_of(source, sum(len(frame(task)) for task in tasks)))
    assert b"".join(given) == b"".join(map(frame, tasks))
    assert len(given) < len(tasks) / 10
    wire = b"".join(given)
    source = some_address()
    with (
        one_answer(source, chunked(wire)),
        taking(sink) as chunks,
        running(cell.work, source, sink, same),
    ):
        taken = b""
        while len(taken) < len(wire):
            taken += next(chunks)
    assert taken == wire
    assert chunks.number < len(tasks) / 10


@pytest.mark.parametrize("cell", MINIMAL, ids=lambda c: c.id)
def test_a_minimal_program_fits_on_a_slide(cell: Cell) -> None:
    assert len(cell.path.read_text().splitlines()) <= 44


# --- Limits ---------------------------------------------------------------------------


def test_every_variant_declares_the_size_limit_of_its_programs() -> None:
    assert {cell.variant.limit_bytes for cell in HTTP} == {LIMIT}


@pytest.mark.parametrize("cell", SERVERS_IN_THREADS)
def test_a_request_of_the_limit_arrives_and_one_above_it_is_refused_with_it(
    cell: str,
) -> None:
    module, address, asked = load(cell), some_address(), []

    def measure(request: bytes) -> bytes:
        asked.append(len(request))
        return request

    with running(module.serve, address, measure, listening=address):
        longest = random.Random(0).randbytes(LIMIT)
        requests = Stream(longest, longest + b"x")
        with running(module.call, address, requests) as client:
            if "resilient" in cell or "reconnecting" in cell:
                assert client.next() in (longest, None)  # their time for it is short
            else:
                assert client.next() == longest
            if "resilient" in cell:
                assert client.next() is None
            else:
                with pytest.raises((ValueError, HTTPError), match=rf"\b{LIMIT}\b"):
                    client.next()
    assert {*asked} <= {LIMIT}


@pytest.mark.parametrize("cell", ASKING)
def test_a_reply_above_the_limit_arrives_whole_or_is_an_error_that_names_it(
    cell: str,
) -> None:
    if "websocket" in cell:
        pytest.skip("its replies are frames")
    address = some_address()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (LIMIT + 1)
    with (
        one_answer(address, head + bytes(LIMIT + 1)),
        running(load(cell).call, address, Stream(b"a request")) as client,
    ):
        if "uwsgi" in cell or "pycurl" in cell:
            with pytest.raises(ValueError, match=str(LIMIT)):
                client.next()
        else:
            assert len(client.next()) == LIMIT + 1


def test_a_reply_above_the_limit_over_websocket_is_an_error_that_names_it() -> None:
    cell, address = load("http/websocket/request_reply.py"), some_address()
    with (
        running(cell.serve, address, lambda _: bytes(LIMIT + 1), listening=address),
        running(cell.call, address, Stream(b"a request")) as client,
        pytest.raises(TypeError, match=r"exceeds limit 1677721[67]"),
    ):
        client.next()


@pytest.mark.parametrize("cell", PIPELINES)
def test_a_task_above_the_limit_is_refused_by_its_sender(cell: str) -> None:
    address = some_address()
    with running(load(cell).distribute, address, Stream(bytes(LIMIT + 1))) as source:
        if "resilient" in cell:
            assert len(source.next()) == LIMIT + 1  # as undeliverable
        else:
            with pytest.raises(ValueError, match=str(LIMIT)):
                source.next()


@pytest.mark.parametrize("cell", PIPELINES)
def test_a_result_above_the_limit_is_an_error_of_the_worker(cell: str) -> None:
    module, source, sink = load(cell), some_address(), some_address()
    with (
        running(module.distribute, source, Stream(b"a task"), listening=source),
        running(module.collect, sink, listening=sink) as results,
        running(module.work, source, sink, lambda _: bytes(LIMIT + 1)) as worker,
    ):
        with pytest.raises(Exception, match=str(LIMIT)):
            worker.next()
        assert results.quiet()


@pytest.mark.parametrize("cell", PIPELINES)
def test_a_worker_that_fails_takes_no_further_tasks_with_it(cell: str) -> None:
    module, source, sink = load(cell), some_address(), some_address()
    tasks, taken = Stream(b"a task"), []

    def fail(_: bytes) -> bytes:
        raise RuntimeError("the handler fails")

    with (
        running(module.distribute, source, tasks, listening=source),
        running(module.collect, sink, listening=sink) as results,
        running(module.work, source, sink, fail) as worker,
    ):
        with pytest.raises(Exception, match="the handler fails") as kept:
            worker.next()  # what a kept error refers to is kept, too
        with running(module.work, source, sink, same):
            for number in range(10):
                tasks.give(b"%d" % number)
            while b"9" not in taken:
                taken.append(results.next())
    assert kept
    assert sorted(set(taken) - {b"a task"}) == [b"%d" % number for number in range(10)]


def test_a_reconnecting_worker_asks_for_no_task_while_there_is_no_sink() -> None:
    module = load("http/reconnecting/pipeline.py")
    source, sink, tasks = some_address(), some_address(), Stream()
    with (
        running(module.distribute, source, tasks, listening=source),
        running(module.work, source, sink, same),
    ):
        for task in (b"1", b"2", b"3"):
            tasks.give(task)
            time.sleep(module.BACKOFF_S)  # it tries in vain
        with running(module.collect, sink, listening=sink) as results:
            assert [results.next() for _ in range(3)] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("cell", PIPELINES)
def test_tasks_and_results_of_the_limit_arrive(cell: str) -> None:
    module, source, sink = load(cell), some_address(), some_address()
    longest = random.Random(0).randbytes(LIMIT)
    tasks = Stream(b"short", longest, b"short again")
    with (
        running(module.distribute, source, tasks, listening=source),
        running(module.collect, sink, listening=sink) as results,
        running(module.work, source, sink, same),
    ):
        taken = [results.next() for _ in range(3)]
    assert taken == [b"short", longest, b"short again"]


@pytest.mark.parametrize("cell", FAN_OUTS)
def test_a_message_of_the_limit_reaches_subscribers_and_one_above_it_is_refused(
    cell: str,
) -> None:
    module, address = load(cell), some_address()
    longest = random.Random(0).randbytes(LIMIT)
    with joined(module, address) as (messages, publisher, subscriber):
        messages.give(longest)
        assert subscriber.next() == longest
        messages.give(longest + b"x")
        messages.give(b"the next")
        if "resilient" in cell:
            assert len(publisher.next()) == LIMIT + 1  # as undeliverable
            assert subscriber.next() == b"the next"
        else:
            with pytest.raises(ValueError, match=str(LIMIT)):
                publisher.next()
            assert not subscriber.rest()


def test_nginx_passes_messages_of_the_server_s_size_limit(tmp_path: Path) -> None:
    cell = find_cell("http/proxied/request_reply.py")
    if needs(cell):
        pytest.skip(needs(cell))
    module, back, front = load(cell.id), some_address(), some_address()
    (tmp_path / "nginx.conf").write_text(
        module.nginx.CONFIGURATION.format(
            front=urlsplit(front).netloc, back=urlsplit(back).netloc
        )
    )
    proxy = subprocess.Popen(["nginx", "-p", str(tmp_path), "-c", "nginx.conf"])
    try:
        with running(module.serve, back, same, listening=back):
            deadline = time.monotonic() + TIMEOUT_S
            while not listens(front, proxy.pid):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            longest = bytes(LIMIT)
            with running(module.call, front, Stream(longest)) as client:
                assert client.next() == longest
            assert is_refused(front, longest + b"x")
    finally:
        proxy.kill()
        proxy.wait()


# --- WebSocket ------------------------------------------------------------------------


def frame_of_text(text: bytes) -> bytes:
    """Return a text frame as a client has to send it: masked, here by zeros."""
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bm9uc2Vuc2Ugb2Ygb3Vycw==\r\n\r\n"
)


@pytest.mark.parametrize(
    ("cell", "role"),
    [
        ("http/websocket/pipeline.py", "collect"),
        ("http/websocket/request_reply.py", "serve"),
    ],
)
def test_text_from_a_stranger_reaches_no_application(cell: str, role: str) -> None:
    address, heard = some_address(), []
    arguments = (heard.append,) if role == "serve" else ()
    function = getattr(load(cell), role)
    with running(function, address, *arguments, listening=address) as server:
        with opened(address) as (stranger, file):
            stranger.sendall(UPGRADE)
            while file.readline().strip():
                pass
            stranger.sendall(frame_of_text(b"text"))
            head = file.read(2)
            code = struct.unpack("!H", file.read(2))[0]
        assert head[0] & 0x0F == 8  # it closes
        assert code == 1003  # "unsupported data"
        assert not heard
        assert server.quiet()


@pytest.mark.parametrize("cell", ["http/websocket/fan_out.py", "http/lossy/fan_out.py"])
def test_a_subscriber_gets_an_error_at_the_end_of_its_stream(cell: str) -> None:
    module, address = load(cell), some_address()
    with joined(module, address) as (_, publisher, subscriber):
        publisher.leave()
        with pytest.raises(Exception, match=r"not WSMsgType\.BINARY"):
            deque(iter(subscriber.next, None), maxlen=0)


@pytest.mark.parametrize("size", [64, 4096, 300_000])
def test_a_lossy_queue_is_bounded_in_bytes(size: int) -> None:
    queue = load("http/lossy/fan_out.py").Queue()
    for _ in range(2 * 1024 * 1024 // size):
        queue.offer(bytes(size))
    waiting = queue.messages.qsize() * size
    assert 1024 * 1024 <= waiting < 1024 * 1024 + size


# --- Addresses, and processes ---------------------------------------------------------


@pytest.mark.parametrize("cell", SERVERS_IN_THREADS)
def test_requests_go_over_ipv6(cell: str) -> None:
    module, address = load(cell), some_address("[::1]")
    with (
        running(module.serve, address, same, listening=address),
        running(module.call, address, Stream(b"a request")) as client,
    ):
        assert client.next() == b"a request"


@pytest.mark.parametrize("cell", PIPELINES)
def test_tasks_go_over_ipv6(cell: str) -> None:
    module, source, sink = load(cell), some_address("[::1]"), some_address("[::1]")
    with (
        running(module.distribute, source, Stream(b"a task"), listening=source),
        running(module.collect, sink, listening=sink) as results,
        running(module.work, source, sink, same),
    ):
        assert results.next() == b"a task"


@pytest.mark.parametrize("cell", FAN_OUTS)
def test_events_go_over_ipv6(cell: str) -> None:
    with joined(load(cell), some_address("[::1]")):
        pass  # joining takes a message


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_uwsgi_serves_many_kept_connections_at_once_and_dies_with_its_host(
    tmp_path: Path, host: str
) -> None:
    cell = find_cell("http/uwsgi/request_reply.py")
    if needs(cell):
        pytest.skip(needs(cell))
    address = some_address(host)
    server = started(cell, "serve", address, tmp_path)
    try:
        deadline = time.monotonic() + TIMEOUT_S
        while not listens(address, server.process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        asked = [connection_to(address) for _ in range(16)]
        for _ in range(2):
            for client in asked:  # all of them stay open
                client.request("POST", "/", b"x" * 64)
                reply = client.getresponse()
                assert (reply.status, len(reply.read())) == (200, 64)
        children = Path(f"/proc/{server.process.pid}/task")
        assert not any((task / "children").read_text() for task in children.iterdir())
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(TIMEOUT_S)
        with pytest.raises(OSError, match="refused"):
            connection_to(address).connect()
    finally:
        server.kill()


def test_uwsgi_refuses_a_request_above_the_limit(tmp_path: Path) -> None:
    cell = find_cell("http/uwsgi/request_reply.py")
    if needs(cell):
        pytest.skip(needs(cell))
    address = some_address()
    server = started(cell, "serve", address, tmp_path)
    try:
        deadline = time.monotonic() + TIMEOUT_S
        while not listens(address, server.process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert is_refused(address, bytes(LIMIT + 1))
        client = load(cell.id)
        assert len(next(client.call(address, [bytes(LIMIT)]))) == LIMIT
        with pytest.raises(ValueError, match=str(LIMIT)):
            next(client.call(address, [bytes(LIMIT + 1)]))
    finally:
        server.kill()


# --- The other ends -------------------------------------------------------------------


@contextmanager
def opened(address: str) -> Iterator[tuple[socket.socket, Any]]:
    url = urlsplit(address)
    assert url.hostname
    assert url.port
    with (
        socket.create_connection((url.hostname, url.port), WAIT_S) as sock,
        sock.makefile("rb") as file,
    ):
        yield sock, file


def read_chunk(file: Any) -> bytes:
    size = int(file.readline(), 16)
    data: bytes = file.read(size)
    file.readline()
    return data


def chunks_of(address: str, size_bytes: int) -> Iterator[bytes]:
    """GET a stream, and yield the chunks that the server makes of it."""
    with opened(address) as (sock, file):
        sock.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        while file.readline().strip():
            pass
        while size_bytes > 0:
            chunk = read_chunk(file)
            size_bytes -= len(chunk)
            yield chunk


@contextmanager
def one_answer(address: str, said: bytes) -> Iterator[None]:
    """A server that says the same to its first client, and then no more."""
    url = urlsplit(address)
    with socket.create_server((url.hostname, url.port)) as listener:
        held = []

        def serve() -> None:
            sock, _ = listener.accept()
            held.append(sock)
            sock.recv(65536)
            with suppress(OSError):  # who refuses it hangs up
                sock.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        yield
        for sock in held:
            sock.close()


class Chunks:
    """The chunks of the body that the first client of a listener POSTs."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.file: Any = None
        self.number = 0

    def __next__(self) -> bytes:
        if not self.file:
            sock, _ = self.listener.accept()
            self.file = sock.makefile("rb")
            while self.file.readline().strip():
                pass
        self.number += 1
        return read_chunk(self.file)


@contextmanager
def taking(address: str) -> Iterator[Chunks]:
    url = urlsplit(address)
    with socket.create_server((url.hostname, url.port)) as listener:
        listener.settimeout(WAIT_S)
        yield Chunks(listener)


def started(cell: Any, role: str, address: str, folder: Path) -> HostProcess:
    """Start one role in a host of its own, at an address."""
    window = Window(4, warm_up=1, interval_s=0.2)
    trial = Trial(make_case(cell), window, folder, folder, random.Random())
    played = trial.role_spec(cell.workload.role(role), 0)._replace(addresses=(address,))
    spec = trial.host_spec(cell, [played])
    host = HostProcess(role, spec, folder / "log", program=host_program(cell))
    host.tell("go", role=f"{role}.0")
    return host
