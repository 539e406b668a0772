"""Twelve questions to a PUSH and a PULL socket of ZeroMQ, over one transport.

The sockets have default options, where a question names none.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.surveys.experiments.contexts import context
from bench.trial.addresses import free_port

TCP, IPC, INPROC = TRANSPORTS = ("tcp", "ipc", "inproc")
WAIT_MS = 2000
NOTHING_MS = 500
"""How long to wait for what is expected not to come."""
STEP_MS = 50
HWM, MESSAGE = 10, b"x" * 1000
ACCEPTED_MAX = 200_000
LAST = 100
FOR_OTHERS = 0o006


@dataclass
class Asked:
    """One transport that is asked. ``address`` is a fresh one for each question."""

    transport: str
    folder: Path
    random: random.Random
    names: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    def address(self) -> str:
        if self.transport == TCP:
            return f"tcp://127.0.0.1:{free_port(self.random)}"
        name = f"{next(self.names)}"
        path = self.folder / name if self.transport == IPC else name
        return f"{self.transport}://{path}"


def arrives(receiver: Any, limit_ms: int = WAIT_MS) -> bool:
    return bool(receiver.poll(limit_ms)) and bool(receiver.recv())


def connects_first(asked: Asked, ctx: Any) -> bool:
    sender, receiver, address = ctx.socket(PUSH), ctx.socket(PULL), asked.address()
    sender.connect(address)
    sender.send(MESSAGE)
    receiver.bind(address)
    return arrives(receiver)


def second_bind_refused(asked: Asked, ctx: Any) -> bool:
    import zmq

    first, second, address = ctx.socket(PULL), ctx.socket(PULL), asked.address()
    first.bind(address)
    try:
        second.bind(address)
    except zmq.ZMQError:
        return True
    return False


def follows_restart(asked: Asked, ctx: Any) -> bool:
    sender, receiver, address = _joined(asked, ctx)
    receiver.close()
    again = bound_again(ctx, address)
    for _ in range(WAIT_MS // STEP_MS):
        sent(sender)
        if again.poll(STEP_MS):
            return True
    return False


def queues_while_away(asked: Asked, ctx: Any) -> bool:
    sender, receiver, _ = _joined(asked, ctx)
    receiver.close()
    time.sleep(2 * STEP_MS / 1000)  # until the library has noticed, which nothing shows
    return sent(sender)


def last_arrives(asked: Asked, ctx: Any) -> bool:
    sender, receiver, _ = _joined(asked, ctx)
    sender.linger = -1  # the default, which ``context`` changes for all sockets
    for _ in range(LAST):
        sender.send(MESSAGE)
    sender.close()
    return all(arrives(receiver) for _ in range(LAST))


def crosses_contexts(asked: Asked, ctx: Any) -> bool:
    address = asked.address()
    receiver = ctx.socket(PULL)
    receiver.bind(address)
    with context() as other:
        sender = other.socket(PUSH)
        sender.connect(address)
        sender.send(MESSAGE)
        return arrives(receiver, NOTHING_MS)


def curve_enforced(asked: Asked, ctx: Any) -> bool:
    import zmq

    receiver, sender, address = ctx.socket(PULL), ctx.socket(PUSH), asked.address()
    receiver.curve_secretkey = zmq.curve_keypair()[1]
    receiver.curve_server = True
    receiver.bind(address)
    sender.connect(address)
    sender.send(MESSAGE)
    return not arrives(receiver, NOTHING_MS)


def monitored(asked: Asked, ctx: Any) -> bool:
    sender, receiver, address = ctx.socket(PUSH), ctx.socket(PULL), asked.address()
    receiver.bind(address)
    monitor = sender.get_monitor_socket()
    sender.connect(address)
    return bool(monitor.poll(NOTHING_MS))


def peer_named(asked: Asked, ctx: Any) -> bool:
    import zmq

    sender, receiver, _ = _joined(asked, ctx)
    sender.send(MESSAGE)
    frame = receiver.recv(copy=False)
    try:
        return bool(frame.get("Peer-Address"))
    except zmq.ZMQError:
        return False


def closed_to_others(asked: Asked, ctx: Any) -> bool:
    receiver, address = ctx.socket(PULL), asked.address()
    receiver.bind(address)
    if asked.transport != IPC:
        return asked.transport == INPROC  # a port is open to all, memory to none
    mode = Path(address.removeprefix("ipc://")).stat().st_mode
    return mode & FOR_OTHERS != FOR_OTHERS


def address_chosen(asked: Asked, ctx: Any) -> bool:
    receiver = ctx.socket(PULL)
    wildcard = "tcp://127.0.0.1:*" if asked.transport == TCP else f"{asked.transport}://*"
    receiver.bind(wildcard)
    return not receiver.last_endpoint.rstrip(b"\0").endswith(b"*")


def accepted(asked: Asked, ctx: Any) -> float:
    """Return how many messages a sender gets rid of while nobody reads."""
    sender, receiver, address = ctx.socket(PUSH), ctx.socket(PULL), asked.address()
    sender.sndhwm = receiver.rcvhwm = HWM
    receiver.bind(address)
    sender.connect(address)
    for count in range(ACCEPTED_MAX):
        if not sent(sender, NOTHING_MS):
            return float(count)
    return float(ACCEPTED_MAX)


def _joined(asked: Asked, ctx: Any) -> tuple[Any, Any, str]:
    """Return a sender and a receiver between which a message has passed."""
    sender, receiver, address = ctx.socket(PUSH), ctx.socket(PULL), asked.address()
    receiver.bind(address)
    sender.connect(address)
    sender.send(MESSAGE)
    receiver.recv()
    return sender, receiver, address


def bound_again(ctx: Any, address: str) -> Any:
    """Return a receiver at an address that another has just left."""
    import zmq

    receiver = ctx.socket(PULL)
    ends = time.monotonic() + WAIT_MS / 1000
    while True:
        try:
            receiver.bind(address)
            return receiver
        except zmq.ZMQError:  # a context closes its listeners a moment later
            if time.monotonic() > ends:
                raise
            time.sleep(STEP_MS / 1000)


def sent(sender: Any, limit_ms: int = 0) -> bool:
    """Return whether a socket takes a message within a time."""
    import zmq

    sender.sndtimeo = limit_ms
    try:
        sender.send(MESSAGE)
    except zmq.Again:
        return False
    return True


PUSH, PULL = 8, 7
"""ZeroMQ's numbers of the two types (zmq.h)."""
QUESTIONS: dict[str, Callable[[Asked, Any], float]] = {
    function.__name__: function
    for function in (
        connects_first,
        second_bind_refused,
        follows_restart,
        queues_while_away,
        last_arrives,
        crosses_contexts,
        curve_enforced,
        monitored,
        peer_named,
        closed_to_others,
        address_chosen,
        accepted,
    )
}
