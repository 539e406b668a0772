"""Formats that turn the payloads into frames and back: each as its advocates write it.

``encode`` takes a payload of ``payloads`` and returns the frames of one message, nearly
always a single one. ``decode`` takes these and returns an equal payload, in which each
field is a value of Python. The array stays raw bytes in every format that has bytes.
"""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cbor2
import msgpack
import numpy as np
import orjson

from bench.surveys.experiments.catalogue.serialization.payloads import (
    ARRAY,
    COMMAND,
    RECORD,
)
from bench.surveys.experiments.catalogue.serialization.protobuf import message_classes

Frames = Sequence[bytes]
Encode = Callable[[Any], Frames]
Decode = Callable[[Frames], Any]
FLOAT64_LITTLE_ENDIAN = 86
"""CBOR's tag of such an array (RFC 8746, section 2.1)."""


@dataclass(frozen=True)
class Format:
    """A format with its functions: an encoder and a decoder for each payload."""

    name: str
    functions: dict[str, tuple[Encode, Decode]]


def _floats(data: bytes) -> Any:
    return np.frombuffer(data, np.float64)


def _of_dictionaries(
    dumps: Callable[[Any], bytes], loads: Callable[[bytes], Any]
) -> tuple[Encode, Decode]:
    return lambda value: (dumps(value),), lambda frames: loads(frames[0])


def _everywhere(pair: tuple[Encode, Decode]) -> dict[str, tuple[Encode, Decode]]:
    return {COMMAND: pair, RECORD: pair}


# -- struct, and the parts of a multipart message: a layout that both ends know ----------

_NUMBERS = struct.Struct("!qdd?")
_ORDER = struct.Struct("!qd")
_LINE = struct.Struct("!qd")
_LENGTH = struct.Struct("!H")


def _texts(*texts: str) -> bytes:
    return b"".join(_LENGTH.pack(len(text)) + text for text in map(str.encode, texts))


def _text(data: bytes, at: int) -> tuple[str, int]:
    start = at + _LENGTH.size
    end = start + _LENGTH.unpack_from(data, at)[0]
    return data[start:end].decode(), end


def _pack_command(value: Any) -> Frames:
    numbers = _NUMBERS.pack(
        value["id"], value["sent_s"], value["position"], value["urgent"]
    )
    return (numbers + _texts(value["sender"], value["operation"], value["target"]),)


def _unpack_command(frames: Frames) -> Any:
    data = frames[0]
    number, sent_s, position, urgent = _NUMBERS.unpack_from(data)
    sender, at = _text(data, _NUMBERS.size)
    operation, at = _text(data, at)
    target, at = _text(data, at)
    return {
        "id": number, "sender": sender, "operation": operation, "target": target,
        "sent_s": sent_s, "position": position, "urgent": urgent,
    }  # fmt: skip


def _pack_record(value: Any) -> Frames:
    parts = [_ORDER.pack(value["id"], value["ordered_s"]), _texts(value["customer"])]
    for line in value["lines"]:
        parts.append(_LINE.pack(line["quantity"], line["price"]))
        parts.append(_texts(line["article"], line["title"]))
    return (b"".join(parts),)


def _unpack_record(frames: Frames) -> Any:
    data = frames[0]
    number, ordered_s = _ORDER.unpack_from(data)
    customer, at = _text(data, _ORDER.size)
    lines = []
    while at < len(data):
        quantity, price = _LINE.unpack_from(data, at)
        article, at = _text(data, at + _LINE.size)
        title, at = _text(data, at)
        lines.append(
            {"article": article, "title": title, "quantity": quantity, "price": price}
        )
    return {"id": number, "customer": customer, "ordered_s": ordered_s, "lines": lines}


def _frame_command(value: Any) -> Frames:
    numbers = _NUMBERS.pack(
        value["id"], value["sent_s"], value["position"], value["urgent"]
    )
    texts = (value["sender"], value["operation"], value["target"])
    return (numbers, *map(str.encode, texts))


def _unframe_command(frames: Frames) -> Any:
    number, sent_s, position, urgent = _NUMBERS.unpack(frames[0])
    sender, operation, target = map(bytes.decode, frames[1:])
    return {
        "id": number, "sender": sender, "operation": operation, "target": target,
        "sent_s": sent_s, "position": position, "urgent": urgent,
    }  # fmt: skip


def _frame_record(value: Any) -> Frames:
    frames = [_ORDER.pack(value["id"], value["ordered_s"]), value["customer"].encode()]
    for line in value["lines"]:
        frames.append(_LINE.pack(line["quantity"], line["price"]))
        frames += (line["article"].encode(), line["title"].encode())
    return frames


