"""A context of ZeroMQ for one question, of which nothing is left afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def context() -> Iterator[Any]:
    """Yield a context whose sockets do not linger, and are closed at the end.

    A socket that a function drops is closed as well: keep it as long as it is needed.
    """
    import zmq

    made = zmq.Context()
    made.linger = 0
    try:
        yield made
    finally:
        made.destroy(linger=0)
