"""Processes of experiments complain to the harness, and not to the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.errors import TrialError
from bench.experiments.processes import line, started
from bench.experiments.settled import settled

COMPLAINS = "import sys; print('first', file=sys.stderr); sys.exit('the last word')"
GREETS = (
    "import sys; print('a warning', file=sys.stderr); print('ready', flush=True); input()"
)


def test_the_error_of_a_program_that_ended_has_its_last_word(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with (
        pytest.raises(TrialError, match=r"ended; .* wrote: the last word$"),
        started([sys.executable, "-c", COMPLAINS]) as process,
    ):
        line(process)
    assert capfd.readouterr() == ("", "")


def test_what_a_program_writes_beside_its_answers_goes_to_a_file_that_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    errors = tmp_path / "errors.log"
    with started([sys.executable, "-c", GREETS], errors=errors) as process:
        assert line(process) == "ready"
    assert errors.read_text() == "a warning\n"
    assert capfd.readouterr() == ("", "")


def test_a_count_settles_when_it_stands_still() -> None:
    counts = iter([1, 2, 3])
    assert settled(lambda: next(counts, 4), still_s=0.2) == 4
