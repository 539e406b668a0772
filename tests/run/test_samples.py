"""Samples in few bytes: every number comes back, and runs of before stay readable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from bench.measure.recovery import NEVER_ARRIVED_NS
from bench.run.samples import joined, packed, parted, unpacked

DAY_NS = 86_400 * 10**9
Numbers = NDArray[np.int64]


def lines(count: int) -> st.SearchStrategy[dict[str, Numbers]]:
    """Return strategies for what became of so many messages, some of which never came."""
    times = arrays(np.int64, count, elements=st.integers(-DAY_NS, DAY_NS))
    arrived = st.one_of(st.just(NEVER_ARRIVED_NS), st.integers(-DAY_NS, DAY_NS))
    return st.fixed_dictionaries(
        {
            "call.0.0.due": times,
            "call.0.0.arrived": arrays(np.int64, count, elements=arrived),
            "call.0.0.state": arrays(np.int64, count, elements=st.integers(0, 255)),
        }
    )


def expect_same(found: dict[str, Numbers], wanted: dict[str, Numbers]) -> None:
    assert found.keys() == wanted.keys()
    for name, numbers in wanted.items():
        assert found[name].dtype == np.int64
        np.testing.assert_array_equal(found[name], numbers)


@given(arrays(np.int64, st.integers(0, 50)))
def test_every_latency_comes_back(numbers: Numbers) -> None:
    samples = {"call.0": numbers, "call.0.from_given": numbers[::-1]}
    expect_same(unpacked(packed(samples)), samples)


@given(st.integers(0, 30).flatmap(lines))
def test_every_time_of_a_recovery_comes_back(samples: dict[str, Numbers]) -> None:
    expect_same(unpacked(packed(samples)), samples)


def test_plain_numbers_of_earlier_runs_are_left_as_they_are() -> None:
    earlier = {
        "call.0.0.due": np.array([-5, 7]),
        "call.0.0.arrived": np.array([NEVER_ARRIVED_NS, 9]),
        "call.0.0.state": np.array([1, 0]),
        "call.1": np.array([3, 2**40]),
    }
    expect_same(unpacked(earlier), earlier)


@pytest.mark.parametrize("messages", [1000])
def test_a_history_takes_a_fraction_of_plain_numbers(messages: int, tmp_path: Path) -> None:
    """Due at even intervals, each a fraction of a millisecond late."""
    rng = np.random.default_rng(1)
    due = np.arange(messages, dtype=np.int64) * 1_000_000 - 3 * 10**8
    late = rng.lognormal(12, 0.3, messages).astype(np.int64)
    samples = {
        "call.0.0.due": due,
        "call.0.0.arrived": due + late,
        "call.0.0.state": np.zeros(messages, dtype=np.int64),
    }
    np.savez_compressed(tmp_path / "plain.npz", allow_pickle=False, **samples)
    np.savez_compressed(tmp_path / "packed.npz", allow_pickle=False, **packed(samples))
    plain, small = ((tmp_path / f"{n}.npz").stat().st_size for n in ("plain", "packed"))
    assert small < plain / 2


def test_a_file_of_many_trials_holds_each_of_them() -> None:
    """Trials differ in length; one has no message at all, and one a role less."""
    trials = {
        "case.b00": packed({"call.0": np.arange(5), "call.1": np.arange(3) * 2**33}),
        "case.b01": packed({"call.0": np.arange(0)}),
        "case.b01r1": packed({"call.0": -np.arange(4), "call.1": np.arange(2)}),
        "other.b00": {},
    }
    found = parted(joined(trials))
    assert list(found) == list(trials)
    for name, kept in trials.items():
        expect_same(unpacked(found[name]), unpacked(kept))
