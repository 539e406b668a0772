"""A program hangs, and its process lives: is the other end told?

Heartbeats of ZeroMQ are answered by libzmq's I/O thread, and TCP's keepalive by the kernel:
both speak for a program that no longer does. An event loop answers pings itself.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.surveys.experiments.catalogue.hung_program.watching import LIMIT_S, WATCHERS
from bench.surveys.experiments.experiment import (
    FULL,
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.surveys.experiments.processes import line, role, started

PEERS = "bench.surveys.experiments.catalogue.hung_program.peers"
SUBJECTS = {
    "heartbeats": "a program that watches with heartbeats of ZeroMQ",
    "keepalive": "a program that watches with TCP's keepalive",
    "websocket": "a program that watches with pings of a WebSocket",
    "deadline": "a program on ZeroMQ that asks, and waits for a reply with a deadline",
}
NEVER = f"(never: not within {LIMIT_S:g} s)"


def hang(peer: subprocess.Popen[bytes]) -> None:
    """Let the program hang, whose other threads go on."""
    assert peer.stdin is not None
    peer.stdin.write(b"\n")
    line(peer)


def freeze(peer: subprocess.Popen[bytes]) -> None:
    """Stop all threads of the program."""
    peer.send_signal(signal.SIGSTOP)


def leave(_: subprocess.Popen[bytes]) -> None:
    """Leave the program alone."""


STATES: dict[str, tuple[Callable[[subprocess.Popen[bytes]], None], str]] = {
    "hung_ms": (hang, "whose main thread hangs"),
    "frozen_ms": (freeze, "whose threads all stand still"),
    "well_ms": (leave, "that is well"),
}
QUANTITIES = {
    name: Quantity(
        "ms", f"{{subject}} is told after {{value}} ms of a peer {what} {NEVER}", 1e-3
    )
    for name, (_, what) in STATES.items()
}


def told_ms(kind: str, state: str) -> float:
    """Return after how many ms a watcher is told of its peer; infinite if it is not."""
    trouble, _ = STATES[state]
    with started(role(PEERS, kind)) as peer:
        return WATCHERS[kind](int(line(peer)), partial(trouble, peer))


def measure(block: Block) -> Found:
    """Watch in all ways side by side: they wait."""
    asked = [(kind, state) for kind in SUBJECTS for state in STATES]
    block.random.shuffle(asked)
    values: dict[str, dict[str, float]] = {state: {} for state in STATES}
    with ThreadPoolExecutor(len(asked)) as pool:
        made = pool.map(lambda one: told_ms(*one), asked)
        for (kind, state), found in zip(asked, made, strict=True):
            values[state][kind] = found
    return Found(values)


EXPERIMENT = Experiment(
    name="hung_program",
    asks="Is a program told that its peer hangs, if something else answers for the peer?",
    control="A peer whose threads all stand still, and one that is well.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    profile=FULL,
    versions=libzmq,
)
