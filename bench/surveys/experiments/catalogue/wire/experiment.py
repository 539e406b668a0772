"""Bytes, segments, system calls and wake-ups of one message, by workload, stack and size.

The trials run on the loopback of a namespace of their own, in which nothing else sends. The
kernel counts what leaves: segments with data apart from acknowledgements alone. Loopback
has segments of up to 64 KiB, so that 4 KiB is one; an Ethernet would need three. Messages
that nobody waits for are paced: each pause is a system call and a wake-up of the driver.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from bench.faults.network.hosts import Network
from bench.faults.network.tools import tool
from bench.surveys.experiments.catalogue.wire import calls
from bench.surveys.experiments.experiment import (
    STANDARD,
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.surveys.experiments.processes import line, role, started
from bench.trial.requirements import version

INSIDE = "bench.surveys.experiments.catalogue.wire.inside"
HOST = "wire"
BLOCK_S = 240.0
WORKLOADS = {
    "request_reply": "a request with its reply",
    "fan_out": "a message to one subscriber",
    "pipeline": "a task with its result",
}
STACKS = {"raw_socket": "BSD sockets", "http": "HTTP", "zmq": "ZeroMQ"}
SIZES = {"1B": 1, "64B": 64, "4KiB": 4096}
SIZE_LABELS = {"1B": "1 B", "64B": "64 B", "4KiB": "4 KiB"}
CONTROL = "request_reply.zmq.ipc"
TRIPS = {"request_reply": 2, "fan_out": 1, "pipeline": 2}
"""How often the bytes of a message travel: back as a reply, on as a result."""
CONTROLS = {CONTROL: "a request of 64 B with its reply on ZeroMQ over ipc (the control)"}


def subjects_of(*sizes: str) -> dict[str, str]:
    """Return the subjects of these sizes, with the control."""
    return CONTROLS | {
        f"{workload}.{stack}.{size}": f"{what} of {SIZE_LABELS[size]} on {label}"
        for workload, what in WORKLOADS.items()
        for stack, label in STACKS.items()
        for size in sizes
    }


QUANTITIES = {
    "beyond_bytes": Quantity(
        "bytes", "{subject} gives TCP {value} bytes beside the message itself"
    ),
    "payload_bytes": Quantity("bytes", "{subject} gives TCP {value} bytes"),
    "wire_bytes": Quantity("bytes", "{subject} has {value} bytes on the wire"),
    "data_segments": Quantity("segments", "{subject} takes {value} segments with data"),
    "acknowledgements": Quantity(
        "segments", "{subject} takes {value} segments that only acknowledge"
    ),
    "system_calls": Quantity("calls", "{subject} takes {value} system calls at all ends"),
    "wake_ups": Quantity("times", "{subject} wakes threads {value} times at all ends"),
    "cpu_us": Quantity("us", "{subject} takes {value} us of CPU time at all ends"),
}


def case_of(subject: str) -> tuple[str, str, str, int]:
    """Return a subject with its program, its transport and the size of its messages."""
    workload, stack, size = subject.split(".")
    cell = f"{stack}/minimal/{workload}.py"
    if subject == CONTROL:
        return subject, cell, "ipc", SIZES["64B"]
    return subject, cell, "tcp", SIZES[size]


def beyond_bytes(subject: str, payload_bytes: float) -> float:
    """Return the bytes that a program gave to TCP beside the message."""
    workload, _, size = subject.split(".")
    if subject == CONTROL:
        return payload_bytes
    return payload_bytes - TRIPS[workload] * SIZES[size]


def inside(subjects: list[str], seed: int) -> dict[str, dict[str, float]]:
    """Return what was counted of each subject, in a namespace of its own."""
    with Network(HOST) as network:
        spec = {"seed": seed, "cases": [case_of(subject) for subject in subjects]}
        words = role(INSIDE, json.dumps(spec))
        with started(words, network.enter(HOST)) as process:
            found: dict[str, dict[str, float]] = json.loads(line(process, BLOCK_S))
    return found


def counting(subjects: Iterable[str]) -> Callable[[Block], Found]:
    """Return a function that counts each of these subjects once."""
    wanted = [*subjects]

    def measure(block: Block) -> Found:
        """Count the stacks side by side, since no delay is measured here.

        Raises NotMeasurable if namespaces or nft are missing.
        """
        tool("nft")
        seed = block.random.getrandbits(32)
        order = block.random.sample(wanted, len(wanted))
        of_stack = [[s for s in order if s.split(".")[1] == stack] for stack in STACKS]
        with ThreadPoolExecutor(len(STACKS)) as pool:
            made = [pool.submit(inside, some, seed) for some in of_stack]
            counted = {s: found for one in made for s, found in one.result().items()}
        return found_in(counted)

    return measure


def found_in(counted: Mapping[str, Mapping[str, float]]) -> Found:
    """Return what was counted, by quantity and subject."""
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    for subject, numbers in counted.items():
        for quantity, value in numbers.items():
            values[quantity][subject] = value
        beyond = beyond_bytes(subject, numbers["payload_bytes"])
        values["beyond_bytes"][subject] = beyond
    left_out = {} if values["system_calls"] else {"system calls": calls.WITHOUT}
    return Found(values, left_out=left_out)


def versions() -> Mapping[str, str]:
    packages = ("aiohttp", "requests")
    return {**libzmq(), **{name: version(name) or "none" for name in packages}}


def of_sizes(name: str, asks: str, profile: str, *sizes: str) -> Experiment:
    """Return the experiment with messages of these sizes."""
    subjects = subjects_of(*sizes)
    return Experiment(
        name=name,
        asks=asks,
        control="The same program over ipc, which puts nothing on the wire.",
        subjects=subjects,
        quantities=QUANTITIES,
        measure=counting(subjects),
        profile=profile,
        versions=versions,
    )


EXPERIMENT = of_sizes(
    "wire",
    "What does a message of 64 B cost on the wire and in the kernel?",
    STANDARD,
    "64B",
)