def _unframe_record(frames: Frames) -> Any:
    number, ordered_s = _ORDER.unpack(frames[0])
    rest = iter(frames[2:])
    lines = []
    for numbers, article, title in zip(rest, rest, rest, strict=True):
        quantity, price = _LINE.unpack(numbers)
        lines.append(
            {"article": article.decode(), "title": title.decode(),
             "quantity": quantity, "price": price}
        )  # fmt: skip
    return {
        "id": number, "customer": frames[1].decode(),
        "ordered_s": ordered_s, "lines": lines,
    }  # fmt: skip


# -- Protocol Buffers ----------------------------------------------------------------------

_PROTO = message_classes(
    {
        "Command": {
            "id": (1, "int64"), "sender": (2, "string"), "operation": (3, "string"),
            "target": (4, "string"), "sent_s": (5, "double"), "position": (6, "double"),
            "urgent": (7, "bool"),
        },
        "Line": {
            "article": (1, "string"), "title": (2, "string"),
            "quantity": (3, "int64"), "price": (4, "double"),
        },
        "Record": {
            "id": (1, "int64"), "customer": (2, "string"),
            "ordered_s": (3, "double"), "lines": (4, "Line"),
        },
        "Array": {"numbers": (1, "bytes")},
    }
)  # fmt: skip
_Command, _Line, _Record, _Array = (
    _PROTO[name] for name in ("Command", "Line", "Record", "Array")
)


def _from_command(frames: Frames) -> Any:
    found = _Command.FromString(frames[0])
    return {
        "id": found.id, "sender": found.sender, "operation": found.operation,
        "target": found.target, "sent_s": found.sent_s, "position": found.position,
        "urgent": found.urgent,
    }  # fmt: skip


def _from_record(frames: Frames) -> Any:
    found = _Record.FromString(frames[0])
    lines = [
        {"article": line.article, "title": line.title,
         "quantity": line.quantity, "price": line.price}
        for line in found.lines
    ]  # fmt: skip
    return {
        "id": found.id, "customer": found.customer,
        "ordered_s": found.ordered_s, "lines": lines,
    }  # fmt: skip


def _untag(data: bytes) -> Any:
    found = cbor2.loads(data)
    if found.tag != FLOAT64_LITTLE_ENDIAN:
        raise ValueError(f"tag {found.tag}: not an array of float64")
    return _floats(found.value)


BARE = Format(
    "bytes",
    {
        payload: (lambda value: (value,), lambda frames: frames[0])
        for payload in (COMMAND, RECORD, ARRAY)
    },
)
"""The control: the payload goes through the same calls, and nobody encodes it."""

FORMATS = (
    Format(
        "struct",
        {
            COMMAND: (_pack_command, _unpack_command),
            RECORD: (_pack_record, _unpack_record),
            ARRAY: (lambda v: (v.tobytes(),), lambda f: _floats(f[0])),
        },
    ),
    Format(
        "json",
        _everywhere(_of_dictionaries(lambda v: json.dumps(v).encode(), json.loads))
        | {
            ARRAY: (
                lambda v: (json.dumps(v.tolist()).encode(),),
                lambda f: np.array(json.loads(f[0])),
            )
        },
    ),
    Format(
        "orjson",
        _everywhere(_of_dictionaries(orjson.dumps, orjson.loads))
        | {
            ARRAY: (
                lambda v: (orjson.dumps(v, option=orjson.OPT_SERIALIZE_NUMPY),),
                lambda f: np.array(orjson.loads(f[0])),
            )
        },
    ),
    Format(
        "msgpack",
        _everywhere(_of_dictionaries(msgpack.packb, msgpack.unpackb))
        | {
            ARRAY: (
                lambda v: (msgpack.packb(v.tobytes()),),
                lambda f: _floats(msgpack.unpackb(f[0])),
            )
        },
    ),
    Format(
        "protobuf",
        {
            COMMAND: (lambda v: (_Command(**v).SerializeToString(),), _from_command),
            RECORD: (lambda v: (_Record(**v).SerializeToString(),), _from_record),
            ARRAY: (
                lambda v: (_Array(numbers=v.tobytes()).SerializeToString(),),
                lambda f: _floats(_Array.FromString(f[0]).numbers),
            ),
        },
    ),
    Format(
        "pickle",
        {
            payload: _of_dictionaries(lambda v: pickle.dumps(v, 5), pickle.loads)
            for payload in (COMMAND, RECORD, ARRAY)
        },
    ),
    Format(
        "cbor",
        _everywhere(_of_dictionaries(cbor2.dumps, cbor2.loads))
        | {
            ARRAY: (
                lambda v: (cbor2.dumps(cbor2.CBORTag(FLOAT64_LITTLE_ENDIAN, v.tobytes())),),
                lambda f: _untag(f[0]),
            )
        },
    ),
    Format(
        "multipart",
        {
            COMMAND: (_frame_command, _unframe_command),
            RECORD: (_frame_record, _unframe_record),
            ARRAY: (lambda v: (v.data,), lambda f: _floats(f[0])),
        },
    ),
)
