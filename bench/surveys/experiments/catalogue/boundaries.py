"""Do messages arrive as they were sent, whatever the network does with their bytes?

A relay stands between sender and receiver, and changes only the pieces in which bytes
travel: each byte by itself, or as many together as have come. TCP allows both.
"""

from __future__ import annotations

import http.client
import http.server
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq

MESSAGES, LARGEST_BYTES = 40, 1000
LENGTH = struct.Struct("!I")
READ_BYTES = 1 << 16
QUIET_S = 0.02
"""How long the relay waits for more before it passes on what it has gathered."""
CALL_S = 10.0
WRITERS = ("single_bytes", "joined")
STACKS = {
    "recv": "a receiver on BSD sockets that takes each recv for a message",
    "length": "a receiver on BSD sockets that reads a length first",
    "http": "an HTTP server",
    "zmq": "a socket of ZeroMQ",
}

Messages = Sequence[bytes]


def _pass_on(writer: str, source: socket.socket, target: socket.socket) -> None:
    """Pass on all bytes until the source has no more."""
    target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while gathered := source.recv(READ_BYTES):
        if writer == "single_bytes":
            for number in range(len(gathered)):
                target.sendall(gathered[number : number + 1])
            continue
        source.settimeout(QUIET_S)
        try:
            while piece := source.recv(READ_BYTES):
                gathered += piece
        except TimeoutError:
            pass
        source.settimeout(CALL_S)
        target.sendall(gathered)
    target.shutdown(socket.SHUT_WR)


def _pass_back(source: socket.socket, target: socket.socket) -> None:
    while piece := source.recv(READ_BYTES):
        target.sendall(piece)


@contextmanager
def relay(writer: str, port: int) -> Iterator[int]:
    """Yield the port at which one connection is taken, and passed on to another port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            source, _ = listener.accept()
            source.settimeout(CALL_S)
            with source, socket.create_connection(("127.0.0.1", port)) as target:
                back = threading.Thread(target=_pass_back, args=(target, source))
                back.start()
                _pass_on(writer, source, target)
                back.join()

        listener.settimeout(CALL_S)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(CALL_S)


def whole(connection: socket.socket, count: int) -> bytes:
    """Return so many bytes, or fewer if there are no more."""
    found = b""
    while len(found) < count and (piece := connection.recv(count - len(found))):
        found += piece
    return found


def over_sockets(writer: str, messages: Messages, framed: bool) -> list[bytes]:
    """Return what a receiver on BSD sockets takes for messages."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        got: list[bytes] = []

        def receive() -> None:
            connection, _ = listener.accept()
            with connection:
                if not framed:
                    got.extend(iter(lambda: connection.recv(READ_BYTES), b""))
                    return
                while head := whole(connection, LENGTH.size):
                    got.append(whole(connection, *LENGTH.unpack(head)))

        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        with (
            relay(writer, listener.getsockname()[1]) as port,
            socket.create_connection(("127.0.0.1", port)) as sender,
        ):
            for message in messages:
                sender.sendall(LENGTH.pack(len(message)) * framed + message)
        thread.join(CALL_S)
    return got


def over_http(writer: str, messages: Messages) -> list[bytes]:
    """Return the bodies that an HTTP server of the standard library receives."""
    got: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        with relay(writer, server.server_port) as port:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_S)
            for message in messages:
                client.request("POST", "/", message)
                client.getresponse().read()
            client.close()
        server.shutdown()
    return got


def over_zmq(writer: str, messages: Messages) -> list[bytes]:
    """Return the messages that a socket of ZeroMQ receives."""
    import zmq

    with zmq.Context() as context, context.socket(zmq.PULL) as puller:
        puller.rcvtimeo = int(CALL_S * 1000)
        bound = puller.bind_to_random_port("tcp://127.0.0.1")
        with relay(writer, bound) as port, context.socket(zmq.PUSH) as pusher:
            pusher.connect(f"tcp://127.0.0.1:{port}")
            for message in messages:
                pusher.send(message)
            return [puller.recv() for _ in messages]


RECEIVED: dict[str, Callable[[str, Messages], list[bytes]]] = {
    "recv": lambda writer, messages: over_sockets(writer, messages, framed=False),
    "length": lambda writer, messages: over_sockets(writer, messages, framed=True),
    "http": over_http,
    "zmq": over_zmq,
}


def kept(messages: Messages, got: Messages) -> int:
    """Return how many messages are among those that arrived, each counted once."""
    left = list(got)
    count = 0
    for message in messages:
        if message in left:
            left.remove(message)
            count += 1
    return count


def measure(block: Block) -> Found:
    """Send the same messages to each receiver, over both relays."""
    size = block.random.randint
    messages = [
        block.random.randbytes(size(1, LARGEST_BYTES)) for _ in range(MESSAGES)
    ]  # an empty message would never be seen by recv
    values: dict[str, dict[str, float]] = {writer: {} for writer in WRITERS}
    for subject in block.random.sample([*STACKS], len(STACKS)):
        for writer in WRITERS:
            got = RECEIVED[subject](writer, messages)
            values[writer][subject] = kept(messages, got) / len(messages)
    return Found(values)


EXPERIMENT = Experiment(
    name="boundaries",
    asks="How many messages arrive as they were sent, whatever becomes of their bytes?",
    control="A length before each message, HTTP, and ZeroMQ.",
    subjects=STACKS,
    quantities={
        "single_bytes": Quantity(
            "of the messages",
            "{subject} gets {value} of the messages whole if each byte comes by itself",
            0,
            1,
        ),
        "joined": Quantity(
            "of the messages",
            "{subject} gets {value} of the messages whole if they come joined",
            0,
            1,
        ),
    },
    measure=measure,
    versions=libzmq,
)
