"""The cost of each format for each payload: time, size, and its share of a round trip.

A round trip carries the payload's nominal size, whatever a format makes of it. A share is
of a call whose request and reply are both that payload, in Python at both ends.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

from bench.contract.find import choose, find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.errors import NotMeasurable
from bench.measure import latency
from bench.surveys.experiments.catalogue.serialization.payloads import (
    ARRAY,
    PAYLOADS,
    SIZE_BYTES,
    make,
)
from bench.surveys.experiments.experiment import (
    FULL,
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.surveys.experiments.processes import line, role, started
from bench.trial.record import Window
from bench.trial.requirements import version
from bench.trial.trial import run_trial

TIMING = "bench.surveys.experiments.catalogue.serialization.timing"
TIMED_S = 120.0
FORMATS = {
    "bytes": "nothing (the control)",
    "struct": "struct",
    "json": "JSON (json)",
    "orjson": "JSON (orjson)",
    "msgpack": "MessagePack",
    "protobuf": "Protocol Buffers",
    "pickle": "pickle",
    "cbor": "CBOR",
    "multipart": "multipart",
}
"""The formats as sentences call them; ``formats`` has their functions."""
PACKAGES = ("orjson", "msgpack", "protobuf", "cbor2")
STACKS = {"raw_socket": "BSD sockets", "http": "HTTP", "zmq": "ZeroMQ"}
MULTIPART, ONE_FRAME = "multipart", "struct"
ENCODE, DECODE, HOP = "encode", "decode", "hop"
WINDOWS = {True: Window(50, warm_up=10, stamp_each=True),
           False: Window(400, warm_up=50, stamp_each=True)}  # fmt: skip
"""The windows of round trips: of the large payload, and of the others."""
PAYLOAD_LABELS = {
    "command": "a command of 200 B",
    "record": "a record of 4 KiB",
    "array": "an array of 1 MiB",
}
SUBJECTS = {
    **{
        f"{name}.{payload}": f"{PAYLOAD_LABELS[payload]} in {label}"
        for name, label in FORMATS.items()
        for payload in PAYLOADS
    },
    **{
        f"{name}.{payload}.{stack}": f"{PAYLOAD_LABELS[payload]} in {label} over {over}"
        for name, label in FORMATS.items()
        for payload in PAYLOADS
        for stack, over in STACKS.items()
        if name != MULTIPART or stack == "zmq"
    },
    **{
        f"{payload}.{stack}": f"{PAYLOAD_LABELS[payload]} as bytes over {label}"
        for payload in PAYLOADS
        for stack, label in STACKS.items()
    },
}
QUANTITIES = {
    "encode_us": Quantity("us", "{subject} takes {value} us to encode"),
    "decode_us": Quantity("us", "{subject} takes {value} us to decode"),
    "hop_us": Quantity(
        "us", "{subject} takes {value} us through a pair of ZeroMQ's sockets in-process"
    ),
    "size_bytes": Quantity("bytes", "{subject} has {value} bytes"),
    "frames": Quantity("frames", "{subject} has {value} frames"),
    "round_trip_us": Quantity("us", "{subject} takes {value} us for a round trip"),
    "share": Quantity(
        "%",
        "{subject}: {value} % of the time of a call encodes and decodes, at both ends",
        most=100.0,
    ),
}


def share(conversion_us: float, round_trip_us: float) -> float:
    """Return how many per cent of a call convert: request and reply, at both ends."""
    return 100 * 2 * conversion_us / (2 * conversion_us + round_trip_us)


def timed(seed: str) -> dict[str, float]:
    """Return the microseconds of each case of ``timing``, from a fresh process."""
    with started(role(TIMING, seed)) as worker:
        found: dict[str, float] = json.loads(line(worker, TIMED_S))
    return {name: seconds * 1e6 for name, seconds in found.items()}


def round_trips(block: Block) -> dict[tuple[str, str], float]:
    """Return the median round trip in microseconds, by payload and stack."""
    wanted = [(payload, stack) for payload in PAYLOADS for stack in STACKS]
    cells = find_cells([IMPLEMENTATIONS])
    found = {}
    for payload, stack in block.random.sample(wanted, len(wanted)):
        (cell,) = choose(cells, [f"{stack}/minimal/request_reply.py"])
        case = Case(cell, "latency", "tcp", SIZE_BYTES[payload], 1, "free")
        rng = random.Random(block.random.getrandbits(32))
        record = run_trial(case, WINDOWS[payload == ARRAY], block.folder / stack, rng)
        found[payload, stack] = latency.measure(case, record).value_s * 1e6
    return found


def conversion_us(times: Mapping[str, float], name: str, payload: str) -> float:
    """Return encoding and decoding of one message, with what its further frames cost."""
    key = f"{name}.{payload}"
    found = times[f"{key}.{ENCODE}"] + times[f"{key}.{DECODE}"]
    if name == MULTIPART and payload != ARRAY:
        further = times[f"{key}.{HOP}"] - times[f"{ONE_FRAME}.{payload}.{HOP}"]
        found += max(0.0, further)
    return found


def shares(
    times: Mapping[str, float], trips: Mapping[tuple[str, str], float]
) -> Iterator[tuple[str, float]]:
    """Yield the share of each format, payload and stack, by subject."""
    for subject in SUBJECTS:
        name, *place = subject.split(".")
        if len(place) == 2:
            payload, stack = place
            converted_us = conversion_us(times, name, payload)
            yield subject, share(converted_us, trips[payload, stack])


def sizes() -> dict[str, dict[str, float]]:
    """Return the bytes and the frames of each payload in each format."""
    from bench.surveys.experiments.catalogue.serialization import formats

    found: dict[str, dict[str, float]] = {"size_bytes": {}, "frames": {}}
    for one in formats.FORMATS:
        for payload in PAYLOADS:
            frames = one.functions[payload][0](make(payload))
            size_bytes = sum(memoryview(frame).nbytes for frame in frames)
            found["size_bytes"][f"{one.name}.{payload}"] = size_bytes
            found["frames"][f"{one.name}.{payload}"] = len(frames)
    return found


def measure(block: Block) -> Found:
    """Time all formats, then a round trip of each stack and size.

    Raises NotMeasurable if a package of a format is missing.
    """
    if lacking := [name for name in PACKAGES if not version(name)]:
        raise NotMeasurable(f"pip install {' '.join(lacking)}")
    times = timed(str(block.random.getrandbits(32)))
    trips = round_trips(block)
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    for name, microseconds in times.items():
        subject, _, direction = name.rpartition(".")
        values[f"{direction}_us"][subject] = microseconds
    values |= sizes()
    values["round_trip_us"] = {f"{p}.{stack}": us for (p, stack), us in trips.items()}
    values["share"] = dict(shares(times, trips))
    return Found(values)


def versions() -> Mapping[str, Any]:
    packages = (*PACKAGES, "numpy", "aiohttp", "requests")
    return {**libzmq(), **{name: version(name) or "none" for name in packages}}


EXPERIMENT = Experiment(
    name="serialization",
    asks="What do encoding and decoding cost, by format and payload, beside a round trip?",
    control="The same payload, which nobody encodes, through the same calls.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    profile=FULL,
    versions=versions,
)
