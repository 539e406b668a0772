"""Python hands values to C and to Node.js, and looks at what comes back.

A relay reads each message into a value of its language and writes it again, with the usual
library of the format and its default settings. Every value is a message of its own.
"""

from __future__ import annotations

import json
import math
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import NotMeasurable
from bench.surveys.embedding.programs import NODE, package_version
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, python
from bench.surveys.experiments.in_c import built
from bench.surveys.experiments.processes import line, need, started
from bench.trial.requirements import version

HERE = Path(__file__).parent
LIBRARIES = {"jansson": "libjansson-dev", "msgpack": "libmsgpack-dev"}
NPM_PACKAGE = "@msgpack/msgpack"
VALUES: dict[str, Any] = {
    "7": 7,
    "2^53 + 1": 2**53 + 1,
    "the least int64": -(2**63),
    "0.1": 0.1,
    "1.0": 1.0,
    "NaN": math.nan,
    "infinity": math.inf,
    "text": "Grüße, 世界, 🧲",
    "text with a NUL": "a\0b",
    "bytes": b"\x00\xff\xfe",
}
"""Values of Python, by their names in tables."""
FORMATS = {"struct": "struct", "json": "JSON", "msgpack": "MessagePack"}
WAYS: dict[str, tuple[str, ...]] = {
    "python": (),
    "c": ("c",),
    "node": ("node",),
    "c_and_node": ("c", "node"),
}
"""The relays of each way, in order; without any, Python reads what it has written."""
LABELS = {
    "python": "Python alone (the control)",
    "c": "Python, C and Python",
    "node": "Python, Node.js and Python",
    "c_and_node": "Python, C, Node.js and Python",
}
SAME, DIFFERENT, REFUSED = "same", "different", "refused"
OUTCOMES = {
    SAME: "come back as they were",
    DIFFERENT: "come back different, without an error",
    REFUSED: "are refused",
}
Relay = Callable[[str, bytes], bytes]


class Refused(Exception):
    """A language could not read or write the value; the message says which, and why."""


@dataclass(frozen=True)
class Format:
    dumps: Callable[[Any], bytes]
    loads: Callable[[bytes], Any]


def _to_layout(value: Any) -> bytes:
    """Return one byte for the kind and the value behind it, as both ends know it."""
    if isinstance(value, int):
        return b"q" + struct.pack("!q", value)
    if isinstance(value, float):
        return b"d" + struct.pack("!d", value)
    return b"s" + value.encode() if isinstance(value, str) else b"b" + value


def _from_layout(data: bytes) -> Any:
    kind, rest = data[:1], data[1:]
    if kind in (b"q", b"d"):
        return struct.unpack(f"!{kind.decode()}", rest)[0]
    return rest.decode() if kind == b"s" else rest


def formats() -> dict[str, Format]:
    """Return every format by its name. Raises ImportError if a package is missing."""
    import msgpack

    return {
        "struct": Format(_to_layout, _from_layout),
        "json": Format(lambda value: json.dumps(value).encode(), json.loads),
        "msgpack": Format(msgpack.packb, msgpack.unpackb),
    }


def is_same(value: Any, other: Any) -> bool:
    """Return whether a value came back: of the same type, and NaN as NaN."""
    if isinstance(value, float) and math.isnan(value):
        return isinstance(other, float) and math.isnan(other)
    return type(value) is type(other) and bool(value == other)


def outcome(one: Format, name: str, value: Any, relays: Mapping[str, Relay]) -> str:
    """Return how a value came back: "same", or one of the other two with what was seen."""
    try:
        data = one.dumps(value)
    except (TypeError, ValueError) as error:
        return f"{REFUSED} by Python: {error}"
    try:
        for relay in relays.values():
            data = relay(name, data)
        found = one.loads(data)
    except Refused as error:
        return f"{REFUSED} by {error}"
    except ValueError as error:
        return f"{REFUSED} by Python: {error}"
    return SAME if is_same(value, found) else f"{DIFFERENT}: {found!r}"


def command(language: str) -> list[str]:
    """Return the command of a relay. Raises NotMeasurable with what to install."""
    if language == "c":
        return [str(built(HERE / "relay.c", LIBRARIES))]
    node = need(NODE, "nodejs")
    if not package_version(HERE, NPM_PACKAGE):
        raise NotMeasurable("make node")
    return [node, str(HERE / "relay.js")]


@contextmanager
def relay(language: str) -> Iterator[Relay]:
    """Yield a function that hands bytes of a format to a relay and returns its bytes."""
    label = {"c": "C", "node": "Node.js"}[language]
    with started(command(language)) as process:

        def hand_over(name: str, data: bytes) -> bytes:
            assert process.stdin is not None
            process.stdin.write(f"{name} {data.hex()}\n".encode())
            said = line(process)
            if said.startswith("!"):
                raise Refused(f"{label}: {said[2:]}")
            return bytes.fromhex(said)

        yield hand_over


def passed(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the outcome of each value, by format and way, with relays of these names."""
    found: dict[str, dict[str, str]] = {}
    with _relays(names) as known:
        for way, steps in WAYS.items():
            if set(steps) <= known.keys():
                relays = {step: known[step] for step in steps}
                for name, one in formats().items():
                    found[f"{name}.{way}"] = {
                        label: outcome(one, name, value, relays)
                        for label, value in VALUES.items()
                    }
    return found


@contextmanager
def _relays(names: Sequence[str]) -> Iterator[dict[str, Relay]]:
    if not names:
        yield {}
        return
    with relay(names[0]) as first, _relays(names[1:]) as others:
        yield {names[0]: first, **others}


def measure(_: Block) -> Found:
    """Pass each value around on every way that this machine has.

    Raises NotMeasurable if a package of Python is missing.
    """
    if not version("msgpack"):
        raise NotMeasurable("pip install msgpack")
    lacking: dict[str, str] = {}
    for language in ("c", "node"):
        try:
            command(language)
        except NotMeasurable as error:
            lacking[language] = str(error)
    said = passed([name for name in ("c", "node") if name not in lacking])
    values: dict[str, dict[str, float]] = {kind: {} for kind in OUTCOMES}
    answers: dict[str, dict[str, str]] = {label: {} for label in VALUES}
    for subject, outcomes in said.items():
        counts = Counter(text.split()[0].rstrip(":") for text in outcomes.values())
        for kind, found in values.items():
            found[subject] = counts[kind]
        for label, text in outcomes.items():
            answers[label][subject] = text
    return Found(values, answers, lacking)


def versions() -> Mapping[str, str]:
    return {**python(), "msgpack": version("msgpack") or "none"}


EXPERIMENT = Experiment(
    name="passing_around",
    asks="Python, C and Node.js pass ten values around: which come back as they were?",
    control="Python alone, and a layout in bytes that both ends know.",
    subjects={
        f"{name}.{way}": f"in {label}, {LABELS[way]}"
        for name, label in FORMATS.items()
        for way in WAYS
    },
    quantities={
        kind: Quantity(
            "values",
            f"{{subject}}: {{value}} of {len(VALUES)} values {what}",
            most=len(VALUES),
        )
        for kind, what in OUTCOMES.items()
    },
    measure=measure,
    versions=versions,
)
