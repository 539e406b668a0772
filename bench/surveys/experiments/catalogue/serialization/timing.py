"""Time every format on every payload with pyperf, once each, in a process of its own.

The process is a worker of pyperf, which finds the loops that take 2 ms, so that all is
warm, and then takes one value: the repetitions are the blocks. The cases come in an order
drawn from the seed, so that no format is always first.
``hop`` is ZeroMQ's part: the frames of one message through a pair of sockets in-process.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pyperf
import zmq

from bench.surveys.experiments.catalogue.serialization.experiment import DECODE, ENCODE, HOP
from bench.surveys.experiments.catalogue.serialization.formats import BARE, FORMATS, Frames
from bench.surveys.experiments.catalogue.serialization.payloads import ARRAY, PAYLOADS, make

MIN_TIME_S = 0.002
Call = Callable[[], Any]


class Timer:
    """One worker of pyperf for many functions."""

    def __init__(self) -> None:
        self._runner = pyperf.Runner(values=1, warmups=0, min_time=MIN_TIME_S)
        self._asked = self._runner.parse_args(["--worker", "--quiet", "--loops=1"])

    def seconds(self, name: str, call: Call) -> float:
        """Return a value of pyperf, in seconds for one call."""
        with contextlib.redirect_stdout(sys.stderr):
            self._asked.calibrate_loops = True
            found = self._runner.bench_func(f"{name}, calibration", call)
            self._asked.calibrate_loops = False
            self._asked.loops = found.get_metadata()["calibrate_loops"]
            return float(self._runner.bench_func(name, call).median())


@contextlib.contextmanager
def pair() -> Iterator[tuple[Any, Any]]:
    """Yield two sockets of ZeroMQ that are connected within this process."""
    with zmq.Context() as context:
        near, far = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        with near, far:
            far.bind("inproc://hop")
            near.connect("inproc://hop")
            yield near, far


def cases(near: Any, far: Any) -> dict[str, Call]:
    """Return what is timed, by the names ``<format>.<payload>.<encode, decode or hop>``."""
    found: dict[str, Call] = {}
    for payload in PAYLOADS:
        value = make(payload)
        for one in (BARE, *FORMATS):
            encode, decode = one.functions[payload]
            frames = encode(value)
            name = f"{one.name}.{payload}"
            found[f"{name}.{ENCODE}"] = partial(encode, value)
            found[f"{name}.{DECODE}"] = partial(decode, frames)
            if payload != ARRAY and one is not BARE:  # the array is one frame everywhere
                found[f"{name}.{HOP}"] = partial(_hop, near, far, frames)
    return found


def _hop(near: Any, far: Any, frames: Frames) -> Any:
    near.send_multipart(frames)
    return far.recv_multipart()


def main() -> None:
    timer = Timer()
    with pair() as (near, far):
        wanted = cases(near, far)
        order = random.Random(sys.argv[1]).sample([*wanted], len(wanted))
        print(json.dumps({name: timer.seconds(name, wanted[name]) for name in order}))


if __name__ == "__main__":
    main()
