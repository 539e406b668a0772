"""A cell keeps the guarantees of its variant: real processes, real faults, every guarantee.

A cell called ``resilient`` loses, doubles and answers wrongly nothing under any fault, and
one called ``reconnecting`` survives a restart of its server. Each is tried with the faults
of its guarantees here, several trials side by side. A failed test names what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import BROKEN, bench, find_cell, thorough_but
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.all_workloads import WORKLOADS
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, PROJECT, Cell, Workload
from bench.errors import ResultsError
from bench.faults.all_faults import all_faults
from bench.faults.breach import BreachKind
from bench.measure.levels import (
    CREDITED,
    DEADLINE_S,
    ESSENTIAL,
    FAULTS_OF,
    GUARANTEED,
    L0,
    L1,
    L2,
    LEVELS,
    NOT_PROMISED,
    REFUSED,
    RESTARTS,
    breaches,
    faults_of,
    level_of,
    untested,
)
from bench.measure.outcome import Outcome
from bench.measure.recovery import BROKEN as CONTRACT_BROKEN
from bench.measure.recovery import KEPT, REPORTED
from bench.run.levels import Standing, standings, trials_of
from bench.run.no_value import Cause, NoValue

# -- the rule ------------------------------------------------------------------------------

KILLED, CUT = "server_killed", "link_cut_1s"


def outcome(fault: str = KILLED, **changed: Any) -> Outcome:
    """Return the outcome of a trial without a fault, except for what is changed."""
    facts: dict[str, Any] = {
        "fault": fault,
        "hopeless": 0,
        "settled": 1,
        "verdict": KEPT,
        "against": "nothing",
        "raised": 0,
        "ended": 0,
        "attempted": 100,
        "delivered": 100,
        "orphaned": 0,
        "healed_s": 1.0,
    }
    return Outcome.read(facts | changed)


HANGS = {"settled": 0, "verdict": CONTRACT_BROKEN, "against": "did not recover"}
LOSES = {"delivered": 90, "verdict": CONTRACT_BROKEN, "against": "10 lost in silence"}
SAYS = {"delivered": 90, "verdict": REPORTED, "against": "10 reported lost"}
RAISES = {"raised": 3, "verdict": REPORTED, "against": "3 raised"}

RULE = {
    "all is well": (L2, [outcome(), outcome(CUT)]),
    "hangs after a restart": (L0, [outcome(**HANGS), outcome(CUT)]),
    "raises at a restart": (L0, [outcome(**RAISES)]),
    "ends at a restart": (L0, [outcome(ended=1, verdict=REPORTED)]),
    "loses at a restart": (L1, [outcome(**LOSES)]),
    "says what it loses at a restart": (L1, [outcome(**SAYS)]),
    "hangs after a cut": (L1, [outcome(), outcome(CUT, **HANGS)]),
    "raises at a cut": (L1, [outcome(), outcome(CUT, **RAISES)]),
    "loses in a cut": (L1, [outcome(), outcome(CUT, **LOSES)]),
    "says what it loses in a short cut": (L1, [outcome(), outcome(CUT, **SAYS)]),
    "says what it loses in a long cut": (
        L2,
        [outcome(), outcome(CUT, **SAYS, healed_s=DEADLINE_S + 1)],
    ),
    "answers too late": (L1, [outcome(), outcome(CUT, overdue=1)]),
    "answers too late after a cut that outlasts the deadline": (
        L2,
        [outcome(), outcome(CUT, overdue=1, healed_s=DEADLINE_S + 1)],
    ),
    "loses with the process that had it": (L2, [outcome(**SAYS, orphaned=10)]),
    "loses more than that process had": (L1, [outcome(**SAYS, orphaned=9)]),
    "one restart of several goes wrong": (L0, [outcome(), outcome(), outcome(**HANGS)]),
    "says that there is no hope": (
        L2,
        [outcome(), outcome("leaves_alone", settled=0, hopeless=1, delivered=0)],
    ),
    "is told that a message is too large": (
        L2,
        [outcome(), outcome("message_oversized", delivered=99, verdict=REPORTED)],
    ),
    "loses a message that is too large": (
        L1,
        [outcome(), outcome("message_oversized", **LOSES)],
    ),
    "waits forever for a server that never was": (
        L2,
        [outcome(), outcome("server_absent", hopeless=1, **HANGS)],
    ),
    "hangs without hope": (L1, [outcome(), outcome("leaves_alone", hopeless=1, **HANGS)]),
}


ASKED = WORKLOADS["request_reply"]


def with_all_else(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return outcomes, and of each fault of the list that has none one that is well."""
    missing = untested(outcomes, L2, ASKED)
    return [*outcomes, *(outcome(fault) for fault in missing)]


