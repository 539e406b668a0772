"""Start orders: a program that has to be called again does not begin by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.errors import TrialError
from bench.run.levels import Standing, standings, trials_of
from bench.run.recovery import Cause, NoValue
from bench.surveys.experiments.catalogue.start_order import programs, shares, subject

PROGRAMS = {subject(cell): cell for cell in programs()}
QUIET = {"censored": 0, "raised": 0, "ended": 0, "fault": "server_last"}


def standing(*outcomes: dict[str, Any]) -> Standing:
    return Standing(PROGRAMS["zmq_request_reply"], [*outcomes], {})


@pytest.mark.parametrize(
    ("outcome", "in_place", "begun", "told"),
    [
        ({}, 1, 1, 0),
        ({"raised": 3, "told_after_s": 0.1}, 0, 1, 1),
        ({"ended": 1}, 0, 1, 0),
        ({"censored": 1, "raised": 1, "told_after_s": 4.9}, 0, 0, 1),
        ({"censored": 1, "told_after_s": 5.1}, 0, 0, 0),
    ],
)
def test_an_order_counts_by_its_outcome(
    outcome: dict[str, Any], in_place: float, begun: float, told: float
) -> None:
    found = shares(standing(QUIET | outcome))
    assert found == {"in_place": in_place, "begun": begun, "told": told}
    half = shares(standing(QUIET, QUIET | outcome))
    assert half["in_place"] == (1 + in_place) / 2


def test_an_order_that_could_not_be_tried_is_no_order_that_failed() -> None:
    lacking = standing(QUIET)
    lacking.unmeasured["peers_last"] = NoValue(Cause.NOT_PERMITTED, "no room")
    with pytest.raises(TrialError, match="peers_last"):
        shares(lacking)


@pytest.mark.thorough
def test_sockets_raise_without_a_server_and_zeromq_waits_for_it(tmp_path: Path) -> None:
    cells = [PROGRAMS["raw_socket_request_reply"], PROGRAMS["zmq_request_reply"]]
    sockets, zmq = standings(trials_of(cells, ("server_last",)), tmp_path, seed=1)
    assert sockets.outcomes[0]["raised"] > 0
    assert zmq.outcomes[0]["raised"] == zmq.outcomes[0]["ended"] == 0
