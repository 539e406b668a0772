"""What a serving or working role is given to turn a request into a reply."""

from __future__ import annotations

import time
from types import FunctionType

from bench import message as msg


def make_handle(worker: int, transform: bool, busy_ns: int) -> FunctionType:
    """Return ``handle(message) -> message``: the complement in `check`, O(1) when timed.

    Warm-up messages come back signed by the worker, so that every worker is seen.
    ``busy_ns`` is how long each message of the window keeps it busy (selftests).
    """

    def handle(message: bytes, worker: int = worker) -> bytes:
        return message if message[19] else msg.signed_by(message, worker)

    def handle_checked(message: bytes) -> bytes:
        if msg.is_warm_up(message):
            return msg.signed_by(message, worker)
        return message.translate(msg.COMPLEMENT)

    def handle_busily(message: bytes) -> bytes:
        if msg.is_warm_up(message):
            return msg.signed_by(message, worker)
        end_ns = time.perf_counter_ns() + busy_ns
        while time.perf_counter_ns() < end_ns:
            pass
        return message

    made = handle_checked if transform else handle_busily if busy_ns else handle
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