@pytest.mark.parametrize("name", RULE)
def test_a_level_follows_from_the_outcomes_of_all_its_faults(name: str) -> None:
    expected, outcomes = RULE[name]
    assert level_of(with_all_else(outcomes), ASKED) == expected


def test_a_level_with_an_untried_fault_is_not_given() -> None:
    every = with_all_else([])
    assert level_of(every, ASKED) == L2
    for left_out in {made.fault for made in every}:
        some = [made for made in every if made.fault != left_out]
        assert level_of(some, ASKED) == (None if left_out in RESTARTS else L1), left_out
        assert level_of(some, ASKED, but=[left_out]) == L2
    assert level_of([], ASKED) is None
    assert level_of([outcome(CUT)], ASKED) is None


def test_a_trial_that_lacks_a_field_is_refused_with_its_name() -> None:
    with pytest.raises(ResultsError, match="no 'fault'"):
        Outcome.read({"verdict": KEPT})


def test_one_broken_fault_of_l1_decides_l0() -> None:
    assert level_of([outcome(**HANGS)], ASKED) == L0


def test_a_fault_that_is_on_no_list_decides_nothing() -> None:
    for fault in {*all_faults()} - {*GUARANTEED}:
        assert level_of([*with_all_else([]), outcome(fault, **HANGS)], ASKED) == L2


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_the_documentation_has_the_faults_of_each_level(workload: Workload) -> None:
    """One row for each fault, with a mark for each workload and the level."""
    rows = (PROJECT / "docs" / "failures.md").read_text(encoding="utf-8").splitlines()
    column = 2 + ["request_reply", "fan_out", "pipeline"].index(workload.name)
    for level in (L1, L2):
        found = []
        for row in rows:
            words = [word.strip(" `") for word in row.split("|")]
            if len(words) > 5 and words[1] in all_faults() and words[column]:
                below = words[5] <= level
                found += [words[1]] if below else []
        assert sorted(found) == sorted(faults_of(level, workload)), level


outcomes_drawn = st.lists(
    st.builds(
        lambda fault, changed: outcome(fault, **changed),
        st.sampled_from([*RESTARTS, CUT, "worker_killed"]),
        st.sampled_from([{}, {}, HANGS, LOSES, SAYS, RAISES]),
    ),
    max_size=8,
)


@given(outcomes_drawn, outcomes_drawn)
def test_more_trials_never_raise_a_level_once_there_is_one(
    some: list[Outcome], more: list[Outcome]
) -> None:
    every = with_all_else(some)
    before, after = level_of(every, ASKED), level_of(every + more, ASKED)
    assert before is not None
    assert after is not None
    assert LEVELS.index(after) <= LEVELS.index(before)


@given(outcomes_drawn)
def test_a_level_includes_those_below_it(some: list[Outcome]) -> None:
    assert {*FAULTS_OF[L1]} <= {*FAULTS_OF[L2]}
    for lower, higher in pairwise(LEVELS):
        assert all(breaches(o, higher) for o in some if breaches(o, lower))


def standing(variant: str, *outcomes: Outcome, **unmeasured: NoValue) -> Standing:
    cell = find_cell(f"zmq/{variant}/request_reply.py")
    tried = [made for made in with_all_else(outcomes) if made.fault not in unmeasured]
    return Standing(cell, tried, unmeasured)


def test_a_program_below_the_level_of_its_variant_falls_short() -> None:
    loses = outcome(**LOSES)
    assert standing("resilient", loses).falls_short
    assert not standing("reconnecting", loses).falls_short
    assert not standing("minimal", outcome(**HANGS)).falls_short
    seen_nothing = Standing(find_cell("zmq/resilient/request_reply.py"), [], {})
    assert seen_nothing.falls_short, "nobody has seen it survive anything"


def test_an_unmeasured_fault_counts_as_a_failure_unless_the_machine_forbids_it() -> None:
    no_namespaces = NoValue(Cause.NOT_PERMITTED, "no namespaces")
    no_host = NoValue(Cause.FAILED, "not every host was ready")
    forbidden = standing("resilient", outcome(), link_reset=no_namespaces)
    failed = standing("resilient", outcome(), link_reset=no_host)
    assert not forbidden.falls_short
    assert failed.falls_short
    assert forbidden.reasons() == ["link_reset: not measured: no namespaces"]


