"""failures.json tells a trial that the machine forbids from one that failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_bench import find_cell

from bench.contract.model import Case
from bench.run.archive import FAILURES, Archive
from bench.run.no_value import Cause, NoValue

CASE = Case(find_cell("zmq/minimal/request_reply.py"), "latency", "tcp", 64, 1, "free")


@pytest.mark.parametrize("cause", Cause)
def test_a_failure_is_read_as_it_was_kept(tmp_path: Path, cause: Cause) -> None:
    archive = Archive.create(tmp_path / "run", {})
    archive.fail(CASE, 2, NoValue(cause, "not measured by chance"), 1)
    (kept,) = archive.read(FAILURES)
    assert NoValue.read(kept) == NoValue(cause, "not measured by chance")
    assert (kept["case"], kept["block"], kept["repeat"]) == (CASE.id, 2, 1)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("not measured: no network", NoValue(Cause.NOT_PERMITTED, "no network")),
        ("the server ended", NoValue(Cause.FAILED, "the server ended")),
    ],
)
def test_a_failure_of_an_earlier_version_has_its_cause_in_its_words(
    reason: str, expected: NoValue
) -> None:
    assert NoValue.read({"case": CASE.id, "block": 0, "reason": reason}) == expected
