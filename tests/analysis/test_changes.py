"""Changes between two runs: of programs, not of machines; and the exit status for CI."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any

import pytest
import synthetic
from altered import made, other, seconds
from click.testing import CliRunner
from once import once
from synthetic_failures import Story, usual_story

from bench.analysis.changes import other_machine
from bench.analysis.compared_rows import Change
from bench.analysis.references import noise_of
from bench.analysis.results import load
from bench.analysis.side import read_side
from bench.analysis.stats import Interval
from bench.analysis.two_runs import TwoRuns
from bench.cli.main import main
from bench.contract.model import Case
from bench.report.pages.two_runs import CHANGES
from bench.report.sections.two_runs import regressions
from bench.run.sets import takes_turns

ROUND_TRIP = "request_reply.latency.64B.tcp.1_clients.shared"
BASELINE = f"{ROUND_TRIP}.raw_socket.minimal.python"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "before", lambda root: made(root / "run")) / "run"


def two_runs(here: Path, there: Path) -> TwoRuns:
    return TwoRuns(here=read_side(here), there=read_side(there))


def rows(here: Path, there: Path) -> dict[str, Change]:
    return {row.case.id: row for row in two_runs(here, there).cases}


def test_two_runs_alike_show_no_change(tmp_path: Path, before: Path) -> None:
    found = rows(made(tmp_path / "run", seed=12), before)
    assert {row.verdict for row in found.values()} == {"equivalent"}
    assert {row.basis for row in found.values()} == {"time"}
    assert all(0.97 < row.low < row.high < 1.03 for row in found.values())


def test_a_program_that_became_slower_is_found_and_no_other(
    tmp_path: Path, before: Path
) -> None:
    found = rows(made(tmp_path / "run", seconds=seconds(1.3)), before)
    slower = {case for case, row in found.items() if row.verdict == "slower"}
    assert slower == {f"{ROUND_TRIP}.zmq.minimal.python"}
    changed = found[f"{ROUND_TRIP}.zmq.minimal.python"]
    assert changed.low < 1.3 < changed.high
    assert changed.declared
    assert not [case for case, row in found.items() if row.verdict == "faster"]


@pytest.mark.thorough
def test_a_machine_that_became_slower_is_no_regression(
    tmp_path: Path, before: Path
) -> None:
    """Every program takes 1.3 times as long: unchanged ones show that it is not theirs."""
    slow = made(tmp_path / "run", seconds=seconds(everywhere=1.3))
    found = rows(slow, before)
    assert {row.verdict for row in found.values()} == {"inconclusive"}
    assert all(row.noise > 0.29 for row in found.values())
    worse = made(tmp_path / "worse", seconds=seconds(1.5, everywhere=1.3))
    assert rows(worse, before)[f"{ROUND_TRIP}.zmq.minimal.python"].verdict == "slower"


def test_without_an_unchanged_program_ratios_to_the_baseline_decide(
    tmp_path: Path, before: Path
) -> None:
    versions = json.loads((before / "run.json").read_text())["machine"]["versions"]
    slow = made(tmp_path / "run", seconds=seconds(1.3, everywhere=2.0))
    other(slow, versions={**versions, "python": "3.99", "gcc": "99"})
    found = rows(slow, before)
    case = found.pop(f"{ROUND_TRIP}.zmq.minimal.python")
    assert (case.basis, case.verdict) == ("relative", "slower")
    assert case.low < 1.3 < case.high
    # The baseline's own cells have none, nor have programs of a promise of their own.
    baselines = {c: row for c, row in found.items() if row.basis == "time"}
    same = attrgetter("name", "language", "promise")
    sockets = {same(row.case) for row in found.values() if row.case.stack == "raw_socket"}
    assert all(
        row.case.stack == "raw_socket" or same(row.case) not in sockets
        for row in baselines.values()
    )
    assert {row.verdict for row in baselines.values()} == {"inconclusive"}
    others = [row for c, row in found.items() if c not in baselines]
    assert {(row.basis, row.verdict) for row in others} == {("relative", "equivalent")}


@pytest.mark.thorough
def test_only_programs_on_another_version_count_as_changed(
    tmp_path: Path, before: Path
) -> None:
    versions = json.loads((before / "run.json").read_text())["machine"]["versions"]
    slow = made(tmp_path / "run", seconds=seconds(1.3))
    other(slow, versions={**versions, "pyzmq": "99"})
    found = rows(slow, before)
    assert {row.case.stack for row in found.values() if not row.same} == {"zmq"}
    assert found[f"{ROUND_TRIP}.zmq.minimal.python"].verdict == "slower"
    # Of the others' noise it is no part: it is no control.
    assert max(row.noise for row in found.values()) < 0.05


@pytest.mark.thorough
def test_on_another_machine_times_are_not_compared(tmp_path: Path, before: Path) -> None:
    twice = made(tmp_path / "run", seconds=seconds(1.3, everywhere=2.0))
    found = rows(other(twice, host="elsewhere", cpu="another"), before)
    assert {row.basis for row in found.values()} == {"relative", "none"}
    baseline = found[BASELINE]
    assert math.isnan(baseline.ratio)
    assert baseline.verdict == "inconclusive"
    assert found[f"{ROUND_TRIP}.zmq.minimal.python"].ratio == pytest.approx(1.3, rel=0.02)


def test_another_kernel_is_the_same_machine_and_another_memory_is_not(before: Path) -> None:
    about = load(before).about
    kernel = {**about, "machine": {**about["machine"], "kernel": "9.9"}}
    memory = {**about, "machine": {**about["machine"], "memory": "1 kB"}}
    assert other_machine(about, kernel) == []
    assert other_machine(about, memory) == ["memory"]


@pytest.mark.thorough
def test_swapped_runs_show_the_opposite_change(tmp_path: Path, before: Path) -> None:
    slow = made(tmp_path / "run", seconds=seconds(1.3))
    there, back = rows(slow, before), rows(before, slow)
    opposite = {"slower": "faster", "faster": "slower"}
    for case, row in there.items():
        assert back[case].ratio == pytest.approx(1 / row.ratio)
        assert back[case].verdict == opposite.get(row.verdict, row.verdict)


def test_too_few_blocks_show_no_change(tmp_path: Path, before: Path) -> None:
    found = rows(made(tmp_path / "run", seconds=seconds(9.0), blocks=1), before)
    assert {row.verdict for row in found.values()} == {"inconclusive"}
    assert all(math.isnan(row.low) for row in found.values())


def test_a_case_that_one_run_did_not_measure_is_left_out(
    tmp_path: Path, before: Path
) -> None:
    fewer = made(
        tmp_path / "run", keep=lambda c: not c.fault and c.cell.stack.name == "zmq"
    )
    assert {row.case.stack for row in rows(fewer, before).values()} == {"zmq"}


# -- failures --------------------------------------------------------------------------

FAULT = "server_killed"


def with_faults(folder: Path, stories: Callable[[Case], Story] = usual_story) -> Path:
    few = ("zmq/resilient/pipeline.py", "raw_socket/resilient/pipeline.py")
    keep = {"keep": lambda case: case.cell.id in few or case.cell.is_floor}
    return made(folder, stories=stories, **keep)


def losing(case: Case) -> Story:
    """Return a story in which one program began to lose messages in silence."""
    silent = 4 if case.cell.id.startswith("zmq") else 0
    return Story(silent=silent)


def test_a_program_that_no_longer_survives_a_fault_is_found(tmp_path: Path) -> None:
    good, bad = with_faults(tmp_path / "good"), with_faults(tmp_path / "bad", losing)
    worse, better = two_runs(bad, good), two_runs(good, bad)
    (change,) = worse.faults
    assert change.row.case.cell == "zmq/resilient/pipeline.py"
    assert (change.verdict_there, change.row.verdict) == ("kept", "broken")
    assert regressions(worse)
    assert [change.worse for change in better.faults] == [False]
    assert not regressions(better)


# -- the command -----------------------------------------------------------------------


def compared(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["compare", *map(str, words)])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_compare_fails_if_a_case_of_a_declared_comparison_is_slower(
    tmp_path: Path, before: Path
) -> None:
    slow = made(tmp_path / "run", seconds=seconds(1.3))
    code, said = compared(slow, before)
    assert code == 3
    assert "REGRESSION  Request/reply round trip" in said
    assert "ZeroMQ (minimal): 1.30x slower" in said
    kept = json.loads((slow / "report" / CHANGES).read_text())
    assert len(kept["regressions"]) == 1
    assert kept["other_machine"] == []


def test_slower_cases_outside_declared_comparisons_are_shown_and_do_not_fail(
    tmp_path: Path, before: Path
) -> None:
    slow = made(tmp_path / "run", seconds=seconds(1.3, cell="http/websocket/pipeline.py"))
    code, said = compared(slow, before)
    assert code == 0
    assert "slower 1" in said
    assert "no regression" in said


@pytest.mark.thorough
def test_compare_succeeds_if_nothing_became_worse(tmp_path: Path, before: Path) -> None:
    assert compared(made(tmp_path / "run", seed=13), before)[0] == 0
    faster = made(tmp_path / "faster", seconds=seconds(0.5))
    code, said = compared(faster, before)
    assert code == 0
    assert "faster 1" in said


@pytest.mark.thorough
def test_on_another_machine_only_a_contradicted_declared_comparison_fails(
    tmp_path: Path, before: Path
) -> None:
    slow = made(tmp_path / "slow", seconds=seconds(1.3, everywhere=3.0))
    code, said = compared(other(slow, host="elsewhere"), before)
    assert code == 0
    assert "Another machine (host differ)" in said
    overtaken = made(tmp_path / "overtaken", seconds=seconds(9.0))
    code, said = compared(other(overtaken, host="elsewhere"), before)
    assert code == 3
    assert "contrary verdicts" in said


def test_differing_versions_and_programs_are_named(tmp_path: Path, before: Path) -> None:
    versions = json.loads((before / "run.json").read_text())["machine"]["versions"]
    here = other(made(tmp_path / "run"), versions={**versions, "pyzmq": "99"})
    said = compared(here, before)[1]
    assert any("pyzmq" in line and "99" in line for line in said.splitlines())


def test_a_run_is_not_compared_with_itself_or_with_no_run(
    tmp_path: Path, before: Path
) -> None:
    assert compared(before, before)[0] == 1
    code, said = compared(before, tmp_path)
    assert code == 1
    assert f"{tmp_path} is not a run" in said


def test_a_reference_that_is_no_run_is_refused_before_anything_is_measured(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(
        main, ["run", "--against", str(tmp_path / "nowhere"), "--out", str(out)]
    )
    assert result.exit_code == 1
    assert "nowhere is not a folder" in result.stderr
    assert not out.exists()


def test_json_has_null_for_missing_values(tmp_path: Path, before: Path) -> None:
    here = other(made(tmp_path / "run"), host="elsewhere")
    compared(here, before)
    kept = json.loads((here / "report" / CHANGES).read_text())
    baseline = next(row for row in kept["cases"] if row["case"] == BASELINE)
    assert baseline["ratio"] is None
    assert baseline["basis"] == "none"


def test_a_run_of_other_programs_has_nothing_to_compare(
    tmp_path: Path, before: Path
) -> None:
    """Its floor alone was measured: no table has a row, and nothing became worse."""
    alone = made(tmp_path / "run", keep=lambda case: case.cell.is_floor)
    code, said = compared(alone, before)
    assert code == 0
    assert "0 cases in both runs" in said
    assert "cannot tell" in said
    assert "no regression" in said


def test_declared_comparisons_are_counted_on_one_machine_too(
    tmp_path: Path, before: Path
) -> None:
    said = compared(made(tmp_path / "run", seed=14), before)[1]
    assert re.search(r"(\d+) declared comparisons: agrees \1, disagrees 0", said)


# -- programs in turns -----------------------------------------------------------------

ZMQ = f"{ROUND_TRIP}.zmq.minimal.python"


def turned(folder: Path, seed: int = 11, **how: Any) -> Path:
    """Make a run of round trips in turns; every run has its own machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "SEED", seed)
        keep = {"keep": lambda case: takes_turns(case) and case.name.startswith(ROUND_TRIP)}
        return synthetic.make_in_turns(folder, **keep, **how)


