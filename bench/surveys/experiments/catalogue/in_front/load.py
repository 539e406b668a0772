"""Clients of the experiment: a round trip, a load whose failures count, and strangers."""

from __future__ import annotations

import http.client
import math
import select
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import requests

BODY = b"x" * 64
CALL_S = 5.0
WARM_UP, ROUND_TRIPS = 50, 300
CLIENTS, EACH_S = 4, 0.02
AROUND_S = 0.3
"""How long a load lasts before and after what happens under it."""
STRANGERS = 500
SLOW_HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nX-Slow: "
NEXT_S, SERVED_AT_S, WATCHED_S = 0.25, 0.5, 2.0
"""A slow client's time between two bytes; when a new client asks; when watching ends."""


def round_trip_us(port: int) -> float:
    """Return the median round trip over a connection that is kept, in microseconds."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_S)
    client.connect()
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    took_us = []
    for _ in range(WARM_UP + ROUND_TRIPS):
        began_ns = time.perf_counter_ns()
        client.request("POST", "/", BODY)
        assert client.getresponse().read() == BODY
        took_us.append((time.perf_counter_ns() - began_ns) / 1e3)
    client.close()
    return statistics.median(took_us[WARM_UP:])


@dataclass
class Counted:
    """The fate of a load's requests, and the last failure in words."""

    asked: int = 0
    failed: int = 0
    failure: str = "none"


@contextmanager
def load(port: int) -> Iterator[Counted]:
    """Ask at a steady pace while the block lasts, and for a moment before and after it."""
    counted, lock, ended = Counted(), threading.Lock(), threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not ended.wait(EACH_S):
                failure = fate(session)
                with lock:
                    counted.asked += 1
                    counted.failed += bool(failure)
                    counted.failure = failure or counted.failure

    def fate(session: requests.Session) -> str:
        """Make one request; return how it failed, or an empty text."""
        try:
            reply = session.post(f"http://127.0.0.1:{port}/", BODY, timeout=CALL_S)
        except requests.RequestException as error:
            return type(error).__name__
        return "" if reply.content == BODY else f"status {reply.status_code}"

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(AROUND_S)
        yield counted
        time.sleep(AROUND_S)
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def served_ms(port: int) -> float:
    """Return how long a new client waits for its reply, in ms; infinite if it gets none."""
    began_s = time.monotonic()
    try:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=WATCHED_S)
        client.request("POST", "/", BODY)
        if client.getresponse().read() != BODY:
            return math.inf
    except (OSError, http.client.HTTPException):
        return math.inf
    return (time.monotonic() - began_s) * 1000


class Strangers:
    """Connections that say nothing, or a byte of an endless header now and then."""

    def __init__(self, port: int, is_slow: bool) -> None:
        self._slow = is_slow
        self._began_s = time.monotonic()
        self._closed_s: list[float] = []
        self._open: dict[int, socket.socket] = {}
        for _ in range(STRANGERS):
            sock = socket.create_connection(("127.0.0.1", port), CALL_S)
            sock.setblocking(False)
            self._open[sock.fileno()] = sock
        self._say(SLOW_HEAD)

    def _say(self, piece: bytes) -> None:
        if self._slow:
            for sock in self._open.values():
                with suppress(OSError):  # it has been closed, which the next look notices
                    sock.send(piece)

    def _look(self, poll: select.poll) -> None:
        for number, _ in poll.poll(NEXT_S * 1000):
            try:
                said = self._open[number].recv(4096)
            except OSError:
                said = b""
            if not said:
                self._closed_s.append(time.monotonic() - self._began_s)
                poll.unregister(number)
                self._open.pop(number).close()

    def closed_s(self) -> float:
        """Watch for a while; return after how many seconds half of them were closed.

        Infinite if more than half were still open at the end.
        """
        poll = select.poll()
        for number in self._open:
            poll.register(number, select.POLLIN)
        said_s = time.monotonic()
        while self._open and time.monotonic() - self._began_s < WATCHED_S:
            self._look(poll)
            if time.monotonic() - said_s >= NEXT_S:
                self._say(b"a")
                said_s = time.monotonic()
        return statistics.median_high([*self._closed_s, *[math.inf] * len(self._open)])

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()
