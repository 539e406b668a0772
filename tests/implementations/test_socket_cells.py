"""Faults that programs on BSD sockets have to stand: the real programs, on real sockets.

A test plays the other end with a plain socket, which may reset, leave or talk nonsense at a
moment of its choice.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from io import BufferedReader
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from helpers_bench import TIMEOUT_S
from helpers_roles import joined, some_address
from helpers_roles import load as load_program

from bench.contract.model import IMPLEMENTATIONS
from bench.trial.addresses import free_port, listens

SOCKETS = IMPLEMENTATIONS / "raw_socket"
LIMIT_BYTES = 16777216
TOO_LONG = "16777217 bytes: at most 16777216 allowed"
NONSENSE = b"\xff" * 64
TASKS = 200
MINIMAL_ENOUGH = ("minimal", "buffered", "streams", "reconnecting")
"""The variants whose wire is frames alone."""
WAIT_S = 20.0
"""A bound that ends a test that hangs; nothing here depends on speed."""

HAVE_IPV6 = Path("/proc/net/if_inet6").exists() and bool(
    Path("/proc/net/if_inet6").read_text()
)


def with_file(workload: str, *variants: str) -> list[str]:
    """Return which of these variants have a program for the workload."""
    return [name for name in variants if (SOCKETS / name / f"{workload}.py").exists()]


def frame(message: bytes) -> bytes:
    return len(message).to_bytes(4) + message


def load(variant: str, workload: str) -> Any:
    return load_program(f"raw_socket/{variant}/{workload}.py")


class Role:
    """A role that runs in a thread: what it yields, and how it ended."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.yielded: Queue[Any] = Queue()
        self.ended: Queue[BaseException | None] = Queue()
        self._run = (function, arguments)
        threading.Thread(target=self._main, daemon=True).start()

    def _main(self) -> None:
        function, arguments = self._run
        try:
            result = function(*arguments)
            if inspect.isasyncgen(result):
                asyncio.run(self._take_all(result))
            elif inspect.iscoroutine(result):
                asyncio.run(result)
            elif result is not None:
                for message in result:
                    self.yielded.put(message)
        except BaseException as error:
            self.ended.put(error)
            if not isinstance(error, Exception):
                raise
        else:
            self.ended.put(None)

    async def _take_all(self, result: AsyncIterator[Any]) -> None:
        async for message in result:
            self.yielded.put(message)

    def take(self, count: int) -> list[Any]:
        return [self.yielded.get(timeout=WAIT_S) for _ in range(count)]

    def error(self) -> BaseException | None:
        return self.ended.get(timeout=WAIT_S)


class Messages:
    """A stream for roles of both kinds: each message when ``go`` is set, then an error."""

    def __init__(self, messages: Iterable[bytes], error: Exception | None = None) -> None:
        self.messages, self.failure = list(messages), error
        self.go = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        self.go.wait(WAIT_S)
        yield from self.messages
        if self.failure:
            raise self.failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self.go.is_set():
            await asyncio.sleep(0.001)
        for message in self.messages:
            yield message
        if self.failure:
            raise self.failure


def address_at(host: str = "127.0.0.1") -> str:
    return f"tcp://{host}:{free_port(random.Random())}"


def bound(function: Callable[..., Any], *arguments: Any, host: str = "127.0.0.1") -> Any:
    """Start a role that binds, and return it and its address once it listens."""
    address = address_at(host)
    role = Role(function, address, *arguments)
    wait_for(lambda: listens(address))
    return role, address


@pytest.fixture
def thread_errors(monkeypatch: pytest.MonkeyPatch) -> Queue[BaseException | None]:
    """The errors that threads of a program end with: a test has to look at each."""
    errors: Queue[BaseException | None] = Queue()
    monkeypatch.setattr(
        threading, "excepthook", lambda raised: errors.put(raised.exc_value)
    )
    return errors


