"""What a serving or working role is given to turn a request into a reply."""

from __future__ import annotations

from types import FunctionType

from bench import message as msg


def make_handle(worker: int, transform: bool) -> FunctionType:
    """Return ``handle(message) -> message``: the complement in `check`, O(1) when timed.

    Warm-up messages come back signed by the worker, so that every worker is seen.
    """

    def handle(message: bytes, worker: int = worker) -> bytes:
        return message if message[19] else msg.signed_by(message, worker)

    def handle_checked(message: bytes) -> bytes:
        if msg.is_warm_up(message):
            return msg.signed_by(message, worker)
        return message.translate(msg.COMPLEMENT)

    made = handle_checked if transform else handle
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
