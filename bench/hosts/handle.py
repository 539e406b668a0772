"""What a serving or working role is given to turn a request into a reply."""

from __future__ import annotations

import time
from types import FunctionType
from typing import NamedTuple

from bench import message as msg


class Busy(NamedTuple):
    """How long messages keep a handle busy: each, and one more than the others."""

    each_ns: int
    stall_at: int
    stall_ns: int


def make_handle(worker: int, transform: bool, busy: Busy | None) -> FunctionType:
    """Return ``handle(message) -> message``: the complement in `check`, O(1) when timed.

    Warm-up messages come back signed by the worker, so that every worker is seen.
    ``busy`` is something to find for selftests; None in every run.
    """
    number = -1

    def handle(message: bytes, worker: int = worker) -> bytes:
        return message if message[19] else msg.signed_by(message, worker)

    def handle_checked(message: bytes) -> bytes:
        if msg.is_warm_up(message):
            return msg.signed_by(message, worker)
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
    """Make a timed ``handle`` the identity: the window holds nothing left to sign.

    CPython takes a function's code anew at each call, so it can be exchanged while the
    cell holds on to the function; looking at each message would cost a pipeline 1 to 2 %.
    """
    handle.__code__ = identity.__code__
