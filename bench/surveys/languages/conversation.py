"""Exchange messages with a peer, and check each of its replies.

A client reads messages as lines of hex, sends each, and prints the reply in the same form.
A reply is the request with its last byte first. So a program that answers itself, or that
echoes the request, is detected. The other side is in Python: pyzmq's REP, ``http.server``,
``http.client``. Raises PeerError at the first reply that is wrong, late or missing.
"""

from __future__ import annotations

import http.client
import random
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.surveys.languages.peers import Peer, PeerError, last_words
from bench.trial.addresses import free_port, listens

EVERY_BYTE = bytes(range(256))
MESSAGES: tuple[bytes, ...] = (
    b"",
    b"\0",
    EVERY_BYTE[1:],
    EVERY_BYTE,
    EVERY_BYTE * 256,
    b"a" + EVERY_BYTE * 256,
    b"",
    b"the last",
)
"""Sizes at which protocols encode lengths differently, and bytes that can end a string."""
DEADLINE_S = 60.0
POLL_S = 0.02


def reply_to(message: bytes) -> bytes:
    return message[::-1]


class Heard:
    """The requests that arrived, in order."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    def answer(self, request: bytes) -> bytes:
        self.requests.append(request)
        return reply_to(request)


@contextmanager
def zmq_server() -> Iterator[tuple[str, Heard]]:
    """Yield the address of a REP socket that answers until the block ends."""
    import zmq

    heard, ended = Heard(), threading.Event()
    with zmq.Context() as context, context.socket(zmq.REP) as rep:
        rep.linger = 0
        port = rep.bind_to_random_port("tcp://127.0.0.1")

        def serve() -> None:
            while not ended.is_set():
                if rep.poll(int(1000 * POLL_S)):
                    rep.send(heard.answer(rep.recv()))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{port}", heard
        finally:
            ended.set()
            thread.join()


@contextmanager
def http_server() -> Iterator[tuple[str, Heard]]:
    """Yield the URL of an HTTP/1.1 server that answers POST until the block ends."""
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            reply = heard.answer(self.rfile.read(size))
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL_S,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", heard
        finally:
            server.shutdown()
            thread.join()


def _differs(what: str, number: int, got: bytes | str, wanted: bytes) -> PeerError:
    unlike = f"{len(wanted)} bytes, not the same"
    if isinstance(got, str):
        unlike = f"{got[:40]!r} is no hex"
    elif len(got) != len(wanted):
        unlike = f"{len(got)} bytes instead of {len(wanted)}"
    return PeerError(f"{what} {number} of {len(MESSAGES)} is wrong: {unlike}")


def compare(heard: Heard, said: Sequence[str]) -> None:
    """Raise PeerError unless every request that arrived and every reply is right."""
    for number, message in enumerate(MESSAGES, 1):
        if number > len(heard.requests):
            raise PeerError(f"request {number} of {len(MESSAGES)} never arrived")
        if (request := heard.requests[number - 1]) != message:
            raise _differs("request", number, request, message)
        if number > len(said):
            raise PeerError(f"reply {number} of {len(MESSAGES)} was not passed on")
        wanted = reply_to(message)
        try:
            got: bytes | str = bytes.fromhex(said[number - 1])
        except ValueError:
            got = said[number - 1]
        if got != wanted:
            raise _differs("reply", number, got, wanted)
    if len(heard.requests) > len(MESSAGES) or len(said) > len(MESSAGES):
        raise PeerError("more was sent than was requested")


def hear_client(
    peer: Peer, server: tuple[str, Heard], deadline_s: float = DEADLINE_S
) -> None:
    """Have a client send all messages to a server; check the requests and the replies."""
    target, heard = server
    lines = "".join(f"{message.hex()}\n" for message in MESSAGES)
    with peer.running(target) as process:
        try:
            said, errors = process.communicate(lines, timeout=deadline_s)
        except subprocess.TimeoutExpired as error:
            count = len(heard.requests)
            raise PeerError(
                f"not done within {deadline_s:g} s: {count} of {len(MESSAGES)} requests "
                "arrived"
            ) from error
    if process.returncode:
        why = last_words(errors)
        raise PeerError(f"ended with status {process.returncode}{why and f': {why}'}")
    compare(heard, said.splitlines())


def _await_listener(process: subprocess.Popen[str], port: int, deadline: float) -> None:
    while True:
        if listens(f"tcp://127.0.0.1:{port}"):
            return
        if process.poll() is not None:
            assert process.stderr
            why = last_words(process.stderr.read())
            raise PeerError(f"ended with status {process.returncode}{why and f': {why}'}")
        if time.monotonic() > deadline:
            raise PeerError("did not listen in time")
        time.sleep(POLL_S)


def ask_server(peer: Peer, deadline_s: float = DEADLINE_S) -> None:
    """Send all messages to a server, each on a new connection, and check the replies."""
    port = free_port(random.Random())
    deadline = time.monotonic() + deadline_s
    with peer.running(str(port)) as process:
        _await_listener(process, port, deadline)
        for number, message in enumerate(MESSAGES, 1):
            left_s = max(deadline - time.monotonic(), POLL_S)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=left_s)
            try:
                connection.request("POST", "/", message)
                reply = connection.getresponse()
                got = reply.read()
            except (OSError, http.client.HTTPException) as error:
                raise PeerError(
                    f"reply {number} of {len(MESSAGES)}: {error or type(error).__name__}"
                ) from error
            finally:
                connection.close()
            if reply.status != 200:
                raise PeerError(f"reply {number} of {len(MESSAGES)}: status {reply.status}")
            if got != reply_to(message):
                raise _differs("reply", number, got, reply_to(message))
