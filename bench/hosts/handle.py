"""The handle: a serving or working role calls it to turn a request into a reply."""

from __future__ import annotations

import threading
import time
from types import FunctionType
from typing import NamedTuple

from bench.hosts import message as msg


class Busy(NamedTuple):
    """How long messages keep a handle busy: every message, and one message longer."""

    each_ns: int
    stall_at: int
    stall_ns: int


class Together:
    """Has handles wait for each other, to count how many messages are handled at a time.

    Each handle waits ``wait_s`` seconds at most, and none waits after two have met. With 0,
    no handle waits. Handles in different processes never meet.
    """

    def __init__(self, wait_s: float) -> None:
        self.most = 0
        self._wait_s = wait_s
        self._inside = 0
        self._came = threading.Condition()

    def wait_for_another(self) -> None:
        if not self._wait_s:
            return
        with self._came:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._came.notify_all()
            self._came.wait_for(lambda: self.most > 1, self._wait_s)
            self._inside -= 1


def make_handle(
    worker: int, transform: bool, busy: Busy | None, together: Together | None = None
) -> FunctionType:
    """Return ``handle(message) -> message``: the complement in `check`, O(1) when timed.

    Warm-up messages come back signed by the worker, so that every worker is seen.
    ``busy`` is an effect for selftests to find; it is None in every run.
    """
    number = -1

    def handle(message: bytes, worker: int = worker) -> bytes:
        return message if message[19] else msg.signed_by(message, worker)

    def handle_checked(message: bytes) -> bytes:
        if msg.is_warm_up(message):
            return msg.signed_by(message, worker)
        if together:
            together.wait_for_another()
        return message.translate(msg.COMPLEMENT)

    def handle_busily(message: bytes) -> bytes:
        if msg.is_warm_up(message):
            return msg.signed_by(message, worker)
        nonlocal number
        number += 1
        assert busy
        stall_ns = busy.stall_ns if number == busy.stall_at else 0
        end_ns = time.perf_counter_ns() + busy.each_ns + stall_ns
        while time.perf_counter_ns() < end_ns:
            pass
        return message

    made = handle_checked if transform else handle_busily if busy else handle
    assert isinstance(made, FunctionType)
    return made


def identity(message: bytes, worker: int) -> bytes:  # noqa: ARG001  (as handle has)
    return message


def stop_signing(handle: FunctionType) -> None:
    """Make a timed ``handle`` the identity: no message of the window needs a signature.

    CPython reads a function's code at each call, so the code can be exchanged while the
    cell keeps the function. A test of each message would cost a pipeline 1 to 2 %.
    """
    handle.__code__ = identity.__code__