def wait_for(true: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(int(WAIT_S / 0.01)):
        if true():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not come true")


def connect(address: str) -> socket.socket:
    port = int(address.rsplit(":", 1)[1])
    sock = socket.create_connection(("127.0.0.1", port), WAIT_S)
    sock.settimeout(WAIT_S)
    return sock


def reset(sock: socket.socket) -> None:
    """Close a connection with a reset, as for a process that is dead."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def read(stream: BufferedReader) -> bytes | None:
    """Return the next message, and None at the end."""
    head = stream.read(4)
    return stream.read(int.from_bytes(head)) if head else None


def receive(sock: socket.socket, count: int) -> list[bytes | None]:
    with sock.makefile("rb") as stream:
        return [read(stream) for _ in range(count)]


class FakeServer:
    """A listener whose connections get these bytes, one after another, and then the end."""

    def __init__(self, *said: bytes) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.held: list[socket.socket] = []
        threading.Thread(target=self._serve, args=(said,), daemon=True).start()

    def _serve(self, said: tuple[bytes, ...]) -> None:
        for number, words in enumerate(said, 1):
            sock, _ = self.listener.accept()
            with suppress(OSError):  # the other end may have had enough
                sock.sendall(words)
                if number < len(said):
                    sock.shutdown(socket.SHUT_WR)
            self.held.append(sock)


@pytest.mark.parametrize("variant", with_file("pipeline", *MINIMAL_ENOUGH))
def test_an_error_in_the_stream_of_tasks_is_raised(variant: str) -> None:
    tasks = Messages([b"first"], LookupError("out of tasks"))
    role, address = bound(load(variant, "pipeline").distribute, tasks)
    with connect(address) as worker:
        tasks.go.set()
        assert isinstance(role.error(), LookupError)
        assert worker


@pytest.mark.parametrize("variant", with_file("pipeline", *MINIMAL_ENOUGH))
def test_a_worker_that_is_reset_before_its_first_task_loses_no_task(variant: str) -> None:
    tasks = Messages(b"%d" % number for number in range(TASKS))
    _, address = bound(load(variant, "pipeline").distribute, tasks)
    reset(connect(address))
    with connect(address) as worker:
        threading.Event().wait(0.3)  # both are known by then, or the test is no test
        tasks.go.set()
        assert sorted(receive(worker, TASKS)) == sorted(tasks.messages)


@pytest.mark.parametrize("variant", with_file("pipeline", *MINIMAL_ENOUGH))
def test_results_before_nonsense_arrive_and_so_do_results_of_other_workers(
    variant: str, thread_errors: Queue[BaseException | None]
) -> None:
    role, address = bound(load(variant, "pipeline").collect)
    with connect(address) as bad, connect(address) as good:
        bad.sendall(frame(b"one") + frame(b"two") + NONSENSE)
        assert role.take(2) == [b"one", b"two"]
        good.sendall(frame(b"three"))
        assert role.take(1) == [b"three"]
        with pytest.raises(Empty):
            role.ended.get_nowait()
    if variant == "minimal":  # the thread of the bad connection ends with its error
        assert isinstance(thread_errors.get(timeout=WAIT_S), ConnectionError)
    assert thread_errors.empty()


HEAD_OF_A_FRAME = b"\0\0"
BROKEN = (HEAD_OF_A_FRAME, frame(b"whole")[:-1], NONSENSE)


@pytest.mark.parametrize("broken", BROKEN, ids=["header", "message", "nonsense"])
def test_a_subscriber_connects_anew_after_a_broken_connection(broken: bytes) -> None:
    server = FakeServer(broken, frame(b"whole"))
    role = Role(load("reconnecting", "fan_out").subscribe, server.address)
    assert role.take(1) == [b"whole"]


@pytest.mark.parametrize("broken", BROKEN, ids=["header", "message", "nonsense"])
def test_a_client_connects_anew_after_a_broken_connection(broken: bytes) -> None:
    server = FakeServer(broken, frame(b"whole"))
    call = load("reconnecting", "request_reply").call
    assert list(call(server.address, [b"first", b"second"])) == [None, b"whole"]


@pytest.mark.parametrize("broken", BROKEN, ids=["header", "message", "nonsense"])
def test_a_worker_connects_anew_after_a_broken_connection(broken: bytes) -> None:
    source, sink = FakeServer(broken, frame(b"whole")), FakeServer(b"", b"", b"")
    handled: Queue[bytes] = Queue()

    def handle(task: bytes) -> bytes:
        handled.put(task)
        return task

    Role(load("reconnecting", "pipeline").work, source.address, sink.address, handle)
    assert handled.get(timeout=WAIT_S) == b"whole"


def test_a_reconnecting_worker_asks_for_no_task_while_there_is_no_sink() -> None:
    program = load("reconnecting", "pipeline")
    tasks: Queue[bytes] = Queue()
    source, sink = (f"tcp://127.0.0.1:{free_port(random.Random())}" for _ in range(2))
    Role(program.distribute, source, iter(tasks.get, b"no more"))
    Role(program.work, source, sink, lambda task: task)
    for task in (b"1", b"2", b"3"):
        tasks.put(task)
        time.sleep(program.BACKOFF_S)  # it tries in vain
    assert Role(program.collect, sink).take(3) == [b"1", b"2", b"3"]


@pytest.mark.parametrize("content", [b"short", b"x" * LIMIT_BYTES + b"y" * 17])
def test_a_resilient_subscriber_connects_anew_after_nonsense(content: bytes) -> None:
    program = load("resilient", "fan_out")
    position = program.POSITION.pack(b"instance", 1)
    server = FakeServer(
        program.GREETING + frame(content),
        program.GREETING + frame(position + b"whole"),
    )
    assert Role(program.subscribe, server.address).take(1) == [b"whole"]


def test_a_resilient_collector_takes_no_result_without_an_id() -> None:
    program = load("resilient", "pipeline")
    role, address = bound(program.collect)
    result = frame(b"i" * program.ID_BYTES + b"result")
    with connect(address) as bad:
        bad.sendall(frame(program.GREETING) + frame(b"short"))
        while bad.recv(65536):
            continue  # until it is closed
    with connect(address) as good:
        good.sendall(frame(program.GREETING) + result)
        assert role.take(1) == [b"result"]


FLAPPING = 30


def test_workers_that_have_left_get_no_tasks() -> None:
    program = load("resilient", "pipeline")
    tasks = Messages([b"task"])
    role, address = bound(program.distribute, tasks)
    for _ in range(FLAPPING):
        with connect(address) as worker:
            worker.sendall(frame(program.GREETING))
            receive(worker, 1)  # greeted, and so idle
    handled: Queue[bytes] = Queue()

    def handle(task: bytes) -> bytes:
        handled.put(task)
        return task

    results, sink = bound(program.collect)
    Role(program.work, address, sink, handle)
    threading.Event().wait(0.5)
    tasks.go.set()
    assert results.take(1) == [b"task"]
    assert role.error() is None
    assert role.yielded.empty()  # nothing was undeliverable


HANDLERS = 32
CLIENTS = 40


def test_a_resilient_server_runs_a_bounded_number_of_handlers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = load("resilient", "request_reply")
    monkeypatch.setattr(program, "DEADLINE_S", WAIT_S)
    lock, full = threading.Lock(), threading.Event()
    running: list[int] = [0]
    peaks: list[int] = []

    def handle(request: bytes) -> bytes:
        with lock:
            running[0] += 1
            peaks.append(running[0])
            if running[0] == HANDLERS:
                full.set()
        full.wait(1.0)
        threading.Event().wait(0.2)  # for a handler too many, if one comes
        with lock:
            running[0] -= 1
        return request

    _, address = bound(program.serve, handle)
    clients = []
    for number in range(CLIENTS):
        requests = Messages([b"%d" % number])
        requests.go.set()
        clients.append(Role(program.call, address, requests))
    assert [client.take(1) for client in clients] == [
        [b"%d" % number] for number in range(CLIENTS)
    ]
    assert max(peaks) <= HANDLERS


def test_a_worker_with_a_buffer_raises_when_its_sink_dies(
    thread_errors: Queue[BaseException | None],
) -> None:
    program = load("buffered", "pipeline")
    source = FakeServer(frame(b"task") * 100_000, b"")
    listener = socket.create_server(("127.0.0.1", 0))
    sink = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    role = Role(program.work, source.address, sink, lambda task: task * 100)
    reset(listener.accept()[0])
    assert isinstance(role.error(), ConnectionError)
    assert isinstance(thread_errors.get(timeout=WAIT_S), ConnectionError)  # its sender's


@pytest.mark.parametrize("variant", with_file("fan_out", "buffered", "lossy", "minimal"))
def test_published_messages_arrive_after_the_program_has_ended(variant: str) -> None:
    address = address_at()
    program = f"""
import select, sys
sys.path[:0] = [{str(SOCKETS / variant)!r}, {str(SOCKETS)!r}]
from fan_out import publish
def messages():
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        yield b"joining"
    yield from (b"%d" % number for number in range(2000))
publish({address!r}, messages())
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
    wait_for(lambda: listens(address))
    with connect(address) as subscriber, subscriber.makefile("rb") as stream:
        assert read(stream) == b"joining"  # so the publisher knows it
        process.communicate(b"\n", timeout=WAIT_S)
        messages = list(iter(partial(read, stream), None))
    published = [message for message in messages if message != b"joining"]
    assert published == [b"%d" % number for number in range(2000)]


SERVE_FEW = """
import asyncio, inspect, resource, sys, time
sys.path[:0] = [{variant!r}, {stack!r}]
import {workload} as program
class Stream:
    def __iter__(self):
        while True:
            yield b"message"
            time.sleep(0.01)
    async def __aiter__(self):
        while True:
            yield b"message"
            await asyncio.sleep(0.01)
extra = {{"serve": [lambda request: request], "collect": []}}.get({role!r}, [Stream()])
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
result = getattr(program, {role!r})({address!r}, *extra)
async def take_all():
    async for message in result:
        print(message, flush=True)
if inspect.isasyncgen(result):
    asyncio.run(take_all())
elif inspect.iscoroutine(result):
    asyncio.run(result)
else:
    for message in result or ():
        print(message, flush=True)
time.sleep(3600)
"""
BINDERS = {
    "request_reply": ("serve",),
    "fan_out": ("publish",),
    "pipeline": ("distribute", "collect"),
}
FLOODED = [
    (variant, workload, role)
    for workload, roles in BINDERS.items()
    for role in roles
    for variant in with_file(
        workload, "minimal", "buffered", "lossy", "streams", "reconnecting"
    )
]
FLOOD = 60


@pytest.mark.thorough
@pytest.mark.parametrize(("variant", "workload", "role"), FLOODED)
def test_a_peer_that_connects_after_a_flood_is_served(
    variant: str, workload: str, role: str
) -> None:
    """More connections than the process may have files: it accepts again once they left."""
    address = address_at()
    program = SERVE_FEW.format(
        variant=str(SOCKETS / variant),
        stack=str(SOCKETS),
        workload=workload,
        role=role,
        address=address,
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: listens(address))
        flood = [connect(address) for _ in range(FLOOD)]
        threading.Event().wait(1.0)
        for sock in flood:
            sock.close()
        with connect(address) as peer:
            peer.sendall(frame(b"message"))
            if role == "collect":
                assert process.stdout
                assert process.stdout.readline() == b"b'message'\n"
            else:
                assert receive(peer, 1) == [b"message"]
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)


