"""A program hands over 1,000 messages, then computes for two seconds: when do they arrive?

An event loop waits until the computation returns to it. A thread of Python takes turns
with the computation, and a thread of libzmq needs no turn. Each program hands its messages
over as its library's examples do, waits for none of them, and computes at once.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import queue
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq
from bench.surveys.experiments.processes import line, role, started

MESSAGES, MESSAGE = 1000, b"x" * (32 << 10)
"""Together they are far more than the buffers of the kernel hold, which arrive anyway."""
COMPUTE_S, PATIENCE_S = 2.0, 15.0
AT_ONCE = 2
"""A sender that computes needs a CPU, and its receiver hardly any."""
LENGTH = struct.Struct("!I")
FRAMED = LENGTH.pack(len(MESSAGE)) + MESSAGE
SUBJECTS = {
    "raw_socket": "a program on blocking sockets",
    "thread": "a program that sends in a thread of Python",
    "asyncio": "a program on asyncio's streams",
    "aiohttp": "a program on aiohttp",
    "zmq": "a program on ZeroMQ",
    "zmq_asyncio": "a program on ZeroMQ's sockets for asyncio",
}
LIBRARIES = {"aiohttp": ("aiohttp",), "zmq": ("zmq",), "zmq_asyncio": ("zmq.asyncio",)}
"""The modules that a sender imports before its turn comes."""
READY = "ready"
RECEIVER = {"aiohttp": "http", "zmq": "zmq", "zmq_asyncio": "zmq"}
"""The receiver of a subject; the others send to a receiver on sockets."""


def compute(seconds: float) -> None:
    """Do something in pure Python for so long, and tell when it began and ended."""
    began_s = time.monotonic()
    number = 0
    while time.monotonic() - began_s < seconds:
        for _ in range(1000):
            number = (number * 1103515245 + 12345) % (1 << 31)
    print(json.dumps([began_s, time.monotonic()]), flush=True)


# --- Senders ----------------------------------------------------------------------------


def send_raw_socket(port: int, seconds: float) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        for _ in range(MESSAGES):
            sock.sendall(FRAMED)
        compute(seconds)


def send_thread(port: int, seconds: float) -> None:
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    with socket.create_connection(("127.0.0.1", port)) as sock:

        def send() -> None:
            while message := waiting.get():
                sock.sendall(message)

        thread = threading.Thread(target=send)
        thread.start()
        for _ in range(MESSAGES):
            waiting.put(FRAMED)
        waiting.put(b"")
        compute(seconds)
        thread.join()


async def send_asyncio(port: int, seconds: float) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(MESSAGES):
        writer.write(FRAMED)
    compute(seconds)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def send_aiohttp(port: int, seconds: float) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def post() -> None:
            async with session.post(f"http://127.0.0.1:{port}/", data=MESSAGE) as response:
                await response.read()

        posts = [asyncio.create_task(post()) for _ in range(MESSAGES)]
        await asyncio.sleep(0)  # each task has begun
        compute(seconds)
        await asyncio.gather(*posts)


def send_zmq(port: int, seconds: float) -> None:
    import zmq

    with zmq.Context() as context, context.socket(zmq.PUSH) as sock:
        sock.connect(f"tcp://127.0.0.1:{port}")
        for _ in range(MESSAGES):
            sock.send(MESSAGE)
        compute(seconds)


async def send_zmq_asyncio(port: int, seconds: float) -> None:
    import zmq
    import zmq.asyncio

    with zmq.asyncio.Context() as context, context.socket(zmq.PUSH) as sock:
        sock.connect(f"tcp://127.0.0.1:{port}")
        for _ in range(MESSAGES):
            await sock.send(MESSAGE)
        compute(seconds)


def send(subject: str, port: int, seconds: float) -> None:
    """Send as one of the subjects does."""
    sender = globals()[f"send_{subject}"]
    if asyncio.iscoroutinefunction(sender):
        asyncio.run(sender(port, seconds))
    else:
        sender(port, seconds)


# --- Receivers --------------------------------------------------------------------------


def arrivals_raw_socket() -> Iterator[float]:
    """Yield the moment of each arrival."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            while stream.read(len(FRAMED)):
                yield time.monotonic()


