"""Message classes of Protocol Buffers from a table of fields, without a compiler."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
TYPES = {
    "int64": _FIELD.TYPE_INT64,
    "double": _FIELD.TYPE_DOUBLE,
    "bool": _FIELD.TYPE_BOOL,
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
}
Fields = dict[str, tuple[int, str]]
"""The fields of a message: number and type by name. Another type repeats that message."""


def message_classes(messages: dict[str, Fields]) -> dict[str, Any]:
    """Return a class for each message of one schema, by its name."""
    file = descriptor_pb2.FileDescriptorProto(name="schema.proto", syntax="proto3")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            made = message.field.add(name=field, number=number, label=_FIELD.LABEL_OPTIONAL)
            if kind in TYPES:
                made.type = TYPES[kind]
            else:
                made.type, made.type_name = _FIELD.TYPE_MESSAGE, kind
                made.label = _FIELD.LABEL_REPEATED
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
        for name in messages
    }
