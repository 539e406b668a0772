"""Bounds that have to be equal on every stack: else a comparison shows a setting."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from helpers_bench import TIMEOUT_S
from helpers_roles import Stream, load, running, some_address

from bench.contract.model import PROJECT

STACKS = ("raw_socket", "http", "zmq")
HANDLERS = 32
CLIENTS = 40
QUEUE_BYTES = 1024 * 1024
WAIT_S = 30.0
"""A bound that ends a test that hangs; nothing here depends on speed."""
SETTLE_S = 0.3
"""How long one handler more than allowed has to begin."""


class Busy:
    """A handle whose calls all last until as many run as a server may run at once."""

    def __init__(self) -> None:
        self.lock, self.full = threading.Lock(), threading.Event()
        self.running = self.most = 0

    def __call__(self, request: bytes) -> bytes:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
            if self.running == HANDLERS:
                self.full.set()
        self.full.wait(WAIT_S)
        time.sleep(SETTLE_S)
        with self.lock:
            self.running -= 1
        return request


def print_most(stack: str) -> None:
    """Print how many handlers a server runs at once, and end this process."""
    program, address = load(f"{stack}/resilient/request_reply.py"), some_address()
    handle = Busy()
    with ExitStack() as playing:
        playing.enter_context(running(program.serve, address, handle, listening=address))
        for number in range(CLIENTS):
            requests = Stream(b"%d" % number)
            playing.enter_context(running(program.call, address, requests))
        handle.full.wait(WAIT_S)
        time.sleep(SETTLE_S)
        print(handle.most, flush=True)  # noqa: T201
        os._exit(0)


PRINT_MOST = """
import sys
sys.path[:0] = sys.argv[2:]
from test_equal_bounds import print_most
print_most(sys.argv[1])
"""


@pytest.mark.thorough
@pytest.mark.parametrize("stack", STACKS)
def test_resilient_servers_run_as_many_handlers_at_once(stack: str) -> None:
    """In a process of its own: libzmq aborts one whose sockets another thread closes."""
    here = Path(__file__).parent
    ended = subprocess.run(
        [sys.executable, "-c", PRINT_MOST, stack, here, here.parent / "support"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ended.stdout == f"{HANDLERS}\n", ended.stderr


class NeverReading:
    """A subscriber's connection that takes nothing until it has left."""

    def __init__(self) -> None:
        self.left = threading.Event()

    def sendall(self, _: bytes) -> None:
        self.left.wait(WAIT_S)
        raise ConnectionError


@pytest.mark.parametrize("size", [64, 4096])
def test_sockets_queue_as_many_bytes_for_a_subscriber_as_http_and_zeromq(size: int) -> None:
    """Other tests count those of HTTP and ZeroMQ; here the one being sent counts too."""
    program, senders, subscriber = load("raw_socket/lossy/fan_out.py"), {}, NeverReading()

    def send() -> None:
        with pytest.raises(ConnectionError):
            program.send(subscriber, senders)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    deadline = time.monotonic() + WAIT_S
    while not senders:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (outbox,) = senders
    for _ in range(3 * QUEUE_BYTES // size):
        outbox.offer(bytes(size))
    held = outbox.size + outbox.leaving
    subscriber.left.set()
    sender.join(WAIT_S)
    assert QUEUE_BYTES <= held < QUEUE_BYTES + size
