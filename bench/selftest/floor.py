"""The cells in C are about as fast as C allows, so that they can be a floor for the others.

Request/reply on BSD sockets is compared with sockperf, a ping-pong tool of other authors.
Request/reply on ZeroMQ is compared with ``ping_pong.c``, the shortest loop around libzmq.
Both have one message in flight over TCP without delay, block, and use the same CPUs. They
are interleaved with the cells. All values are medians of round trips. The cell on BSD
sockets frames its messages with four bytes; sockperf does not.

The gate fails if a 99.9 % interval lies above ``RATIO_MAX``. A cell within it fails less
than once in 1,000 times.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np

from bench.analysis.stats import ratio
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.errors import TrialError
from bench.measure import latency
from bench.measure.common import Sizing
from bench.measure.percentiles import quantile
from bench.selftest.answers import KnownAnswer, ruled_out, shown
from bench.selftest.measures import (
    SIZE_BYTES,
    WARM_UP,
    Measure,
    await_listening,
    interleave,
)
from bench.trial import addresses
from bench.trial.build import COMPILER, FLAGS, PKG_CONFIG, build, lacking, not_built
from bench.trial.placement import cpus_for
from bench.trial.trial import run_trial

RATIO_MAX = 1.10
TOOL = "sockperf"
LOOP = Path(__file__).with_name("ping_pong.c")
TRIPS = 10_000
TIMEOUT_S = 30
PLACEMENTS = ("split", "shared")
ROUND_TRIP = re.compile(r"Summary: Round trip is")
MEDIAN_US = re.compile(r"percentile 50\.000 =\s*([\d.]+)")


@contextmanager
def _started(
    words: Sequence[str], placement: str, drives: bool
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program on the CPUs of a driver or a peer, and end it afterwards."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus_for(placement, drives))  # inherited by all its threads
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if drives else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        os.sched_setaffinity(0, before)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _said(process: subprocess.Popen[bytes]) -> bytes:
    """Return the output of a program that makes round trips.

    Raises TrialError if it failed or takes too long.
    """
    name = Path(str(process.args[0])).name if isinstance(process.args, list) else "?"
    try:
        said, _ = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise TrialError(f"{name} did not end within {TIMEOUT_S} s") from None
    if process.returncode:
        raise TrialError(f"{name} ended with {process.returncode}")
    return said


def parse(said: str) -> float:
    """Return the median round trip in seconds from the output of sockperf.

    Raises TrialError if there is none, or if sockperf printed half of each round trip.
    """
    median_us = MEDIAN_US.search(said)
    if not median_us or not ROUND_TRIP.search(said):
        raise TrialError(f"{TOOL} printed no round trips: {said.strip() or 'nothing'}")
    return float(median_us.group(1)) / 1e6


def by_sockperf(placement: str) -> Measure:
    """Return a measure of the median round trip of sockperf's ping-pong, in seconds."""

    def measure(rng: Random) -> float:
        port = addresses.free_port(rng)
        where = ["-i", "127.0.0.1", "-p", str(port), "--tcp"]  # without delay by default
        size = ["-m", str(SIZE_BYTES), "-t", "1", "--full-rtt"]  # the default prints half
        with _started([TOOL, "server", *where], placement, False):
            await_listening(f"tcp://127.0.0.1:{port}")
            with _started([TOOL, "ping-pong", *where, *size], placement, True) as client:
                return parse(_said(client).decode(errors="replace"))

    return measure


def compile_loop(folder: Path) -> Path:
    """Compile ``ping_pong.c`` into a folder, and return the path of the program."""
    program = folder / LOOP.stem
    found = subprocess.run(
        [PKG_CONFIG, "--cflags", "--libs", "libzmq"],
        capture_output=True,
        text=True,
        check=True,
    )
    words = [COMPILER, *FLAGS, str(LOOP), *found.stdout.split(), "-o", str(program)]
    subprocess.run(words, check=True)
    return program


def by_loop(program: Path, placement: str, trips: int = TRIPS) -> Measure:
    """Return a measure of the median round trip of libzmq alone, in seconds."""

    def measure(rng: Random) -> float:
        address = f"tcp://127.0.0.1:{addresses.free_port(rng)}"
        words = [str(program), address]
        numbers = [str(SIZE_BYTES), str(WARM_UP + trips)]
        with _started(words, placement, False):
            await_listening(address)
            with _started([*words, *numbers], placement, True) as client:
                took_ns = np.frombuffer(_said(client), np.int64)
        return quantile(took_ns[WARM_UP:], 0.5) / 1e9

    return measure


def by_cell(case: Case, logs: Path) -> Measure:
    """Return a measure of the median round trip of a cell under the harness, in seconds."""
    pilot = latency.measure(case, run_trial(case, latency.pilot(case), logs, Random()))
    sizing = Sizing(pilot.value_s)
    return lambda rng: latency.take(case, sizing, logs, rng).value_s


def answer(question: str, cell_s: Sequence[float], alone_s: Sequence[float]) -> KnownAnswer:
    """Return whether a cell's round trips can be within RATIO_MAX of the tool's or loop's.

    Both sequences are medians in seconds, one for each block, in the same order.
    """
    return KnownAnswer(
        question,
        "nothing",
        shown(ratio(cell_s, alone_s)),
        f"at most {RATIO_MAX:.3f}",
        not ruled_out(cell_s, alone_s, 0, RATIO_MAX),
    )


def _lacking(cell: Cell, tool: str | None) -> str:
    """Return why a cell cannot be compared here and what to install, or an empty string."""
    if packages := lacking(cell):
        return f"{cell.id} {not_built(packages)}"
    if tool and not shutil.which(tool):
        return f"{tool} is not installed: apt-get install {tool}"
    return ""


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Compare the two cells with sockperf and with libzmq, on separate CPUs and on one."""
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    sockets, zmq = (cells[f"{s}/minimal/request_reply.c"] for s in ("raw_socket", "zmq"))
    skipped: list[KnownAnswer] = []
    measures: dict[str, Measure] = {}
    pairs: dict[str, tuple[str, str]] = {}
    for cell, tool in ((sockets, TOOL), (zmq, None)):
        alone = tool or "libzmq alone"
        if why := _lacking(cell, tool):
            skipped.append(KnownAnswer(f"{cell.id} over {alone}", "nothing", why, "", None))
            continue
        build(cell)
        program = None if tool else compile_loop(logs)
        for placement in PLACEMENTS:
            case = Case(cell, "latency", "tcp", SIZE_BYTES, 1, placement)
            names = (f"{cell.id} {placement}", f"{alone} {placement}")
            measures[names[0]] = by_cell(case, logs)
            measures[names[1]] = (
                by_loop(program, placement) if program else by_sockperf(placement)
            )
            pairs[f"{placement}: round trip of {cell.id} over {alone}"] = names
    values = interleave("floor", measures, blocks, seed)
    found = [answer(text, values[a], values[b]) for text, (a, b) in pairs.items()]
    return [*found, *skipped]
