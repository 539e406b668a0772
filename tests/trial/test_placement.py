"""Roles run on the CPUs that their case says, as the kernel sees it."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from helpers_bench import find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import NotMeasurable
from bench.trial.placement import allowed_cpus, cpus_for, halves, physical_cores
from bench.trial.trial import Trial, Window

two_cpus = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="this machine allows one CPU only"
)


@given(st.sets(st.integers(0, 10_000), min_size=2, max_size=64))
def test_split_gives_driver_and_peers_cpus_of_their_own(numbers: set[int]) -> None:
    cpus = sorted(numbers)
    driver, peers = halves(cpus)
    assert driver
    assert peers
    assert sorted([*driver, *peers]) == cpus


def test_one_cpu_cannot_be_split() -> None:
    with pytest.raises(NotMeasurable, match="needs two CPUs"):
        halves([0])


def test_hardware_threads_of_one_core_stay_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cpu, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        (tmp_path / str(cpu)).write_text(siblings + "\n")
    monkeypatch.setattr("bench.trial.placement.TOPOLOGY", str(tmp_path / "{}"))
    assert physical_cores([0, 1, 2, 3]) == [[0, 2], [1, 3]]
    assert halves([0, 1, 2, 3]) == ([0, 2], [1, 3])


def test_shared_is_one_cpu_for_all_and_free_is_all_cpus() -> None:
    assert cpus_for("shared", drives=True) == cpus_for("shared", drives=False)
    assert len(cpus_for("shared", drives=True)) == 1
    assert cpus_for("free", drives=True) == allowed_cpus()


def affinities(placement: str, folder: Path) -> dict[str, set[int]]:
    """Start a trial's hosts; return the CPUs of every thread of each, from /proc."""
    case = make_case(find_cell("zmq/minimal/request_reply.py"), placement=placement)
    trial = Trial(case, Window(10, 2), folder, folder, random.Random())
    try:
        trial.spawn()
        trial.join()
        return {
            host.name: {
                cpu
                for task in Path(f"/proc/{host.pid}/task").iterdir()
                for cpu in os.sched_getaffinity(int(task.name))
            }
            for host in trial.hosts
        }
    finally:
        trial.kill()


@two_cpus
def test_split_hosts_run_apart(tmp_path: Path) -> None:
    found = affinities("split", tmp_path)
    assert not found["call.0"] & found["serve.0"]
    assert found["call.0"] | found["serve.0"] == os.sched_getaffinity(0)


def test_shared_hosts_run_on_one_cpu(tmp_path: Path) -> None:
    found = affinities("shared", tmp_path)
    assert found["call.0"] == found["serve.0"]
    assert len(found["call.0"]) == 1


def test_free_hosts_run_anywhere(tmp_path: Path) -> None:
    found = affinities("free", tmp_path)
    assert found["call.0"] == found["serve.0"] == os.sched_getaffinity(0)