@pytest.fixture(scope="module")
def before_in_turns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    name = "before in turns"
    return once(tmp_path_factory, name, lambda root: turned(root / "run")) / "run"


def test_a_change_is_found_in_turns_although_the_machine_changed_more(
    tmp_path: Path, before_in_turns: Path
) -> None:
    """The machine takes 1.3 times as long, and scatters by half: no time tells anything."""
    slow = turned(tmp_path / "run", 12, seconds=seconds(1.1, everywhere=1.3))
    found = rows(slow, before_in_turns)
    assert {row.basis for row in found.values()} == {"turns"}
    changed = found.pop(ZMQ)
    assert changed.verdict == "slower"
    assert changed.low < 1.1 < changed.high
    assert changed.reference not in ("", "zmq.minimal.python")


@pytest.mark.thorough
def test_a_program_of_two_speeds_is_no_reference_and_hides_no_change(
    tmp_path: Path,
) -> None:
    """The baseline's processes have two speeds: beside them a change of 1.1 is nothing."""

    def of_two_speeds(folder: Path, seed: int, factor: float = 1.0) -> Path:
        rng, usual = Random(seed), seconds(factor)
        return turned(
            folder,
            seed,
            seconds=lambda case: (
                usual(case) * (rng.choice((1.0, 1.6)) if case.id == BASELINE else 1.0)
            ),
        )

    slow, before = (
        of_two_speeds(tmp_path / "run", 12, 1.1),
        of_two_speeds(tmp_path / "b", 11),
    )
    found = rows(slow, before)
    assert "raw_socket.minimal.python" not in {row.reference for row in found.values()}
    assert found[ZMQ].verdict == "slower"


