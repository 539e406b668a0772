"""The naive first program: length and message in two sends, without TCP_NODELAY.

Nagle's algorithm (RFC 896) holds the second piece back until the first is acknowledged, and
the other end delays that acknowledgement (RFC 1122, section 4.2.3.2), in the hope of data
that it could travel with. Both wait for each other, once in each direction.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq
from bench.surveys.experiments.processes import line, role, started

MESSAGE = b"x" * 64
WARM_UP, ROUND_TRIPS = 10, 10
"""A connection acknowledges its first segments at once; only later ones are delayed."""
LENGTH = struct.Struct("!I")
TCP_INFO_BYTES, DATA_SEGMENTS_OUT = 232, 156
"""The size of the kernel's ``struct tcp_info``; the place of ``tcpi_data_segs_out``."""
CALL_S = 20.0
SUBJECTS = {
    "two_sends": "a program that sends length and message apart",
    "one_send": "the same program with one send",
    "two_sends_nodelay": "the program with two sends and TCP_NODELAY",
    "one_send_nodelay": "the program with one send and TCP_NODELAY",
    "asyncio": "a program on asyncio's streams that writes length and message apart",
    "zmq": "a program that sends length and message as two parts over ZeroMQ",
}
QUANTITIES = {
    "round_trip_ms": Quantity(
        "ms", "{subject} needs {value} ms for a round trip of 64 B", 1e-3
    ),
    "segments": Quantity(
        "segments", "{subject} sends {value} segments with data for one message"
    ),
}


def receive(sock: socket.socket) -> bytes:
    """Return the next message, which follows its length. Raises EOFError at the end."""
    (length,) = LENGTH.unpack(exactly(sock, LENGTH.size))
    return exactly(sock, length)


def exactly(sock: socket.socket, count: int) -> bytes:
    """Return so many bytes. Raises EOFError if the other end has no more."""
    found = b""
    while len(found) < count:
        piece = sock.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def send_apart(sock: socket.socket, message: bytes) -> None:
    sock.sendall(LENGTH.pack(len(message)))
    sock.sendall(message)


def send_together(sock: socket.socket, message: bytes) -> None:
    sock.sendall(LENGTH.pack(len(message)) + message)


def is_apart(subject: str) -> bool:
    return subject.startswith("two_sends")


def prepared(sock: socket.socket, subject: str) -> socket.socket:
    if subject.endswith("_nodelay"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def data_segments(sock: socket.socket) -> int:
    """Return how many segments with data the kernel has sent on a connection."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    return int(struct.unpack_from("=I", info, DATA_SEGMENTS_OUT)[0])


def serve_sockets(subject: str) -> None:
    """Answer each message of one client with itself."""
    send = send_apart if is_apart(subject) else send_together
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        client, _ = listener.accept()
        with prepared(client, subject):
            while True:
                send(client, receive(client))


async def serve_asyncio() -> None:
    """Answer each message with itself, length and message in two writes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            length = await reader.readexactly(LENGTH.size)
            message = await reader.readexactly(*LENGTH.unpack(length))
            writer.write(length)
            writer.write(message)
            await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def serve_zmq() -> None:
    """Answer each message with its parts."""
    import zmq

    with zmq.Context() as context, context.socket(zmq.REP) as sock:
        print(sock.bind_to_random_port("tcp://127.0.0.1"), flush=True)
        while True:
            sock.send_multipart(sock.recv_multipart())


@contextmanager
def over_zmq(port: int) -> Iterator[Callable[[], None]]:
    """Yield a function that makes one round trip in two parts."""
    import zmq

    with zmq.Context() as context, context.socket(zmq.REQ) as sock:
        sock.linger, sock.rcvtimeo = 0, int(CALL_S * 1000)
        sock.connect(f"tcp://127.0.0.1:{port}")

        def call() -> None:
            sock.send_multipart([LENGTH.pack(len(MESSAGE)), MESSAGE])
            assert sock.recv_multipart()[1] == MESSAGE

        yield call


def median_ms(call: Callable[[], None]) -> float:
    """Return the median of the timed round trips, in ms."""
    for _ in range(WARM_UP):
        call()
    took_ms = []
    for _ in range(ROUND_TRIPS):
        began_ns = time.perf_counter_ns()
        call()
        took_ms.append((time.perf_counter_ns() - began_ns) / 1e6)
    return statistics.median(took_ms)


def over_sockets(subject: str, port: int) -> dict[str, float]:
    """Return median round trip and segments for a message. A client writes as it does."""
    send = send_apart if is_apart(subject) or subject == "asyncio" else send_together
    with socket.create_connection(("127.0.0.1", port), CALL_S) as sock:
        prepared(sock, "_nodelay" if subject == "asyncio" else subject)

        def call() -> None:
            send(sock, MESSAGE)
            assert receive(sock) == MESSAGE

        found = median_ms(call)
        segments = data_segments(sock) / (WARM_UP + ROUND_TRIPS)
    return {"round_trip_ms": found, "segments": segments}


def measure(block: Block) -> Found:
    """Make round trips in each way, in an order that differs from block to block."""
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    for subject in block.random.sample([*SUBJECTS], len(SUBJECTS)):
        with started(role(__name__, subject)) as server:
            port = int(line(server))
            if subject == "zmq":
                with over_zmq(port) as call:
                    found = {"round_trip_ms": median_ms(call)}
            else:
                found = over_sockets(subject, port)
        for quantity, value in found.items():
            values[quantity][subject] = value
    return Found(values)


def main() -> None:
    subject = sys.argv[1]
    try:
        if subject == "zmq":
            serve_zmq()
        elif subject == "asyncio":
            asyncio.run(serve_asyncio())
        else:
            serve_sockets(subject)
    except EOFError:
        pass


EXPERIMENT = Experiment(
    name="two_sends",
    asks="What does a program pay that sends length and message apart?",
    control="The same program with one send, and with TCP_NODELAY.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=libzmq,
)

if __name__ == "__main__":
    main()
