"""The selftest of more work in turns fails where ratios are not the known ones."""

from __future__ import annotations

import math
import os
import time
from itertools import pairwise
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import synthetic

from bench.analysis.idle import IDLE, IDLE_MAX_US_PER_S, restless
from bench.analysis.results import load
from bench.analysis.stats import Floats
from bench.contract.find import find_cells
from bench.contract.model import Case
from bench.measure.common import Measured
from bench.report import words
from bench.report.sections.limits import waiting
from bench.selftest.losses import FAULTY
from bench.selftest.work_in_turns import (
    QUICK,
    RESTLESS,
    idle_beside_polling,
    known,
    named,
    sizes,
)
from bench.surveys.operating_curve import neighbour

if TYPE_CHECKING:
    from bench.report.model import Data

FEW = ("zmq/minimal/request_reply.py", "raw_socket/minimal/request_reply.py")


def logs(ratio: float, spread: float = 0.02) -> Floats:
    """Return log ratios that scatter evenly around that of ``ratio``, in each half too."""
    return math.log(ratio) + np.tile(np.linspace(-spread, spread, QUICK), 2)


def test_ratios_that_a_neighbour_biased_are_found() -> None:
    right = {0: logs(1.0), 3: logs(1.03), 10: logs(1.11)}
    assert [answer.passed for answer in known("", right)] == [True, True, True]
    biased = {0: logs(1.04), 3: logs(0.99), 10: logs(1.05)}
    assert [answer.passed for answer in known("", biased)] == [False, False, False]


def test_little_work_differs_from_none_and_much_is_slower() -> None:
    found = list(sizes({3: logs(1.03), 10: logs(1.10)}))
    assert [answer.passed for answer in found] == [True] * 4
    assert "tells it from 1" in found[0].measured
    wide = list(sizes({3: logs(1.03, 0.5), 10: logs(1.10, 0.5)}))
    assert [answer.passed for answer in wide] == [True, False, True, False]
    assert "cannot tell it from 1" in wide[0].measured
    assert all(answer.needs_quiet for answer in wide if answer.passed is False)


def test_only_the_program_that_polls_may_be_named() -> None:
    much = 2 * IDLE_MAX_US_PER_S
    assert named({"minimal": 10.0, RESTLESS: much}).passed is True
    assert named({"minimal": 10.0, RESTLESS: 10.0}).passed is False
    assert named({"minimal": much, RESTLESS: much}).passed is False
    assert list(restless({"a": much, "b": 1.0, "c": 2 * much})) == ["c", "a"]


def test_a_server_that_polls_is_named_in_a_real_ensemble(tmp_path: Path) -> None:
    (plain,) = (c for c in find_cells([FAULTY]) if c.variant.name == "asking_once")
    idle = idle_beside_polling(plain, 100e-6, tmp_path, Random(1))
    assert RESTLESS in restless(idle)
    assert idle[RESTLESS] > idle["asking_once"]


@pytest.mark.parametrize(
    ("plan", "share"),
    [(neighbour.two_speeds, 1 / 2), (neighbour.comes_and_goes, 1 / 3)],
)
def test_a_neighbour_is_there_for_its_share_of_the_time(
    plan: neighbour.Plan, share: float
) -> None:
    there = [plan(at / 100) for at in range(1800)]
    assert np.mean(there) == pytest.approx(share, abs=0.01)


def test_a_neighbour_grows_until_it_is_always_there() -> None:
    tenths = [
        np.mean([neighbour.grows(start + at / 1000) for at in range(5000)])
        for start in range(0, 50, 5)
    ]
    assert all(a <= b for a, b in pairwise(tenths))
    assert tenths[0] < 0.1
    assert tenths[-1] > 0.99


def test_a_neighbour_takes_no_time_while_it_is_away_and_ends_with_the_block() -> None:
    children = _children()
    with neighbour.neighbour(lambda _: False):
        (pid,) = _children() - children
        ends = time.monotonic() + 30
        while _state(pid) != "T":
            assert time.monotonic() < ends
            time.sleep(0.01)
    assert _children() == children


def _children() -> set[int]:
    path = f"/proc/{os.getpid()}/task"
    return {
        int(pid)
        for task in os.listdir(path)
        for pid in Path(path, task, "children").read_text().split()
    }


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_report_names_programs_that_take_time_while_they_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(folder: Path) -> list[str]:
        keep: dict[str, Any] = {
            "keep": lambda case: case.cell.id in FEW and case.placement == "shared"
        }
        run = load(synthetic.make_in_turns(folder, **keep))
        data = SimpleNamespace(
            run=run, cell=lambda case: words.cell(case, run.about["stacks"])
        )
        return list(waiting(cast("Data", data)))

    assert "at most 0.0010 % of a CPU" in said(tmp_path / "calm")[0]
    usual = synthetic.in_turns

    def polling(case: Case, values_s: list[float], ensemble: str) -> Measured:
        made = usual(case, values_s, ensemble)
        if case.cell.stack.name == "zmq":
            made.metadata[IDLE] = 200_000.0
        return made

    monkeypatch.setattr(synthetic, "in_turns", polling)
    (sentence,) = said(tmp_path / "polling")
    assert "ZeroMQ (minimal): 20" in sentence
    assert "BSD sockets" not in sentence
