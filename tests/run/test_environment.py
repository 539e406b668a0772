"""The environment of a block: parsed from odd text too, flagged and graded by rule."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.run.environment import (
    BlockEnvironment,
    Snapshot,
    between,
    canary_ms,
    flags,
    grade,
    parse_pressure,
    parse_throttled,
    take,
)
from bench.trial.ticks import Ticks, parse_ticks

QUIET = BlockEnvironment(0, 0, 0, 30.0, 0.0, 0.7, 0.01, 0.5, 0.0, 0.0)
FIRST = Snapshot(0, 0, Ticks(100.0, 10.0, 0.0), 1_000, 0)


def test_ticks_leave_out_idle_time_and_guests_counted_as_users() -> None:
    ticks = parse_ticks("cpu  100 20 30 400 50 6 7 8 900 900\ncpu0 1 2 3\n", 0.01)
    assert ticks is not None
    assert ticks.total_s == pytest.approx(6.21)
    assert ticks.busy_s == pytest.approx(1.63)
    assert ticks.steal_s == pytest.approx(0.08)


@given(st.text())
def test_odd_text_is_unknown_and_never_an_error(text: str) -> None:
    for parsed in (parse_ticks(text, 0.01), parse_pressure(text), parse_throttled(text)):
        assert parsed is None or isinstance(parsed, Ticks | int)


def test_pressure_and_throttling_are_read_in_microseconds() -> None:
    text = "some avg10=0.00 avg60=1.00 avg300=0.10 total=1234\nfull avg10=0.00 total=9\n"
    assert parse_pressure(text) == 1234
    assert parse_throttled("usage_usec 5\nnr_throttled 1\nthrottled_usec 77\n") == 77


def test_a_fact_that_the_machine_hides_is_unknown(tmp_path: Path) -> None:
    snapshot = take(tmp_path, tmp_path)
    assert (snapshot.ticks, snapshot.pressure_us, snapshot.throttled_us) == (None,) * 3
    block = between(snapshot, take(tmp_path, tmp_path), 0.1, 30.0, 0, 0, 0)
    assert (block.steal_share, block.other_cpu_share, block.throttled_ms) == (None,) * 3
    assert flags([block]) == {(0, 0, 0): []}


def test_the_ticks_of_this_machine_are_read() -> None:
    before = take()
    assert canary_ms(100_000) > 0
    assert before.ticks is not None
    after = take().ticks
    assert after is not None
    assert after.total_s >= before.ticks.total_s


def test_the_share_of_other_processes_leaves_out_the_run_s_own() -> None:
    after = Snapshot(int(10e9), int(10e9) + int(2e6), Ticks(120.0, 25.0, 1.0), 4_001_000, 5)
    block = between(
        FIRST, after, own_cpu_s=12.0, canary_ms=31.0, block=3, repeat=0, attempt=1
    )
    assert block.own_cpu_share == pytest.approx(12 / 20)
    assert block.other_cpu_share == pytest.approx(3 / 20)
    assert block.steal_share == pytest.approx(1 / 20)
    assert block.pressure_share == pytest.approx(0.4)
    assert block.clock_jump_ms == pytest.approx(2.0)
    assert block.throttled_ms == pytest.approx(0.005)
    assert (block.block, block.attempt, block.canary_ms) == (3, 1, 31.0)


@pytest.mark.parametrize(
    ("field", "just", "over", "reason"),
    [
        ("steal_share", 0.01, 0.011, "stolen"),
        ("other_cpu_share", 0.05, 0.051, "other processes"),
        ("clock_jump_ms", -50.0, -51.0, "clock"),
        ("throttled_ms", 0.0, 1.0, "throttled"),
        ("canary_ms", 33.0, 33.1, "canary"),
    ],
)
def test_a_block_is_flagged_beyond_its_threshold_only(
    field: str, just: float, over: float, reason: str
) -> None:
    quiet = [replace(QUIET, block=number) for number in range(5)]
    assert flags([*quiet, replace(QUIET, block=5, **{field: just})])[5, 0, 0] == []
    (found,) = flags([*quiet, replace(QUIET, block=5, **{field: over})])[5, 0, 0]
    assert reason in found


@pytest.mark.parametrize(
    ("flagged", "widths", "letter"),
    [
        (0.0, [0.019, 0.001], "A"),
        (0.0, [0.02], "B"),
        (0.04, [0.001], "B"),
        (0.05, [0.001], "C"),
        (0.0, [0.001, 0.05], "C"),
        (0.0, [], "C"),
        (0.0, [0.001, math.inf], "C"),
        (0.0, [0.001, math.nan], "C"),
    ],
)
def test_a_grade_follows_from_flagged_blocks_and_noise(
    flagged: float, widths: list[float], letter: str
) -> None:
    assert grade(flagged, widths).letter == letter


@pytest.mark.parametrize(
    ("flagged", "widest", "why"),
    [
        (0.0, 0.001, "Nothing else disturbed the repetitions."),
        (0.0, 0.03, "Nothing else disturbed the repetitions, but copies of one program "
         "may differ by up to 3.0 %."),
        (0.0, 0.17, "Nothing else disturbed the repetitions, but copies of one program "
         "may differ by up to 17.0 %."),
        (1.0, 0.001, "Something else disturbed 100 % of the repetitions."),
        (0.2, 0.17, "Something else disturbed 20 % of the repetitions, and copies of one "
         "program may differ by up to 17.0 %."),
        (0.0, math.inf, "Nothing else disturbed the repetitions, but the noise is "
         "unknown."),
    ],
)  # fmt: skip
def test_a_grade_names_its_reasons(flagged: float, widest: float, why: str) -> None:
    """The reason for a grade stands last."""
    assert grade(flagged, [widest]).reasons[-1] == why


def test_the_environment_of_a_block_is_read_back_from_its_file() -> None:
    assert BlockEnvironment.from_json(json.loads(json.dumps(QUIET.to_json()))) == QUIET
