"""Known answers: what the harness itself costs.

``overhead`` interleaves, block by block and in random order, a cell under the full
harness with the same cell fed by a list and an identity handle, and ZeroMQ's pipeline
with a bare pyzmq loop. Beside them, not gated: the cells against bare loops of their
library, which is what a cell's idiom (threads, framing, generators) costs.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from bench import addresses
from bench.contract import IMPLEMENTATIONS, Case, Cell, find_cells
from bench.errors import TrialError
from bench.measure import throughput
from bench.measure.measured import count
from bench.placement import cpus_for
from bench.processes import child_environment, require_linux
from bench.progress import console, steps
from bench.records import Window
from bench.stats import Interval, ratio
from bench.trial import run_trial

SIZE_BYTES = 64
SHARED_RATIO_MAX = 1.05
PIPELINE_THROUGHPUT_MIN = 0.92
WORKERS = 2
BARE_S = 30.0
WARM_UP = 200

Measure = Callable[[random.Random], float]


class Bare:
    """One process of ``bench.bare``."""

    def __init__(self, role: str, drives: bool, placement: str, **spec: Any) -> None:
        spec |= {
            "role": role,
            "parent": os.getpid(),
            "cpus": cpus_for(placement, drives),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.bare", json.dumps(spec)],
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
        """Return the next line it tells. Raises TrialError when it ended instead."""
        assert self.process.stdout
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
            raise TrialError(f"nobody listened at {address} within {BARE_S:g} s")
        time.sleep(0.001)


def bare_round_trip(kind: str, cell: Cell, placement: str, messages: int) -> Measure:
    """Return a measure of seconds per round trip: ``fed`` cells or library ``loop``s."""

    def measure(rng: random.Random) -> float:
        address = f"tcp://127.0.0.1:{addresses.free_port(rng)}"
        spec: dict[str, Any] = {
            "cell": str(cell.path),
            "search": [str(folder) for folder in cell.search],
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
    """Return a measure of seconds per task of a bare PUSH, two workers and a PULL."""

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
        count(case, trial)  # raises where the cell broke its contract
        record = trial.of(case.cell.workload.consumer)[0]
        driver = trial.of(case.cell.workload.driver)[0]
        assert record.arrived_ns is not None
        assert driver.given_ns is not None
        elapsed_ns = int(record.arrived_ns[-1]) - int(driver.given_ns[0])
        return elapsed_ns / 1e9 / int(record.counts["count"])

    return measure


@dataclass(frozen=True)
class Comparison:
    """Two measures of seconds per message, and whether their ratio is as it must be."""

    name: str
    over: str
    under: str
    gate: str
    passes: Callable[[Interval], bool] | None


def _round_trips(
    cell: Cell, placement: str, logs: Path
) -> tuple[dict[str, Measure], list[Comparison]]:
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, 1, placement)
    pilot = run_trial(case, throughput.pilot(case), logs, random.Random())
    window = throughput.window(case, throughput.measure(case, pilot).value_s)
    library = "loop_zmq" if cell.stack.name == "zmq" else "loop_socket"
    title = f"{cell.stack.name} request_reply {placement}"
    measures = {
        f"{title} harness": harnessed(case, window, logs),
        f"{title} stamped": harnessed(case, replace(window, stamp_each=True), logs),
        f"{title} fed": bare_round_trip("fed", cell, placement, window.messages),
        f"{title} loop": bare_round_trip(library, cell, placement, window.messages),
    }
    if placement == "split":
        gate = "interval contains 1.00"
        passes: Callable[[Interval], bool] = lambda i: i.low <= 1.0 <= i.high  # noqa: E731
    else:
        gate = f"at most {SHARED_RATIO_MAX}"
        passes = lambda i: i.estimate <= SHARED_RATIO_MAX  # noqa: E731
    return measures, [
        Comparison(
            f"{title}: harness / list-fed cell",
            f"{title} harness",
            f"{title} fed",
            gate,
            passes,
        ),
        Comparison(
            f"{title}: every message stamped / list-fed cell",
            f"{title} stamped",
            f"{title} fed",
            "",
            None,
        ),
        Comparison(
            f"{title}: list-fed cell / bare loop",
            f"{title} fed",
            f"{title} loop",
            "",
            None,
        ),
    ]


def _pipeline(
    cell: Cell, placement: str, logs: Path
) -> tuple[dict[str, Measure], list[Comparison]]:
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, WORKERS, placement)
    pilot = run_trial(case, throughput.pilot(case), logs, random.Random())
    window = throughput.window(case, throughput.measure(case, pilot).value_s)
    title = f"zmq pipeline {placement}"
    measures = {
        f"{title} harness": harnessed(case, window, logs),
        f"{title} loop": bare_pipeline(placement, window.messages),
    }
    gate = f"throughput at least {PIPELINE_THROUGHPUT_MIN} of the bare loop's"
    return measures, [
        Comparison(
            f"{title}: harness / bare loop",
            f"{title} harness",
            f"{title} loop",
            gate,
            lambda i: 1 / i.estimate >= PIPELINE_THROUGHPUT_MIN,
        )
    ]


def overhead(blocks: int, seed: int | None = None) -> bool:
    """Measure what the harness adds, print it, and return whether every gate holds."""
    require_linux()
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    logs = Path(tempfile.mkdtemp(prefix="nomiddle-selftest-"))
    measures: dict[str, Measure] = {}
    comparisons: list[Comparison] = []
    for placement in ("split", "shared"):
        for stack in ("raw_socket", "zmq"):
            cell = cells[f"{stack}/minimal/request_reply.py"]
            more, compared = _round_trips(cell, placement, logs)
            measures |= more
            comparisons += compared
        more, compared = _pipeline(cells["zmq/minimal/pipeline.py"], placement, logs)
        measures |= more
        comparisons += compared
    values = _interleave(measures, blocks, seed)
    shutil.rmtree(logs, ignore_errors=True)
    return _show(comparisons, values, blocks, seed)


def _interleave(
    measures: dict[str, Measure], blocks: int, seed: int
) -> dict[str, list[float]]:
    values: dict[str, list[float]] = {name: [] for name in measures}
    with steps("selftest overhead", blocks * len(measures)) as shown:
        for block in range(blocks):
            rng = random.Random(f"{seed}:{block}")
            names = list(measures)
            rng.shuffle(names)
            for name in names:
                shown.now(name)
                values[name].append(measures[name](rng))
                shown.done()
    return values


def _show(
    comparisons: list[Comparison],
    values: dict[str, list[float]],
    blocks: int,
    seed: int,
) -> bool:
    table = Table(box=None, pad_edge=False, title=f"overhead, {blocks} blocks, seed {seed}")
    for column in (
        "comparison",
        "ratio of times",
        "95 % interval",
        "must be",
        "verdict",
    ):
        table.add_column(column)
    all_pass = True
    for comparison in comparisons:
        interval = ratio(values[comparison.over], values[comparison.under])
        verdict = ""
        if comparison.passes:
            passed = comparison.passes(interval)
            all_pass &= passed
            verdict = "pass" if passed else "FAIL"
        bounds = f"{interval.low:.3f} to {interval.high:.3f}"
        table.add_row(
            comparison.name,
            f"{interval.estimate:.3f}",
            bounds,
            comparison.gate,
            verdict,
        )
    console.print(table)
    return all_pass