def test_if_the_reference_itself_changed_no_case_beside_it_has_a_verdict(
    tmp_path: Path, before_in_turns: Path
) -> None:
    """Nobody knows that it changed: its files and versions are the same."""
    usual = rows(turned(tmp_path / "usual", 12), before_in_turns)
    moved = usual[ZMQ].reference
    found = rows(
        turned(
            tmp_path / "run",
            12,
            seconds=lambda case: (
                synthetic.usual_s(case) * (1.2 if case.cell.key == moved else 1.0)
            ),
        ),
        before_in_turns,
    )
    beside = [row for row in found.values() if row.reference == moved]
    assert {row.case.id for row in beside} >= {ZMQ}
    assert all(row.high < 0.9 for row in beside)
    assert {row.verdict for row in beside} == {"inconclusive"}


def test_the_noise_is_the_far_end_of_the_programs_that_changed() -> None:
    still, below, above = (
        Interval(math.sqrt(low * high), low, high, 0.95, 8)
        for low, high in ((0.9, 1.3), (1 / 1.25, 1 / 1.1), (1.08, 1.12))
    )
    assert noise_of([]) == noise_of([still]) == 0
    assert noise_of([still, above]) == pytest.approx(0.12)
    assert noise_of([still, above, below]) == pytest.approx(0.25)