@pytest.mark.parametrize("variant", with_file("request_reply", *MINIMAL_ENOUGH))
def test_a_request_above_the_limit_is_refused_before_it_is_sent(variant: str) -> None:
    program = load(variant, "request_reply")
    _, address = bound(program.serve, lambda request: request[:10])
    requests = Messages([bytes(LIMIT_BYTES), bytes(LIMIT_BYTES + 1)])
    requests.go.set()
    client = Role(program.call, address, requests)
    assert client.take(1) == [bytes(10)]
    error = client.error()
    assert isinstance(error, ValueError)
    assert TOO_LONG in str(error)


@pytest.mark.parametrize("variant", with_file("request_reply", *MINIMAL_ENOUGH))
def test_a_reply_above_the_limit_is_an_error_at_the_client(
    variant: str, thread_errors: Queue[BaseException | None]
) -> None:
    program = load(variant, "request_reply")
    _, address = bound(program.serve, lambda _: bytes(LIMIT_BYTES + 1))
    requests = Messages([b"request"])
    requests.go.set()
    client = Role(program.call, address, requests)
    if variant == "reconnecting":
        assert client.take(1) == [None]
    else:
        assert isinstance(client.error(), ConnectionError)
    if variant != "streams":  # which has no threads
        error = thread_errors.get(timeout=WAIT_S)
        assert isinstance(error, ValueError)
        assert TOO_LONG in str(error)