def arrivals_zmq() -> Iterator[float]:
    import zmq

    with zmq.Context() as context, context.socket(zmq.PULL) as sock:
        print(sock.bind_to_random_port("tcp://127.0.0.1"), flush=True)
        while sock.recv():
            yield time.monotonic()


async def receive_http(count: int) -> list[float]:
    """Return the moments in which so many requests had arrived."""
    from aiohttp import web

    moments: list[float] = []
    whole = asyncio.Event()

    async def post(request: web.Request) -> web.Response:
        await request.read()
        moments.append(time.monotonic())
        if len(moments) == count:
            whole.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await whole.wait()
    await asyncio.sleep(0.1)  # so that the last reply is on its way
    return moments


def receive(how: str) -> None:
    """Receive all messages, and print the moment of each arrival."""
    if how == "http":
        moments = asyncio.run(receive_http(MESSAGES))
    else:
        arrivals = arrivals_zmq() if how == "zmq" else arrivals_raw_socket()
        moments = [moment for _, moment in zip(range(MESSAGES), arrivals, strict=False)]
    print(json.dumps(moments), flush=True)


# --- The experiment ---------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A sender that waits for its turn, and its receiver."""

    sender: subprocess.Popen[bytes]
    receiver: subprocess.Popen[bytes]

    def tried(self) -> tuple[float, float]:
        """Return the share that arrived before the sender was free, and when all had.

        The seconds count from the moment at which the sender began to compute.
        """
        assert self.sender.stdin
        self.sender.stdin.write(b"go\n")
        began_s, ended_s = json.loads(line(self.sender, PATIENCE_S))
        moments = json.loads(line(self.receiver, PATIENCE_S))
        during = sum(moment < ended_s for moment in moments)
        return during / MESSAGES, max(0.0, max(moments) - began_s)


@contextmanager
def paired(subjects: Iterable[str], compute_s: float) -> Iterator[dict[str, Pair]]:
    """Yield sender and receiver of each subject, started side by side."""
    with ExitStack() as running:
        receivers = {
            name: running.enter_context(
                started(role(__name__, "receive", RECEIVER.get(name, "")))
            )
            for name in subjects
        }
        ports = {name: line(receiver) for name, receiver in receivers.items()}
        senders = {
            name: running.enter_context(
                started(role(__name__, "send", name, port, str(compute_s)))
            )
            for name, port in ports.items()
        }
        for sender in senders.values():
            assert line(sender) == READY
        yield {name: Pair(sender, receivers[name]) for name, sender in senders.items()}


def measure(block: Block) -> Found:
    """Try the programs, two at a time, in an order that differs from block to block."""
    order = block.random.sample([*SUBJECTS], len(SUBJECTS))
    with paired(order, COMPUTE_S) as pairs, ThreadPoolExecutor(AT_ONCE) as pool:
        made = dict(zip(order, pool.map(Pair.tried, pairs.values()), strict=True))
    return Found(
        {
            "arrived": {name: share for name, (share, _) in made.items()},
            "last_s": {name: last_s for name, (_, last_s) in made.items()},
        }
    )


def main() -> None:
    do, *words = sys.argv[1:]
    if do == "receive":
        receive(*words)
    else:
        subject, port, seconds = words
        for module in LIBRARIES.get(subject, ()):
            importlib.import_module(module)
        print(READY, flush=True)
        sys.stdin.readline()
        send(subject, int(port), float(seconds))


EXPERIMENT = Experiment(
    name="busy_program",
    asks="Which of 1,000 messages arrive while their sender computes for two seconds?",
    control="Blocking sockets, whose messages are sent before the program computes.",
    subjects=SUBJECTS,
    quantities={
        "arrived": Quantity(
            "of the messages",
            "of the messages of {subject}, a share of {value} arrives while it computes",
            0,
            1,
        ),
        "last_s": Quantity(
            "s", "the last message of {subject} arrives {value} s after it began to compute"
        ),
    },
    measure=measure,
    versions=libzmq,
)

if __name__ == "__main__":
    main()
