"""Which answers change with the transport that the address names?

ZeroMQ's sockets answer twelve questions over each transport, and BSD sockets four.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from bench.surveys.experiments.catalogue.transports.kernel import socket_answers
from bench.surveys.experiments.catalogue.transports.questions import (
    INPROC,
    IPC,
    QUESTIONS,
    TCP,
    TRANSPORTS,
    Asked,
)
from bench.surveys.experiments.contexts import context
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq

SUBJECTS = {
    TCP: "ZeroMQ over tcp",
    IPC: "ZeroMQ over ipc",
    INPROC: "ZeroMQ over inproc",
    "sockets_tcp": "a BSD socket over TCP",
    "sockets_ipc": "a BSD socket over a path",
    "zmq": "ZeroMQ over its three transports",
    "zmq_of_processes": "ZeroMQ over tcp and ipc",
    "sockets": "BSD sockets over TCP and a path",
}
YES_OR_NO = {
    "connects_first": "lets a client connect before anybody listens",
    "second_bind_refused": "refuses a second listener at an address in use",
    "follows_restart": "reaches a receiver that was closed and bound anew",
    "queues_while_away": "takes a message while the receiver is away",
    "last_arrives": "delivers all that was sent right before a sender closed",
    "crosses_contexts": "reaches a socket of another context",
    "curve_enforced": "keeps strangers from a socket with CURVE",
    "monitored": "tells a monitor of a connection",
    "peer_named": "names the address of a message's sender",
    "closed_to_others": "is closed to other users of the machine",
    "address_chosen": "can choose a free address by itself",
}
AT_ONCE = 12
QUANTITIES = {
    **{
        name: Quantity(
            "of the trials", f"{{subject}} {what}: {{value}} (1 is yes)", most=1.0
        )
        for name, what in YES_OR_NO.items()
    },
    "accepted": Quantity(
        "messages", "{subject} takes {value} messages of 1,000 B at high-water marks of 10"
    ),
    "differing": Quantity(
        "questions",
        "{subject} answers {value} questions in more than one way",
        most=float(len(YES_OR_NO) + 1),
    ),
}


def differing(values: Mapping[str, Mapping[str, float]], subjects: tuple[str, ...]) -> int:
    """Return how many questions these subjects answer in more than one way.

    Numbers of messages count as one answer if the largest is less than twice the least.
    """
    found = 0
    for question in QUESTIONS:
        answers = {values[question][s] for s in subjects if s in values[question]}
        if question == "accepted":
            found += bool(answers) and max(answers) >= 2 * min(answers)
        else:
            found += len(answers) > 1
    return found


def answer(asked: Asked, question: str) -> float:
    """Return the answer of one transport to a question."""
    with context() as ctx:
        return float(QUESTIONS[question](asked, ctx))


def measure(block: Block) -> Found:
    """Ask each transport every question, side by side: most questions are waits."""
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    asked = {name: Asked(name, block.folder, block.random) for name in TRANSPORTS}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = {
            (name, transport): pool.submit(answer, one, name)
            for name in QUESTIONS
            for transport, one in asked.items()
        }
        for (name, transport), one in made.items():
            values[name][transport] = one.result()
    for kind in (TCP, IPC):
        for name, said in socket_answers(kind, block.folder).items():
            values[name][f"sockets_{kind}"] = float(said)
    values["differing"] = {
        "zmq": differing(values, TRANSPORTS),
        "zmq_of_processes": differing(values, (TCP, IPC)),
        "sockets": differing(values, ("sockets_tcp", "sockets_ipc")),
    }
    return Found(values)


EXPERIMENT = Experiment(
    name="transports",
    asks="Which of twelve answers change with the transport in an address?",
    control="BSD sockets over TCP and over a path, where the kernel decides.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=libzmq,
)