@pytest.mark.parametrize(
    ("workload", "role", "variant"),
    [
        (workload, role, variant)
        for workload, role in (("fan_out", "publish"), ("pipeline", "distribute"))
        for variant in with_file(workload, *MINIMAL_ENOUGH, "lossy")
    ],
)
def test_a_message_above_the_limit_is_refused_before_it_is_sent(
    workload: str, role: str, variant: str
) -> None:
    messages = Messages([bytes(LIMIT_BYTES + 1)])
    driver, _ = bound(getattr(load(variant, workload), role), messages)
    messages.go.set()
    error = driver.error()
    assert isinstance(error, ValueError)
    assert TOO_LONG in str(error)


@pytest.mark.parametrize("variant", with_file("pipeline", *MINIMAL_ENOUGH, "resilient"))
def test_a_result_above_the_limit_is_refused_before_it_is_sent(variant: str) -> None:
    program = load(variant, "pipeline")
    tasks = Messages([b"task"])
    tasks.go.set()
    _, source = bound(program.distribute, tasks)
    _, sink = bound(program.collect)
    error = Role(program.work, source, sink, lambda _: bytes(LIMIT_BYTES + 1)).error()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ValueError)
    assert TOO_LONG in str(error)


EVERY = ("minimal", "buffered", "lossy", "streams", "reconnecting", "resilient")
ON_IPV6 = pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6")


