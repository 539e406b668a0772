"""Two sends for one message wait for an acknowledgement; the controls do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.surveys.experiments.catalogue import two_sends
from bench.surveys.experiments.experiment import Block

DELAYED_ACK_MS = 40
"""The least delay of an acknowledgement in Linux (TCP_DELACK_MIN is HZ / 25)."""


@pytest.mark.thorough
def test_the_naive_program_waits_for_two_acknowledgements_and_no_control_does(
    tmp_path: Path,
) -> None:
    found = two_sends.measure(Block.of(0, "two_sends", tmp_path)).values
    took_ms, segments = found["round_trip_ms"], found["segments"]
    assert took_ms.keys() == two_sends.SUBJECTS.keys()
    assert took_ms.pop("two_sends") >= DELAYED_ACK_MS
    assert all(value < DELAYED_ACK_MS for value in took_ms.values())
    # A segment that the kernel sends again counts as a further one.
    for subject, count in {"one_send": 1, "two_sends": 2}.items():
        for options in ("", "_nodelay"):
            assert segments[f"{subject}{options}"] == pytest.approx(count, abs=0.2)
