"""Messages: the harness makes and checks a header in front of an opaque payload.

The header is 24 bytes, big-endian: sender (u64), sequence (u64), epoch (u32), CRC-32
of the payload (u32). Messages shorter than ``SMALLEST_WITH_HEADER`` bytes go bare and
are compared by their bytes. Epoch 0 marks warm-up; the timed window starts at epoch 1.
Cells never read any of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

HEADER = struct.Struct("!QQII")
HEADER_BYTES = HEADER.size
SMALLEST_WITH_HEADER = 32
WARM_UP_EPOCH = 0
WINDOW_EPOCH = 1
JOIN_SEQUENCE, WARM_UP_SEQUENCE = 0, 1
"""Sequence numbers of epoch 0. Every peer is there before the first warm-up message."""
EPOCH_LOW_BYTE = 19
"""Index of the lowest byte of the epoch: zero in every warm-up message."""

EVERY_BYTE = bytes(range(256))
COMPLEMENT = bytes(255 - value for value in range(256))
"""Translation table for ``bytes.translate``; it is its own inverse."""


class Header(NamedTuple):
    sender: int
    sequence: int
    epoch: int
    checksum: int


def payload(size_bytes: int, sequence: int = 0) -> bytes:
    """Return ``size_bytes`` bytes that hold every value, starting at one of 256 places."""
    start = sequence % 256
    pattern = EVERY_BYTE[start:] + EVERY_BYTE[:start]
    return (pattern * (size_bytes // 256 + 1))[:size_bytes]


def build(sender: int, sequence: int, epoch: int, size_bytes: int) -> bytes:
    """Return one message of ``size_bytes`` bytes whose payload depends on its sequence."""
    if size_bytes < SMALLEST_WITH_HEADER:
        return payload(size_bytes, sequence)
    body = payload(size_bytes - HEADER_BYTES, sequence)
    return HEADER.pack(sender, sequence, epoch, zlib.crc32(body)) + body


def build_alike(sender: int, count: int, epoch: int, size_bytes: int) -> list[bytes]:
    """Return ``count`` messages that share one payload: cheap to make by the thousand."""
    body = payload(size_bytes - HEADER_BYTES)
    checksum = zlib.crc32(body)
    pack = HEADER.pack
    return [pack(sender, number, epoch, checksum) + body for number in range(count)]


def build_sizes(sender: int, sizes_bytes: Sequence[int], count: int) -> list[bytes]:
    """Return ``count`` window messages whose sizes cycle through ``sizes_bytes``."""
    return [
        build(sender, number, WINDOW_EPOCH, sizes_bytes[number % len(sizes_bytes)])
        for number in range(count)
    ]


def has_header(message: bytes) -> bool:
    return len(message) >= SMALLEST_WITH_HEADER


def is_warm_up(message: bytes) -> bool:
    return has_header(message) and not message[EPOCH_LOW_BYTE]


def read_header(message: bytes) -> Header:
    """Return the header of a message of at least ``HEADER_BYTES`` bytes."""
    return Header(*HEADER.unpack_from(message))


def is_join(message: bytes) -> bool:
    """Return whether a message of epoch 0 was given before every peer had been seen."""
    return int.from_bytes(message[8:16]) == JOIN_SEQUENCE


def sender(message: bytes) -> int:
    """Return the sender in the header of a message that has one."""
    return int.from_bytes(message[:8])


def intact(message: bytes) -> bool:
    """Return whether the payload of a message with a header matches its checksum."""
    return zlib.crc32(memoryview(message)[HEADER_BYTES:]) == read_header(message).checksum


def signed_by(message: bytes, sender: int) -> bytes:
    """Return the message with another sender, so that it names its worker."""
    return struct.pack("!Q", sender) + message[8:]