@ON_IPV6
@pytest.mark.parametrize("variant", with_file("request_reply", *EVERY))
def test_request_and_reply_pass_over_ipv6(variant: str) -> None:
    program = load(variant, "request_reply")
    _, address = bound(program.serve, lambda request: request[::-1], host="[::1]")
    requests = Messages([b"abc", b""])
    requests.go.set()
    assert Role(program.call, address, requests).take(2) == [b"cba", b""]


@ON_IPV6
@pytest.mark.parametrize("variant", with_file("fan_out", *EVERY))
def test_messages_fan_out_over_ipv6(variant: str) -> None:
    with joined(load(variant, "fan_out"), some_address("[::1]")) as (to, _, subscriber):
        for message in (b"abc", b"", b"def"):
            to.give(message)
        assert [subscriber.next() for _ in range(3)] == [b"abc", b"", b"def"]


@ON_IPV6
@pytest.mark.parametrize("variant", with_file("pipeline", *EVERY))
def test_tasks_and_results_pass_over_ipv6(variant: str) -> None:
    program = load(variant, "pipeline")
    tasks = Messages([b"abc", b"", bytes(LIMIT_BYTES)])
    tasks.go.set()
    _, source = bound(program.distribute, tasks, host="[::1]")
    results, sink = bound(program.collect, host="[::1]")
    Role(program.work, source, sink, lambda task: task)
    assert sorted(results.take(3)) == sorted(tasks.messages)


def test_a_lossy_publisher_keeps_a_bounded_number_of_bytes_for_a_subscriber() -> None:
    outbox_type = load("lossy", "fan_out").Outbox
    outbox = outbox_type(limit=1000)
    for _ in range(100):
        outbox.offer(bytes(100))
    taken = outbox.take()
    for _ in range(100):
        outbox.offer(bytes(100))  # those before are being sent
    assert sum(map(len, taken)) == 1000
    assert outbox.size == 0
