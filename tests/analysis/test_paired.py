"""Ratios of a run in turns: paired by round, whatever the machine did in between."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
import recompute
import synthetic

from bench.analysis.comparisons import comparisons, grade_of, of_kind
from bench.analysis.copies import copies_of
from bench.analysis.paired import paired
from bench.analysis.precision import precision
from bench.analysis.results import Run, load
from bench.contract.alike import Kind
from bench.contract.model import Case
from bench.report.build import derive
from bench.report.numbers.numbers import numbers
from bench.run.sets import processes, takes_turns

ROUND_TRIP = "request_reply.latency.64B.tcp.1_clients.shared"
ZMQ, SOCKETS = (f"{ROUND_TRIP}.{stack}.minimal.python" for stack in ("zmq", "raw_socket"))


def shared_round_trips(case: Case) -> bool:
    return takes_turns(case) and case.name.removesuffix(".twin1") == ROUND_TRIP


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.make_in_turns(tmp_path_factory.mktemp("turns") / "run")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return load(folder)


def test_a_machine_that_slows_every_program_of_a_round_moves_no_ratio(run: Run) -> None:
    """The speed of the machine differs by half from round to round; the ratio is 1.3."""
    assert np.std(np.log(run.values_s(ZMQ))) > 0.1
    (row,) = (
        row
        for row in of_kind(comparisons(run), Kind.DECLARED)
        if (row.a.id, row.b.id) == (ZMQ, SOCKETS)
    )
    assert row.times.low <= 1.3 <= row.times.high
    assert row.times.high / row.times.low < 1.02
    assert row.times.blocks_done == 8


def test_a_block_has_the_median_over_its_rounds(run: Run) -> None:
    for block, value_s in run.values_s(ZMQ).items():
        (windows_s,) = run.windows_s(ZMQ, int(str(block))).values()
        assert value_s == statistics.median(windows_s)


def test_fewer_blocks_than_eight_make_no_interval(run: Run) -> None:
    found = paired(run, ZMQ, SOCKETS)
    assert found is not None
    few = type(found)(found.a[:7], found.b[:7], found.logs[:7], in_turns=True)
    assert few.interval.too_few_blocks
    assert not found.interval.too_few_blocks


def test_another_program_finds_the_same_numbers(run: Run) -> None:
    entries = json.loads(json.dumps(numbers(derive(run, draw=False))))
    wrong, compared, _ = recompute.opinion(entries, recompute.Run(run.folder))
    assert not wrong
    assert {"claim", "absolute"} <= set(compared)


@pytest.mark.thorough
def test_programs_of_a_set_that_was_cut_are_compared_with_its_shared_programs_by_round(
    tmp_path: Path,
) -> None:
    """Each ensemble has them, so that no ratio with them spans two moments."""
    folder = synthetic.make_in_turns(
        tmp_path / "run", "standard", keep=shared_round_trips, memory=800 << 20
    )
    run = load(folder)
    (first, *others) = (e["cases"] for e in run.ensembles if e["block"] == 0)
    assert others
    shared = set(first).intersection(*others)
    assert {ZMQ, SOCKETS, ZMQ.replace(".shared.", ".shared.twin1.")} <= shared
    for case in run.cases:
        for common in shared - {case}:
            found = paired(run, case, common)
            assert found is not None
            true = math.log(seconds_of(case) / seconds_of(common))
            assert np.abs(found.logs - true).max() < 0.02, (case, common)
    rows = precision(run, comparisons(run))
    assert any(len({row.pair.a.id, row.pair.b.id} & shared) == 1 for row in rows)
    for row in rows:
        assert row.both is not None
        low, high = row.pair.times.low, row.pair.times.high
        for found in (row.both.by_medians, row.both.by_means):
            assert (found.low, found.high) == pytest.approx((low, high))
    wrong, _, _ = recompute.opinion(
        json.loads(json.dumps(numbers(derive(run, draw=False)))), recompute.Run(folder)
    )
    assert not wrong


def seconds_of(case: str) -> float:
    (entry,) = (p.case for p in synthetic.planned_cases("standard") if p.case.id == case)
    return synthetic.usual_s(entry)


@pytest.mark.parametrize(("flagged", "letter"), [((), "A"), ((0, 1, 2), "C")])
def test_a_run_in_turns_is_graded_by_its_rounds(
    tmp_path: Path, flagged: Collection[int], letter: str
) -> None:
    folder = synthetic.make_in_turns(
        tmp_path / "run", keep=shared_round_trips, flagged=flagged
    )
    run = load(folder)
    assert grade_of(run, copies_of(run)).letter == letter


def test_an_ensemble_that_fits_has_every_program_of_its_set(run: Run) -> None:
    sets = {frozenset(e["cases"]) for e in run.ensembles}
    assert len(sets) == 4
    assert sum(map(len, sets)) == len(run.cases)
    planned = {p.case.id: p.case for p in synthetic.planned_cases("standard")}
    fan_out = next(s for s in sets if "fan_out" in min(s))
    assert {processes(planned[case]) for case in fan_out} == {5}
