"""Decisions about a protocol: each has a proof, and a proof that is gone is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import TrialError
from bench.surveys.experiments.catalogue.wire_decisions.experiment import (
    SUBJECTS,
    measure,
    programs,
    proven,
)
from bench.surveys.experiments.experiment import Block

PROGRAMS = dict(programs())


def test_every_program_of_the_list_is_there_and_counted(tmp_path: Path) -> None:
    made = measure(Block.of(0, "wire_decisions", tmp_path)).values["made"]
    assert made.keys() == PROGRAMS.keys() == SUBJECTS.keys()
    assert made["zmq_request_reply_minimal"] == 0
    assert made["raw_socket_request_reply_minimal"] > 0


@pytest.mark.parametrize(
    ("decision", "proof"),
    [("framing", "a line that no program has"), ("taste", "MESSAGE_MAX_BYTES = ")],
)
def test_a_decision_without_a_proof_or_outside_of_the_list_is_an_error(
    decision: str, proof: str
) -> None:
    with pytest.raises(TrialError, match=r"decisions\.toml"):
        proven(PROGRAMS["raw_socket_request_reply_minimal"], {decision: proof})
