"""The sceptic's command: it names the injected fault, and fails if the answer is wrong."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import bench
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.run.environment import Snapshot, Ticks
from bench.selftest import answers, losses, sockets
from bench.selftest.answers import (
    GATE_CONFIDENCE,
    KnownAnswer,
    differ,
    observed,
    ruled_out,
    show,
)
from bench.selftest.suite import NAMES


@pytest.mark.thorough
def test_faults_are_counted_exactly_and_options_read_back() -> None:
    ended = bench("selftest", "losses", "sockets")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "40 lost" in ended.stdout
    assert "16 duplicated" in ended.stdout
    assert "10 reordered" in ended.stdout
    assert "FAIL" not in ended.stdout


def test_a_selftest_with_a_wrong_answer_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(losses.EVERY, "dropping", 50)
    found = {answer.injected: answer for answer in losses.answers(6, 1, tmp_path)}
    assert found["every 50th"].passed is False
    assert "40 lost" in found["every 50th"].measured
    assert show("wrong on purpose", list(found.values())) is False


@pytest.mark.thorough
def test_the_selftest_finds_a_stack_without_tcp_nodelay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sockets, "IMPLEMENTATIONS", losses.FAULTY)
    monkeypatch.setattr(sockets, "CELLS", "*/two_writes/request_reply.py")
    option, control = sockets.answers(6, 1, tmp_path)
    assert option.passed is False
    assert control.passed is True


def test_an_answer_for_information_never_fails() -> None:
    assert show("", [KnownAnswer("how long", "", "1 s", "", None)]) is True


@pytest.mark.parametrize("needs_quiet", [False, True])
@pytest.mark.parametrize("busy", [[], ["other processes took 40 % of the CPU time"]])
def test_a_busy_machine_excuses_only_answers_that_it_can_spoil(
    needs_quiet: bool, busy: list[str]
) -> None:
    wrong = KnownAnswer("", "5 ms", "9 ms", "5 ms", passed=False, needs_quiet=needs_quiet)
    assert show("", [wrong], busy) == (needs_quiet and bool(busy))


@pytest.mark.parametrize(("own_s", "busy"), [(2.0, False), (0.0, True)])
def test_a_machine_is_busy_if_other_processes_work(
    monkeypatch: pytest.MonkeyPatch, own_s: float, busy: bool
) -> None:
    moments = [Ticks(total_s=0, busy_s=0, steal_s=0), Ticks(4, 2, 0)]
    snapshots = [Snapshot(at, at, t, None, None) for at, t in enumerate(moments)]
    monkeypatch.setattr(answers, "take", iter(snapshots).__next__)
    monkeypatch.setattr(answers, "own_cpu_s", iter([0.0, own_s]).__next__)
    with observed() as reasons:
        pass
    assert bool(reasons) == busy


BLOCKS, SIMULATIONS = 20, 4000


@pytest.mark.thorough
@given(st.floats(0.001, 0.3))
@settings(max_examples=5)
def test_a_gate_lets_a_correct_harness_pass_at_any_noise(noise: float) -> None:
    rng, ones = np.random.default_rng(20), np.ones(BLOCKS)
    logs = rng.normal(math.log(1.13), noise, (SIMULATIONS, BLOCKS))
    failed = sum(ruled_out(row, ones, 1.07, 1.13) for row in np.exp(logs))
    assert failed / SIMULATIONS <= 2 * (1 - GATE_CONFIDENCE)


def test_a_gate_fails_a_wrong_harness_if_the_noise_is_small() -> None:
    rng, ones = np.random.default_rng(20), np.ones(BLOCKS)
    values = np.exp(rng.normal(math.log(1.2), 0.02, BLOCKS))
    assert ruled_out(values, ones, 1.07, 1.13)
    assert differ(values, ones)
    assert not ruled_out(values[:10], ones[:10], 1.07, 1.13)  # no interval of that level


def test_an_unknown_selftest_is_refused_with_the_list_of_names() -> None:
    ended = bench("selftest", "loses")
    assert ended.returncode == 1
    assert "did you mean losses" in ended.stderr
    assert all(name in ended.stderr for name in NAMES)
