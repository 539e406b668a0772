"""How long the parts of a run took, beside the predictions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.run.archive import TIMING, Archive

CHECKS, PILOTS, SPEED, FAILURES = "checks", "pilots", "speed", "failures"
"""The parts of a run whose time is kept."""


def keep_time(
    archive: Archive, trials: int, predicted_s: float, took_s: float, part: str = SPEED
) -> None:
    """Add one part's time to the archive; a part that is resumed is there several times."""
    timing = archive.read(TIMING) or []
    about = {"trials": trials, "predicted_s": predicted_s, "took_s": took_s}
    archive.write(TIMING, [*timing, {"part": part, **about}])


@contextmanager
def timed(archive: Archive, part: str) -> Iterator[None]:
    """Keep how long a part of the run took, without a prediction."""
    began = time.monotonic()
    yield
    keep_time(archive, 0, 0.0, time.monotonic() - began, part)
