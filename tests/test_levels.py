"""What a cell is credited with, it does: real processes, real faults, every guarantee.

A cell called ``resilient`` loses, doubles and answers wrongly nothing, whatever befalls it,
and one called ``reconnecting`` survives a restart of its server. Each is put to the faults
of its guarantees here, several trials side by side. A test says what happened instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import BROKEN, bench, find_cell
from hypothesis import given
from hypothesis import strategies as st

from bench.contract import IMPLEMENTATIONS, Cell
from bench.faults import all_faults
from bench.find import find_cells
from bench.levels import (
    CREDITED,
    DEADLINE_S,
    ESSENTIAL,
    GUARANTEED,
    L0,
    L1,
    L2,
    LEVELS,
    NOT_PROMISED,
    REFUSED,
    RESTARTS,
    Standing,
    against,
    level_of,
    standings,
    trials_of,
)
from bench.measure.recovery import BROKEN as CONTRACT_BROKEN
from bench.measure.recovery import KEPT, REPORTED
from bench.plan import Planned

# -- the rule ------------------------------------------------------------------------------

KILLED, CUT = "server_killed", "link_cut_1s"


def outcome(fault: str = KILLED, **changed: Any) -> dict[str, Any]:
    """Return what a trial came to in which all went well, but for what is changed."""
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
    return facts | changed


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
    "waits for ever for a server that never was": (
        L2,
        [outcome(), outcome("server_absent", hopeless=1, **HANGS)],
    ),
    "hangs without hope": (L1, [outcome(), outcome("leaves_alone", hopeless=1, **HANGS)]),
    "was never restarted": (None, [outcome(CUT)]),
    "was never measured": (None, []),
}


@pytest.mark.parametrize("name", RULE)
def test_the_rule(name: str) -> None:
    expected, outcomes = RULE[name]
    assert level_of(outcomes) == expected


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
    some: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    before, after = level_of(some), level_of(some + more)
    if before is not None:
        assert after is not None
        assert LEVELS.index(after) <= LEVELS.index(before)


@given(outcomes_drawn)
def test_a_level_includes_those_below_it(some: list[dict[str, Any]]) -> None:
    for lower, higher in pairwise(LEVELS):
        assert all(against(o, higher) for o in some if against(o, lower))


def standing(variant: str, *outcomes: dict[str, Any], **unmeasured: str) -> Standing:
    cell = find_cell(f"zmq/{variant}/request_reply.py")
    return Standing(cell, list(outcomes), unmeasured)


def test_a_cell_falls_short_of_what_its_variant_is_there_for() -> None:
    loses = outcome(**LOSES)
    assert standing("resilient", loses).falls_short
    assert not standing("reconnecting", loses).falls_short
    assert not standing("minimal", outcome(**HANGS)).falls_short
    assert standing("resilient").falls_short, "nobody has seen it survive anything"


def test_a_fault_that_could_not_be_put_to_it_counts_unless_the_machine_forbids_it() -> None:
    forbidden = standing("resilient", outcome(), link_reset="not measured: no namespaces")
    failed = standing("resilient", outcome(), link_reset="not every host was ready")
    assert not forbidden.falls_short
    assert failed.falls_short
    assert forbidden.reasons() == ["link_reset: not measured: no namespaces"]


def test_the_reasons_are_those_against_the_next_level() -> None:
    found = standing("resilient", outcome(**LOSES), outcome(CUT, **HANGS))
    assert found.level == L1
    assert found.reasons() == [f"{KILLED}: 10 lost in silence", f"{CUT}: did not recover"]
    assert standing("resilient", outcome(**HANGS)).reasons() == [
        f"{KILLED}: did not recover"
    ]
    assert standing("resilient", outcome()).reasons() == []


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
Found = Callable[[Cell], Standing]


@pytest.fixture(scope="module")
def found(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Found:
    """Put the cells of all selected tests to their faults, side by side."""
    wanted = [
        item.callspec.params["pair"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and "found" in item.fixturenames
    ]
    planned = [
        entry
        for entry in trials_of(CELLS, ESSENTIAL)
        if (entry.case.cell, entry.case.fault) in wanted
    ]
    logs = tmp_path_factory.mktemp("logs")
    every = {s.cell: s for s in standings(planned, logs, 1)}
    again = [entry for entry in planned if was_disturbed(entry, every)]
    for repeated in standings(again, logs, 1, at_once=2):
        replace_outcomes(every[repeated.cell], repeated)
    return every.__getitem__


def was_disturbed(entry: Planned, every: Mapping[Cell, Standing]) -> bool:
    """Say whether a trial may have failed because this machine is busy with the others.

    That is one that did not get as far as its fault, or did not settle or leave in the
    time there was. What was lost, doubled or wrong would be so on any machine.
    """
    standing, fault = every[entry.case.cell], entry.case.fault
    if fault in standing.unmeasured:
        return not standing.unmeasured[fault].startswith("not measured")
    made = next(o for o in standing.outcomes if o["fault"] == fault)
    slow = "not gone" in str(made["against"])
    return slow or not (made["settled"] or made["hopeless"])


def replace_outcomes(standing: Standing, repeated: Standing) -> None:
    faults = {outcome["fault"] for outcome in repeated.outcomes} | {*repeated.unmeasured}
    kept = [outcome for outcome in standing.outcomes if outcome["fault"] not in faults]
    standing.outcomes[:] = [*kept, *repeated.outcomes]
    for fault in faults:
        standing.unmeasured.pop(fault, None)
    standing.unmeasured.update(repeated.unmeasured)


@pytest.mark.parametrize("pair", PUT_TO.values(), ids=PUT_TO)
def test_a_guarantee_is_kept(pair: tuple[Cell, str], found: Found) -> None:
    cell, fault = pair
    standing = found(cell)
    if fault in standing.unmeasured:
        reason = standing.unmeasured[fault]
        if reason.startswith("not measured"):
            pytest.skip(reason)
        pytest.fail(reason)
    (made,) = (outcome for outcome in standing.outcomes if outcome["fault"] == fault)
    assert against(made, CREDITED[cell.variant.name]) == ""


def test_a_cell_that_keeps_no_guarantee_is_found(tmp_path: Path) -> None:
    cells = [find_cell("failing/never_reconnecting/request_reply.py", BROKEN)]
    (standing,) = standings(trials_of(cells, (KILLED,)), tmp_path, 1)
    assert standing.level == L0
    assert "did not recover" in standing.reasons()[0]


def test_the_command_shows_levels_and_what_speaks_against_more() -> None:
    ended = bench("check", "--levels", "raw_socket/minimal/request_reply.py")
    assert ended.returncode == 0, ended.stderr
    (line,) = (text for text in ended.stdout.splitlines() if "raw_socket/minimal" in text)
    assert f" {L0} " in line
    assert "raised" in ended.stdout
