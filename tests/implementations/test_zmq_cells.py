"""ZeroMQ's programs at the edges: no server, a stream that fails or ends, IPv6."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import zmq
from helpers_bench import TIMEOUT_S, find_cell, thorough_but

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.hosts.host import load_cell
from bench.selftest import closing
from bench.trial.addresses import free_port
from bench.trial.conformance import check
from bench.trial.conformance import scenarios as scenarios_of
from bench.trial.site import Here

CELLS = [
    cell
    for cell in find_cells([IMPLEMENTATIONS])
    if cell.stack.name == "zmq" and cell.language == "python"
]
# A thread that passes an error on ends with it as well.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)
DRIVES = {"fan_out": "publish", "pipeline": "distribute"}


def module(cell_id: str) -> ModuleType:
    cell = find_cell(cell_id)
    return load_cell(cell.path, [])


@pytest.fixture
def address() -> str:
    return f"tcp://127.0.0.1:{free_port(random.Random())}"


def in_background(function: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


@pytest.mark.thorough
def test_a_client_without_a_server_gives_up_each_request_however_many(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a queue holds: ``send`` must not wait for room that never comes."""
    cell = module("zmq/reconnecting/request_reply.py")
    monkeypatch.setattr(cell, "TIMEOUT_MS", 1)
    requests = [b"%d" % number for number in range(1100)]
    replies: list[bytes | None] = []
    thread = in_background(lambda: replies.extend(cell.call(address, requests)))
    thread.join(TIMEOUT_S)
    assert replies == [None] * len(requests)


def test_a_new_server_executes_no_request_that_was_given_up(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = module("zmq/reconnecting/request_reply.py")
    servers = []

    def requests() -> Iterator[bytes]:
        monkeypatch.setattr(cell, "TIMEOUT_MS", 10)
        yield from (b"given up",) * 20
        monkeypatch.setattr(cell, "TIMEOUT_MS", TIMEOUT_S * 1000)
        servers.append(program(SERVING, cell, address))
        yield b"wanted"

    replies = list(cell.call(address, requests()))
    servers[0].kill()
    servers[0].wait()
    assert replies == [None] * 20 + [b"wanted"]  # which is all that the server executed


class StreamError(Exception):
    pass


def a_failing_stream(given: Iterable[bytes]) -> Iterator[bytes]:
    yield from given
    raise StreamError


async def a_failing_async_stream(given: Iterable[bytes]) -> AsyncIterator[bytes]:
    for message in given:
        yield message
    raise StreamError


def exhaust(drive: Any, address: str) -> None:
    """Have a driver take a stream that fails, as a host would."""

    async def consume() -> None:
        async for _ in drive(address, a_failing_async_stream([])):
            pass

    if isasyncgenfunction(drive):
        asyncio.run(consume())
    elif iscoroutinefunction(drive):
        asyncio.run(drive(address, a_failing_async_stream([])))
    else:
        list(drive(address, a_failing_stream([])) or ())


@pytest.mark.parametrize(
    "cell",
    [c for c in CELLS if c.workload.name in DRIVES and not c.variant.security],
    ids=lambda c: c.id,
)
def test_an_error_in_a_stream_of_messages_is_raised(cell: Cell, address: str) -> None:
    loaded = load_cell(cell.path, [])
    drive = getattr(loaded, DRIVES[cell.workload.name])
    with pytest.raises(StreamError):
        exhaust(drive, address)


@pytest.mark.thorough
def test_messages_before_an_error_in_their_stream_are_sent_before_it_is_raised(
    address: str,
) -> None:
    cell = module("zmq/resilient/pipeline.py")
    sink = f"tcp://127.0.0.1:{free_port(random.Random())}"
    results = cell.collect(sink)
    tasks = [b"%d" % number for number in range(50)]
    errors: list[Exception] = []

    def distribute() -> None:
        try:
            list(cell.distribute(address, a_failing_stream(tasks)))
        except StreamError as error:
            errors.append(error)

    thread = in_background(distribute)
    in_background(cell.work, address, sink, bytes)
    assert sorted(next(results) for _ in tasks) == sorted(tasks)
    thread.join(TIMEOUT_S)
    assert len(errors) == 1


SERVING = """
import request_reply
executed = []
def handle(request):
    executed.append(request)
    return b", ".join(executed)
request_reply.serve(sys.argv[2], handle)
"""
ENDING = """
import pipeline
pipeline.distribute(sys.argv[2], (bytes(64) for _ in range(int(sys.argv[3]))))
"""


def program(text: str, cell: ModuleType, *words: str) -> subprocess.Popen[bytes]:
    """Start a program of a cell's application; its context is its own."""
    assert cell.__file__
    folder = str(Path(cell.__file__).parent)
    begin = "import sys; sys.path.insert(0, sys.argv[1])"
    return subprocess.Popen([sys.executable, "-c", begin + text, folder, *words])


@pytest.mark.parametrize("variant", ["minimal", "heartbeats"])
def test_a_program_that_ends_has_sent_every_message_that_it_was_given(
    variant: str, address: str
) -> None:
    count, cell = 20_000, module(f"zmq/{variant}/pipeline.py")
    with zmq.Context() as context, context.socket(zmq.PULL) as reader:
        reader.connect(address)
        reader.rcvtimeo = TIMEOUT_S * 1000 // 10
        with program(ENDING, cell, address, str(count)) as ending:
            for _ in range(count):
                reader.recv()
        assert ending.returncode == 0


@pytest.mark.thorough
def test_closing_loses_nothing_over_tcp(tmp_path: Path) -> None:
    found = closing.answers(1, 1, tmp_path)
    over_tcp = [answer for answer in found if answer.question.endswith("over tcp")]
    assert len(over_tcp) >= 2
    assert all(answer.passed for answer in over_tcp)
    assert len(found) == 2 * len(over_tcp)  # and over ipc, where it does


@pytest.mark.thorough
@pytest.mark.parametrize(
    "cell", thorough_but(["zmq/minimal/pipeline.py"], {c.id: c for c in CELLS})
)
def test_every_program_serves_ipv6(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.trial.site.HERE", Here(address="[::1]"))
    first = partial(the_first, scenarios_of)
    monkeypatch.setattr("bench.trial.conformance.scenarios", first)
    result = check(cell, "tcp", tmp_path)
    assert result.passed, result.reason


def the_first(scenarios: Any, cell: Cell, transport: str) -> Iterator[Any]:
    """Yield the scenario with all sizes: how bytes arrive is no matter of IPv6."""
    yield next(scenarios(cell, transport))


def test_a_lossy_fan_out_queues_one_mebibyte_for_a_subscriber() -> None:
    assert 2 * 64 * module("zmq/lossy/fan_out.py").QUEUE_MAX == 1024 * 1024
