"""Three payloads as a program has them: a command, a record, and an array.

The command is about 200 bytes of JSON, the record about 4 KiB, and the array 1 MiB of
numbers. All are made from one seed.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

COMMAND, RECORD, ARRAY = "command", "record", "array"
PAYLOADS = (COMMAND, RECORD, ARRAY)
SIZE_BYTES = {COMMAND: 200, RECORD: 4096, ARRAY: 1 << 20}
"""The sizes by which round trips of these payloads are measured."""
SEED = 17
LINES = 45
NUMBERS = SIZE_BYTES[ARRAY] // 8


def make(payload: str) -> Any:
    """Return a payload: a dictionary, or for the array float64 of shape (131072,)."""
    rng = random.Random(SEED)
    return {COMMAND: _command, RECORD: _record, ARRAY: _array}[payload](rng)


def same(payload: str, value: Any, other: Any) -> bool:
    """Return whether two values of one payload are equal."""
    return bool(np.array_equal(value, other) if payload == ARRAY else value == other)


def _command(rng: random.Random) -> dict[str, Any]:
    return {
        "id": rng.getrandbits(52),
        "sender": "controller-berlin-7",
        "operation": "set_valve_position",
        "target": "plant/3/boiler/2/inlet/valve/17",
        "sent_s": 1764500000.125,
        "position": rng.random(),
        "urgent": True,
    }


def _record(rng: random.Random) -> dict[str, Any]:
    titles = ("bolt, hexagonal", "washer, spring", "hinge, türkis", "bracket, L-shaped")
    return {
        "id": rng.getrandbits(52),
        "customer": "Œuvres & Söhne, Zürich",
        "ordered_s": 1764500000.125,
        "lines": [
            {
                "article": f"A-{rng.randrange(10**6):06}",
                "title": rng.choice(titles),
                "quantity": rng.randrange(1, 500),
                "price": rng.randrange(1, 10**5) / 100,
            }
            for _ in range(LINES)
        ],
    }


def _array(rng: random.Random) -> Any:
    return np.random.default_rng(rng.getrandbits(32)).standard_normal(NUMBERS)
