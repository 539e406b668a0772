"""Measures that selftests compare: cells under the harness, fed cells, and bare loops.

A measure is a function of a random generator. It makes a trial in fresh processes, and
returns seconds per message.
"""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.contract.model import Case, Cell
from bench.errors import TrialError
from bench.measure.common import count
from bench.run.progress import steps
from bench.trial import addresses
from bench.trial.placement import cpus_for
from bench.trial.processes import child_environment
from bench.trial.record import Window
from bench.trial.trial import run_trial

SIZE_BYTES = 64
WORKERS = 2
BARE_S = 30.0
WARM_UP = 200

Measure = Callable[[random.Random], float]


class Bare:
    """One process of ``bench.selftest.bare``."""

    def __init__(self, role: str, drives: bool, placement: str, **spec: Any) -> None:
        spec |= {
            "role": role,
            "parent": os.getpid(),
            "cpus": cpus_for(placement, drives),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.selftest.bare", json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=child_environment(),
        )
        self.role = role

    def go(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Return the next line that the process prints, decoded from JSON.

        Raises TrialError if the process ends, or prints nothing within BARE_S seconds.
        """
        assert self.process.stdout
        if not select.select([self.process.stdout], [], [], BARE_S)[0]:
            raise TrialError(f"bare {self.role} printed nothing within {BARE_S:g} s")
        line = self.process.stdout.readline()
        if not line:
            raise TrialError(f"bare {self.role} ended with {self.process.wait()}")
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def bare_processes(*processes: Bare) -> Iterator[None]:
    try:
        for process in processes:
            process.hear()
        yield
    finally:
        for process in processes:
            process.process.kill()
            process.process.wait()


def await_listening(address: str) -> None:
    deadline = time.monotonic() + BARE_S
    while not addresses.listens(address):
        if time.monotonic() > deadline:
            raise TrialError(f"no process listened at {address} within {BARE_S:g} s")
        time.sleep(0.001)


def bare_round_trip(kind: str, cell: Cell, placement: str, messages: int) -> Measure:
    """Return a measure of seconds per round trip.

    ``kind`` is ``fed`` for a cell without the harness, or the name of a library's loop.
    """

    def measure(rng: random.Random) -> float:
        address = f"tcp://127.0.0.1:{addresses.free_port(rng)}"
        spec: dict[str, Any] = {
            "cell": str(cell.path),
            "search": [str(folder) for folder in cell.search],
            "loop": cell.loop,
            "address": address,
            "messages": messages,
            "warm_up": WARM_UP,
            "size_bytes": SIZE_BYTES,
        }
        serve = Bare(f"{kind}_serve", False, placement, **spec)
        call = Bare(f"{kind}_call", True, placement, **spec)
        with bare_processes(serve, call):
            serve.go()
            await_listening(address)
            call.go()
            told = call.hear()
        return float(told["ended_ns"] - told["began_ns"]) / 1e9 / messages

    return measure


def bare_pipeline(placement: str, messages: int) -> Measure:
    """Return a measure of seconds per task for a bare PUSH, two workers and a PULL."""

    def measure(rng: random.Random) -> float:
        source = f"tcp://127.0.0.1:{addresses.free_port(rng)}"
        sink = f"tcp://127.0.0.1:{addresses.free_port(rng)}"
        spec = {"messages": messages, "warm_up": WARM_UP, "size_bytes": SIZE_BYTES}
        push = Bare("loop_zmq_push", True, placement, address=source, **spec)
        pull = Bare("loop_zmq_pull", False, placement, address=sink, **spec)
        workers = [
            Bare("loop_zmq_work", False, placement, address=source, sink=sink)
            for _ in range(WORKERS)
        ]
        with bare_processes(push, pull, *workers):
            for process in (pull, push, *workers):
                process.go()
            pull.hear()
            push.go()
            began_ns, ended_ns = push.hear()["began_ns"], pull.hear()["ended_ns"]
        return float(ended_ns - began_ns) / 1e9 / messages

    return measure


def harnessed(case: Case, window: Window, logs: Path) -> Measure:
    """Return a measure of seconds per message of a cell under the full harness."""

    def measure(rng: random.Random) -> float:
        trial = run_trial(case, window, logs, rng)
        count(case, trial)  # raises if the cell broke its contract
        record = trial.of(case.cell.workload.consumer)[0]
        driver = trial.of(case.cell.workload.driver)[0]
        assert record.arrived_ns is not None
        assert driver.given_ns is not None
        elapsed_ns = int(record.arrived_ns[-1]) - int(driver.given_ns[0])
        return elapsed_ns / 1e9 / int(record.counts["count"])

    return measure


def interleave(
    title: str, measures: dict[str, Measure], blocks: int, seed: int
) -> dict[str, list[float]]:
    """Take each measure once in each block, in random order.

    Returns the values of each measure in the order of the blocks.
    """
    values: dict[str, list[float]] = {name: [] for name in measures}
    with steps(title, blocks * len(measures)) as shown:
        for block in range(blocks):
            rng = random.Random(f"{seed}:{block}")
            names = list(measures)
            rng.shuffle(names)
            for name in names:
                shown.now(name)
                values[name].append(measures[name](rng))
                shown.done()
    return values
