"""The floor that the cells in C are: what they are held to is measured as it should be."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.errors import TrialError
from bench.selftest import floor
from bench.selftest.floor import answer, by_loop, compile_loop, parse
from bench.selftest.suite import LONG

ROUND_TRIPS = """\
sockperf: [Valid Duration] RunTime=0.544 sec; SentMessages=110; ReceivedMessages=110
sockperf: \x1b[2;35m====> avg-rtt=257.537 (std-dev=903.472)\x1b[0m
sockperf: Summary: Round trip is 257.537 usec
sockperf: ---> percentile 75.000 =   70.544
sockperf: ---> percentile 50.000 =   45.988
"""
ONE_WAY = ROUND_TRIPS.replace("Round trip", "Latency").replace("avg-rtt", "avg-latency")

needs_libzmq = pytest.mark.skipif(
    not shutil.which("gcc")
    or not shutil.which("pkg-config")
    or subprocess.run(["pkg-config", "--exists", "libzmq"], check=False).returncode != 0,
    reason="needs gcc, pkg-config and libzmq3-dev",
)


def test_the_selftest_of_the_floor_runs_only_by_name() -> None:
    assert "floor" in LONG


def test_the_median_round_trip_of_sockperf_is_read_in_seconds() -> None:
    assert parse(ROUND_TRIPS) == pytest.approx(45.988e-6)


@pytest.mark.parametrize("said", ["", "sockperf: ERROR: refused", ONE_WAY])
def test_output_without_round_trips_is_refused(said: str) -> None:
    with pytest.raises(TrialError, match="printed no round trips"):
        parse(said)


@pytest.mark.parametrize(("times", "passes"), [(0.5, True), (1.05, True), (1.3, False)])
def test_a_program_that_is_slower_than_its_floor_fails(times: float, passes: bool) -> None:
    rng = random.Random(1)
    alone_s = [rng.uniform(1, 1.02) for _ in range(12)]
    assert answer("", [times * value for value in alone_s], alone_s).passed is passes


@pytest.mark.parametrize("absent", ["compiler", "tool"])
def test_a_missing_package_is_named_with_how_to_install_it(
    absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = next(c for c in find_cells([IMPLEMENTATIONS]) if c.language == "c")
    monkeypatch.setattr(floor, "lacking", lambda _: ["gcc"] if absent == "compiler" else [])
    monkeypatch.setattr(shutil, "which", lambda _: None)
    needed = "gcc" if absent == "compiler" else "sockperf"
    assert f"apt-get install {needed}" in floor._lacking(cell, "sockperf")


@needs_libzmq
def test_the_loop_of_libzmq_times_every_round_trip(tmp_path: Path) -> None:
    program = compile_loop(tmp_path)
    address = f"ipc://{tmp_path}/loop"
    with subprocess.Popen([program, address]) as server:
        try:
            took = subprocess.run(
                [program, address, "70000", "50"],
                capture_output=True,
                check=True,
                timeout=20,
            )
        finally:
            server.kill()
    took_ns = np.frombuffer(took.stdout, np.int64)
    assert len(took_ns) == 50
    assert (took_ns > 0).all()


@needs_libzmq
def test_the_loop_of_libzmq_gives_a_time_in_seconds(tmp_path: Path) -> None:
    value_s = by_loop(compile_loop(tmp_path), "shared", trips=100)(random.Random())
    assert 1e-6 < value_s < 1


@needs_libzmq
def test_a_program_that_fails_gives_no_value(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = compile_loop(tmp_path / "real")
    program = tmp_path / "serves_only"
    program.write_text(f'#!/bin/sh\n[ $# = 1 ] && exec {real} "$1"\nexit 3\n')
    program.chmod(0o755)
    with pytest.raises(TrialError, match="serves_only ended with 3"):
        by_loop(program, "shared", trips=10)(random.Random())
