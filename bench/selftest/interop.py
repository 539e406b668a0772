"""pyperf reads the files of a run, and finds one pyperf run for each block."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyperf

from bench.analysis.comparisons import measured_half_widths
from bench.contract.find import choose, find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS
from bench.run.archive import TIMING, Archive
from bench.run.manifest import begin_plan
from bench.run.plan import BLOCKS_MIN, plan
from bench.run.profiles import PROFILES
from bench.run.runner import make_run
from bench.selftest.answers import KnownAnswer
from bench.trial.processes import child_environment

CELLS = ("zmq/minimal/request_reply.py", "raw_socket/minimal/request_reply.py")
FILES = ("raw_socket.minimal.json.gz", "zmq.minimal.json.gz")


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make a short run of two cells, and read its files with the commands of pyperf."""
    del blocks
    folder = logs / "run"
    cells = choose(find_cells([IMPLEMENTATIONS, FLOOR]), CELLS)
    speed = [e for e in plan(PROFILES["quick"], cells, BLOCKS_MIN) if not e.case.fault]
    begun = begin_plan(folder, "selftest", speed, cells, seed, [])
    descriptors = len(os.listdir("/proc/self/fd"))
    complete = make_run(begun.archive, begun.planned, begun.seed, measured_half_widths)
    left = len(os.listdir("/proc/self/fd")) - descriptors
    return [
        *answers_of(folder, complete),
        KnownAnswer("descriptors left open", "nothing", str(left), "0", left == 0),
    ]


def answers_of(folder: Path, complete: bool) -> list[KnownAnswer]:
    """Read a run of BLOCKS_MIN blocks with pyperf.

    ``complete``: the run has a value for every case.
    """
    return [
        *(_command(folder, *words) for words in _COMMANDS),
        _blocks(folder, complete),
        _prediction(Archive(folder)),
    ]


_COMMANDS = (
    ("check", FILES[0]),
    ("stats", FILES[0]),
    ("compare_to", *FILES, "--table"),
)


def _command(folder: Path, *words: str) -> KnownAnswer:
    ended = subprocess.run(
        [sys.executable, "-m", "pyperf", *words],
        cwd=folder,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    failed = ended.returncode != 0 or "Traceback" in ended.stderr
    return KnownAnswer(
        f"pyperf {' '.join(words)}",
        "nothing",
        f"exit status {ended.returncode}, {len(ended.stdout.splitlines())} lines",
        "exit status 0",
        not failed and bool(ended.stdout.strip()),
    )


def _blocks(folder: Path, complete: bool) -> KnownAnswer:
    seen = []
    for name in FILES:
        suite = pyperf.BenchmarkSuite.load(str(folder / name))
        seen += [
            sorted(_first_pass(benchmark))
            for benchmark in suite.get_benchmarks()
            if ".size." not in benchmark.get_name()
        ]
    wanted = list(range(BLOCKS_MIN))
    return KnownAnswer(
        f"runs of {len(seen)} benchmarks",
        f"{BLOCKS_MIN} blocks",
        " and ".join(sorted({str(len(blocks)) for blocks in seen})),
        f"blocks 1 to {BLOCKS_MIN}, once each but for repetitions",
        complete and all(blocks == wanted for blocks in seen),
    )


def _first_pass(benchmark: pyperf.Benchmark) -> Iterator[int]:
    """Yield the numbers of the blocks, without repetitions of blocks that were flagged."""
    for run in benchmark.get_runs():
        metadata = run.get_metadata()
        if not metadata["repeat"]:
            yield metadata["block"]


def _prediction(archive: Archive) -> KnownAnswer:
    passes = archive.read(TIMING)
    predicted_s, took_s = (sum(p[key] for p in passes) for key in ("predicted_s", "took_s"))
    return KnownAnswer(
        "time of the run",
        f"predicted {predicted_s:.1f} s",
        f"{took_s:.1f} s",
        "shown, not gated: so short a run is decided by chance",
        None,
    )
