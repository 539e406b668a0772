"""Rounds: flagged by what the machine did alone, made again once, and never too many."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.run import rounds
from bench.run.environment import Snapshot, Ticks
from bench.run.rounds import (
    Round,
    RoundEnvironment,
    Rounds,
    between,
    canary_on,
    counted,
    flags,
    repeats_of,
)

QUIET = RoundEnvironment(1.0, 0.2, 0.0, 0.0, 0.0, 0.0)


def seen(**changed: float) -> RoundEnvironment:
    return RoundEnvironment(**(vars(QUIET) | changed))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"stolen_s": 0.05}, "25 % of the CPU time stolen"),
        ({"others_s": 0.1}, "50 % of the CPU time taken by other processes"),
        ({"canary_ms": 2.0}, "canary 100 % slower than usual"),
        ({"clock_jump_ms": -80.0}, "the clock jumped by -80 ms"),
        ({"paused_ms": 3000.0}, "everything stood still for 3000 ms"),
    ],
)
def test_a_round_is_flagged_by_its_environment(
    changed: dict[str, float], reason: str
) -> None:
    assert flags(seen(**changed), usual_ms=1.0) == (reason,)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"stolen_s": 0.02},  # two ticks, of which one may be of before
        {"others_s": 0.02},
        {"others_s": 0.1, "cpu_s": 4.0},
        {"canary_ms": 1.4},
        {"clock_jump_ms": 2.0},
    ],
)
def test_a_difference_of_a_few_ticks_flags_no_round(
    changed: dict[str, float],
) -> None:
    assert flags(seen(**changed), usual_ms=1.0) == ()


def test_a_machine_without_counters_flags_no_round() -> None:
    silent: dict[str, Any] = {"cpu_s": None, "stolen_s": None, "others_s": None}
    assert flags(seen(**silent), usual_ms=1.0) == ()


def snapshot(at_s: float, busy_s: float, steal_s: float, wall_s: float) -> Snapshot:
    ticks = Ticks(2 * at_s, busy_s, steal_s)
    return Snapshot(int(at_s * 1e9), int(wall_s * 1e9), ticks, None, None)


def test_cpu_time_of_others_leaves_out_the_cpu_time_of_the_run() -> None:
    before, after = snapshot(10, 5, 1, 1000), snapshot(10.5, 5.75, 1.25, 1000.5)
    found = between(before, after, 0.5, 1.0, 0.0)
    assert found.cpu_s == pytest.approx(1.0)
    assert found.others_s == pytest.approx(0.25)
    assert found.stolen_s == pytest.approx(0.25)
    assert found.clock_jump_ms == pytest.approx(0.0)


def test_a_suspension_is_a_pause_and_no_jump_of_the_clock() -> None:
    before, after = snapshot(10, 5, 1, 1000), snapshot(10.5, 5.5, 1, 1060.5)
    found = between(before, after, 0.5, 1.0, 60_000.0)
    assert found.clock_jump_ms == pytest.approx(0.0)
    assert flags(found, 1.0) == ("everything stood still for 60000 ms",)


def test_the_canary_runs_on_the_cpus_that_are_measured_and_leaves_the_others_allowed() -> (
    None
):
    allowed = os.sched_getaffinity(0)
    assert canary_on(sorted(allowed)) > 0
    assert os.sched_getaffinity(0) == allowed


class Fake(Rounds):
    """Rounds of nothing, on a machine whose canary is as told."""

    def __init__(self, canaries_ms: Sequence[float]) -> None:
        self.made = []
        self._canaries_ms = list(canaries_ms)

    def _make_one(self, number: int, repeat: int) -> None:
        found = seen(canary_ms=self._canaries_ms.pop(0))
        why = flags(found, usual_ms=1.0)
        self.made.append(Round(number, repeat, len(self.made), (), found, why))


def test_a_flagged_round_is_made_again_and_its_repetition_counts() -> None:
    made = Fake([1, 1, 3, 1, 1])
    made.make(4, repeats=2)
    assert [(one.number, one.repeat) for one in made.made[4:]] == [(2, 1)]
    assert counted(made.made) == (0, 1, 4, 3)


@given(
    st.lists(st.sampled_from([1.0, 3.0]), min_size=40, max_size=40),
    st.integers(1, 24),
    st.integers(0, 6),
)
def test_every_round_counts_once_and_no_more_than_declared_are_repeated(
    canaries: list[float], count: int, repeats: int
) -> None:
    made = Fake(canaries)
    made.make(count, repeats)
    turns = counted(made.made)
    assert len({*turns}) == len(turns) == count
    flagged = sum(bool(one.flags) for one in made.made[:count])
    assert len(made.made) - count == min(repeats, flagged)


def test_a_sixth_of_the_rounds_may_be_repeated_and_one_at_least() -> None:
    assert [repeats_of(number) for number in (1, 5, 24)] == [1, 1, 4]


def test_each_round_is_watched_from_its_beginning_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = iter([snapshot(1, 0, 0, 1), snapshot(2, 1.5, 0.1, 2)])
    monkeypatch.setattr(rounds, "take", lambda: next(moments))

    class Ensemble:
        cpu_s = 0.0

        def take_round(self, *_: object) -> tuple[int, ...]:
            self.cpu_s += 1.0
            return (0,)

    made = Rounds(Ensemble(), [], random.Random(1))  # type: ignore[arg-type]
    made.make(1, 0)
    (one,) = made.made
    assert one.seen.others_s == pytest.approx(0.5, abs=0.2)
    assert one.seen.stolen_s == pytest.approx(0.1)