def test_a_program_on_another_version_is_no_reference(
    tmp_path: Path, before_in_turns: Path
) -> None:
    versions = json.loads((before_in_turns / "run.json").read_text())["machine"]["versions"]
    slow = turned(tmp_path / "run", 12, seconds=seconds(1.1))
    found = rows(other(slow, versions={**versions, "pyzmq": "99"}), before_in_turns)
    assert not {row.reference for row in found.values()} & {"zmq.minimal.python"}
    assert found.pop(ZMQ).verdict == "slower"
    others = [row for row in found.values() if row.case.stack != "zmq"]
    assert {row.verdict for row in others} == {"equivalent"}


def test_a_change_that_slows_all_programs_alike_is_not_seen_in_turns(
    tmp_path: Path, before_in_turns: Path
) -> None:
    found = rows(
        turned(tmp_path / "run", 12, seconds=seconds(everywhere=1.5)), before_in_turns
    )
    assert {row.verdict for row in found.values()} == {"equivalent"}


def test_a_machine_that_slows_some_programs_more_is_no_regression(
    tmp_path: Path, before_in_turns: Path
) -> None:
    """Half of the programs take 1.2 times as long, though none of them has changed."""

    def uneven(case: Case) -> float:
        return synthetic.usual_s(case) * (1.2 if case.cell.stack.name == "http" else 1.0)

    found = rows(turned(tmp_path / "run", 12, seconds=uneven), before_in_turns)
    changed = [row for row in found.values() if abs(math.log(row.ratio)) > 0.1]
    assert changed
    assert {row.verdict for row in changed} == {"inconclusive"}


def test_compare_names_the_program_by_which_it_divides(
    tmp_path: Path, before_in_turns: Path
) -> None:
    slow = turned(tmp_path / "run", 12, seconds=seconds(1.2))
    code, said = compared(slow, before_in_turns)
    assert code == 3
    assert "programs took turns in both runs" in said
    assert re.search(r"time over that of \S+, in turns", said)