def test_the_reasons_name_the_faults_that_block_the_next_level() -> None:
    found = standing("resilient", outcome(**LOSES), outcome(CUT, **HANGS))
    assert found.level == L1
    assert found.reasons() == [f"{KILLED}: 10 lost in silence", f"{CUT}: did not recover"]
    assert standing("resilient", outcome(**HANGS)).reasons() == [
        f"{KILLED}: did not recover"
    ]
    assert standing("resilient", outcome()).reasons() == []
    cell = find_cell("zmq/resilient/request_reply.py")
    (said,) = Standing(cell, [outcome(f) for f in RESTARTS], {}).reasons()
    assert said.startswith(f"{L2} not tested: ")


def test_every_fault_of_the_guarantees_exists() -> None:
    assert {*GUARANTEED, *NOT_PROMISED, *REFUSED} <= {*all_faults()}
    assert not {*GUARANTEED} & {*NOT_PROMISED}


# -- every guarantee of every cell that claims it ------------------------------------------

CELLS = [cell for cell in find_cells([IMPLEMENTATIONS]) if cell.variant.name in CREDITED]


def faults_for(cell: Cell) -> list[str]:
    """Return the faults that decide on the level that a cell is there for."""
    known, level = all_faults(), CREDITED[cell.variant.name]
    names = RESTARTS if level == L1 else ESSENTIAL
    return [name for name in names if cell.workload.name in known[name].workloads]


PUT_TO = {
    f"{cell.id} {fault}": (cell, fault) for cell in CELLS for fault in faults_for(cell)
}
QUICK = [
    "raw_socket/resilient/request_reply.py link_reset",
    "raw_socket/reconnecting/fan_out.py server_killed",
    "http/resilient/pipeline.py worker_killed",
    "zmq/resilient/request_reply.py server_killed",
]


def tried(cell: Cell, fault: str, logs: Path) -> Standing:
    """Put a cell to a fault, and twice more if the machine may be to blame."""
    planned = trials_of([cell], [fault])
    for seed in (1, 2, 3):
        (found,) = standings(planned, logs / str(seed), seed)
        if not was_disturbed(found, fault):
            break
    return found


def was_disturbed(standing: Standing, fault: str) -> bool:
    """Say whether a trial may have failed because this machine is busy with others.

    That is one that did not get as far as its fault, did not settle or leave in the time
    there was, or delivered late. Loss, duplicates and wrong messages are so anywhere.
    """
    if fault in standing.unmeasured:
        return standing.unmeasured[fault].cause == Cause.FAILED
    (made,) = standing.outcomes
    kinds = {breach.kind for breach in made.breaches}
    slow = kinds & {BreachKind.NOT_GONE, BreachKind.OTHERS_SLOWED}
    return bool(slow) or not (made.settled or made.hopeless)


@pytest.mark.parametrize("pair", thorough_but(QUICK, PUT_TO))
def test_every_credited_program_keeps_its_guarantee(
    pair: tuple[Cell, str], tmp_path: Path
) -> None:
    cell, fault = pair
    standing = tried(cell, fault, tmp_path)
    if reason := standing.unmeasured.get(fault):
        if reason.cause == Cause.NOT_PERMITTED:
            pytest.skip(str(reason))
        pytest.fail(str(reason))
    (made,) = standing.outcomes
    assert breaches(made, CREDITED[cell.variant.name]) == []


@pytest.mark.thorough
def test_a_program_that_breaks_a_guarantee_is_found(tmp_path: Path) -> None:
    cells = [find_cell("failing/never_reconnecting/request_reply.py", BROKEN)]
    (standing,) = standings(trials_of(cells, (KILLED,)), tmp_path, 1)
    assert standing.level == L0
    assert "did not recover" in standing.reasons()[0]


@pytest.mark.thorough
def test_the_command_shows_levels_and_the_fault_that_blocks_the_next() -> None:
    ended = bench("check", "--levels", "raw_socket/minimal/request_reply.py")
    assert ended.returncode == 0, ended.stderr
    (line,) = (text for text in ended.stdout.splitlines() if "raw_socket/minimal" in text)
    assert f" {L0} " in line
    assert "raised" in ended.stdout
