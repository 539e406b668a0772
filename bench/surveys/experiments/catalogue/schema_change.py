"""A producer moves to the next version of a schema in the middle of a stream.

The consumer stays with the first version: an identifier, a name and an amount. The next
version adds a field, removes the name, or gives the amount another type. Each consumer
reads fields as the documentation of its format shows, and adds up the amounts. No socket
takes part: every transport hands over the same frames.
"""

from __future__ import annotations

import io
import json
import pickle
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.errors import NotMeasurable
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, python
from bench.trial.requirements import version

SAME, ADDED, REMOVED, TO_FLOAT, TO_TEXT = "same", "added", "removed", "to_float", "to_text"
CHANGES = {
    SAME: "no change (the control)",
    ADDED: "a field that is added",
    REMOVED: "a field that is removed",
    TO_FLOAT: "an integer that becomes a float",
    TO_TEXT: "an integer that becomes text",
}
FORMATS = {
    "struct": "struct",
    "json": "JSON",
    "msgpack": "MessagePack",
    "protobuf": "Protocol Buffers",
    "pickle": "pickle (objects)",
    "cbor": "CBOR",
    "multipart": "multipart",
}
PACKAGES = ("msgpack", "protobuf", "cbor2")
MESSAGES = 10
RIGHT, WRONG, CRASHED = "right", "wrong", "crashed"
OUTCOMES = {
    RIGHT: "are read right",
    WRONG: "are read wrongly, without an error",
    CRASHED: "raise an error",
}
NAME_BYTES = 16
TYPES = {int: "q", float: "d", str: "8s"}
"""How ``struct`` holds an amount, by its type in the version of the producer."""
Frames = Sequence[bytes]
Order = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """``produce`` knows both versions, ``consume`` the first; both are of one format."""

    produce: Callable[[Order], Frames]
    consume: Callable[[Frames], tuple[int, str, Any]]


def orders(change: str) -> Iterator[Order]:
    """Yield orders as the producer means them: of one version, each with other values."""
    for number in range(1, MESSAGES + 1):
        order: dict[str, Any] = {"id": number, "name": f"order {number}", "amount": number}
        if change == ADDED:
            order["unit"] = "piece"
        elif change == REMOVED:
            del order["name"]
        elif change == TO_FLOAT:
            order["amount"] = number + 0.5
        elif change == TO_TEXT:
            order["amount"] = f"{number} kg"
        yield order


# -- a layout that both ends know --------------------------------------------------------


def _pack(order: Order) -> Frames:
    parts, layout = [order["id"]], "!q"
    if "name" in order:
        parts.append(order["name"].encode())
        layout += f"{NAME_BYTES}s"
    amount = order["amount"]
    parts.append(amount.encode() if isinstance(amount, str) else amount)
    layout += TYPES[type(amount)]
    if "unit" in order:
        parts.append(order["unit"].encode())
        layout += "8s"
    return (struct.pack(layout, *parts),)


def _unpack(frames: Frames) -> tuple[int, str, Any]:
    number, name, amount = struct.unpack(f"!q{NAME_BYTES}sq", frames[0])
    return number, name.rstrip(b"\0").decode(), amount


def _frame(order: Order) -> Frames:
    return [
        value.encode()
        if isinstance(value, str)
        else struct.pack(f"!{TYPES[type(value)]}", value)
        for value in order.values()
    ]


def _unframe(frames: Frames) -> tuple[int, str, Any]:
    number, name, amount = frames
    return (*struct.unpack("!q", number), name.decode(), *struct.unpack("!q", amount))


# -- names of fields in every message ----------------------------------------------------


def _fields(loads: Callable[[bytes], Any], frames: Frames) -> tuple[int, str, Any]:
    order = loads(frames[0])
    return order["id"], order["name"], order["amount"]


def _named(dumps: Callable[[Any], bytes], loads: Callable[[bytes], Any]) -> Format:
    return Format(lambda order: (dumps(order),), partial(_fields, loads))


class Pickled:
    """An object of the producer, which the consumer knows by its own class."""

    def __init__(self, order: Order) -> None:
        self.__dict__.update(order)


def _attributes(frames: Frames) -> tuple[int, str, Any]:
    order = pickle.load(io.BytesIO(frames[0]))  # noqa: S301 - it is the producer's above
    return order.id, order.name, order.amount


# -- numbers of fields, and a schema at both ends ----------------------------------------


def _protobuf() -> Format:
    from bench.surveys.experiments.catalogue.serialization.protobuf import message_classes

    known = {"id": (1, "int64"), "name": (2, "string"), "amount": (3, "int64")}
    first = message_classes({"Order": known})["Order"]

    def produce(order: Order) -> Frames:
        kind = {int: "int64", float: "double", str: "string"}[type(order["amount"])]
        fields = {**known, "amount": (3, kind), "unit": (4, "string")}
        present = {name: fields[name] for name in order}
        return (message_classes({"Order": present})["Order"](**order).SerializeToString(),)

    def consume(frames: Frames) -> tuple[int, str, Any]:
        order = first.FromString(frames[0])
        return order.id, order.name, order.amount

    return Format(produce, consume)


def formats() -> dict[str, Format]:
    """Return every format by its name. Raises ImportError if a package is missing."""
    import cbor2
    import msgpack

    return {
        "struct": Format(_pack, _unpack),
        "json": _named(lambda order: json.dumps(order).encode(), json.loads),
        "msgpack": _named(msgpack.packb, msgpack.unpackb),
        "protobuf": _protobuf(),
        "pickle": Format(lambda order: (pickle.dumps(Pickled(order)),), _attributes),
        "cbor": _named(cbor2.dumps, cbor2.loads),
        "multipart": Format(_frame, _unframe),
    }


def outcome(one: Format, order: Order) -> str:
    """Return what becomes of one message at the consumer of the first version.

    It is right if the consumer reads what the producer meant, and can add the amount up.
    """
    frames = one.produce(order)
    try:
        number, name, amount = one.consume(frames)
        _ = 0 + amount
    except Exception:  # whatever a parser raises: the consumer would be gone
        return CRASHED
    meant = (order["id"], order.get("name"), order["amount"])
    return RIGHT if (number, name, amount) == meant else WRONG


def measure(_: Block) -> Found:
    """Send a stream of each change in each format, and count what comes of it.

    Raises NotMeasurable if a package of a format is missing.
    """
    if lacking := [name for name in PACKAGES if not version(name)]:
        raise NotMeasurable(f"pip install {' '.join(lacking)}")
    values: dict[str, dict[str, float]] = {kind: {} for kind in OUTCOMES}
    for name, one in formats().items():
        for change in CHANGES:
            counts = Counter(outcome(one, order) for order in orders(change))
            for kind, found in values.items():
                found[f"{name}.{change}"] = counts[kind]
    return Found(values)


def versions() -> dict[str, str]:
    return {**python(), **{name: version(name) or "none" for name in PACKAGES}}


EXPERIMENT = Experiment(
    name="schema_change",
    asks="The producer has the next version of a schema: what does an old consumer read?",
    control="A producer that stays with the first version.",
    subjects={
        f"{name}.{change}": f"{what} in {label}"
        for name, label in FORMATS.items()
        for change, what in CHANGES.items()
    },
    quantities={
        kind: Quantity(
            "messages",
            f"{{subject}}: {{value}} of {MESSAGES} messages {what}",
            most=MESSAGES,
        )
        for kind, what in OUTCOMES.items()
    },
    measure=measure,
    versions=versions,
)
