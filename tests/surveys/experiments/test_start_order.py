"""Start orders: a program that has to be called again does not begin by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.errors import TrialError
from bench.surveys.experiments.catalogue import start_order
from bench.surveys.experiments.catalogue.start_order import (
    PAUSE_S,
    SEEDS,
    SUBJECTS,
    found_in,
    is_usual,
    orders,
    programs,
    shares,
    subject,
    tried,
)
from bench.surveys.experiments.make import BLOCKS

PROGRAMS = {subject(cell): cell for cell in programs()}
PIPELINE = PROGRAMS["zmq_pipeline"]
QUIET = {"censored": 0, "raised": 0, "ended": 0}


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
    found = shares([QUIET], [QUIET | outcome])
    assert found == {"usual": 1, "in_place": in_place, "begun": begun, "told": told}
    half = shares([QUIET], [QUIET, QUIET | outcome])
    assert half["in_place"] == (1 + in_place) / 2


def test_the_usual_orders_count_apart_and_an_order_shows_its_worst_trial() -> None:
    raised = QUIET | {"raised": 1}
    order = ("work", "collect", "distribute")
    plan = [(PIPELINE, ("collect", "distribute", "work")), *[(PIPELINE, order)] * 3]
    found = found_in(zip(plan, [QUIET, QUIET, raised, QUIET], strict=True))
    assert found.values["usual"] == {"zmq_pipeline": 1}
    assert found.values["in_place"] == {"zmq_pipeline": 2 / 3}
    assert found.answers["work, collect, distribute"] == {"zmq_pipeline": "called again"}


def test_a_usual_order_has_the_roles_that_bind_first() -> None:
    assert [
        order for order in orders(PIPELINE.workload) if is_usual(order, PIPELINE.workload)
    ] == [
        ("collect", "distribute", "work"),
        ("distribute", "collect", "work"),
    ]


def test_every_workload_is_tried_in_every_order_and_with_twenty_seeds() -> None:
    assert PROGRAMS.keys() == SUBJECTS.keys()
    for cell in PROGRAMS.values():
        every = orders(cell.workload)
        assert len({*every}) == len(every)
        assert {*every[0]} == {role.name for role in cell.workload.roles}
        assert BLOCKS * SEEDS[cell.workload.name] * len(every) >= 20


def test_an_order_that_fails_twice_is_no_order_in_which_nothing_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def fails(*given: object) -> None:
        seen.append(given[2])
        raise TrialError("no host was ready")

    monkeypatch.setattr(start_order, "trial_of", fails)
    with pytest.raises(TrialError, match="no host was ready"):
        tried(PIPELINE, orders(PIPELINE.workload)[0], tmp_path, 1)
    assert len({*seen}) == 2


@pytest.mark.thorough
@pytest.mark.parametrize("workload", SEEDS)
def test_in_a_usual_order_work_begins_by_itself_and_in_others_only_on_zeromq(
    workload: str, tmp_path: Path
) -> None:
    """The usual order is the control: no stack needs a second call in it."""
    assert PAUSE_S[0] > 0
    stacks = ("raw_socket", "http", "zmq")
    cells = [PROGRAMS[f"{stack}_{workload}"] for stack in stacks]
    plan = [(cell, order) for cell in cells for order in orders(cell.workload)]
    outcomes = [tried(*one, tmp_path / str(at), seed=at) for at, one in enumerate(plan)]
    values = found_in(zip(plan, outcomes, strict=True)).values
    assert {*values["usual"].values()} == {1.0}
    assert [values["in_place"][subject(cell)] for cell in cells] == [0, 0, 1]
    assert [values["told"][subject(cell)] for cell in cells] == [1, 1, 0]
    assert {*values["begun"].values()} == {1.0}
