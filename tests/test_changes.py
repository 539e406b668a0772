"""What changed between two runs: told of programs, not of machines; and what CI learns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import synthetic
from click.testing import CliRunner
from synthetic_failures import Story, usual_story

from bench.archive import Archive
from bench.changes import changes, fault_changes, other_machine
from bench.cli import main
from bench.contract import Case
from bench.report.changes import JSON, Changes
from bench.results import Run, load

SLOWER = "zmq/minimal/request_reply.py"
ROUND_TRIP = "request_reply.latency.64B.tcp.1_clients.shared"
BASELINE = f"{ROUND_TRIP}.raw_socket.minimal.python"


def seconds(
    factor: float = 1.0, everywhere: float = 1.0, cell: str = SLOWER
) -> Callable[[Case], float]:
    """Return times with one cell slower by a factor, and the whole machine by another."""
    return lambda case: (
        synthetic.usual_s(case) * everywhere * (factor if case.cell.id == cell else 1.0)
    )


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("before") / "run")


def made(folder: Path, seed: int = 11, **how: Any) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "SEED", seed)  # two runs do not share their noise
        return synthetic.make(folder, **how)


def other(folder: Path, **machine: object) -> Path:
    """Make a run say that its machine was another one."""
    path = folder / "run.json"
    about = json.loads(path.read_text())
    about["machine"] |= machine
    path.write_text(json.dumps(about))
    (folder / "SHA256SUMS").unlink()
    Archive(folder).seal()
    return folder


def rows(here: Path, there: Path) -> dict[str, dict[str, Any]]:
    table = changes(load(here), load(there))
    return {str(row["case"]): row for row in table.to_dict("records")}  # type: ignore[misc]


def test_a_run_beside_one_like_it_shows_nothing(tmp_path: Path, before: Path) -> None:
    found = rows(made(tmp_path / "run", seed=12), before)
    assert {row["verdict"] for row in found.values()} == {"equivalent"}
    assert {row["basis"] for row in found.values()} == {"time"}
    assert all(0.97 < row["low"] < row["high"] < 1.03 for row in found.values())


def test_a_program_that_became_slower_is_found_and_no_other(
    tmp_path: Path, before: Path
) -> None:
    found = rows(made(tmp_path / "run", seconds=seconds(1.3)), before)
    slower = {case for case, row in found.items() if row["verdict"] == "slower"}
    assert slower == {f"{ROUND_TRIP}.zmq.minimal.python"}
    changed = found[f"{ROUND_TRIP}.zmq.minimal.python"]
    assert changed["low"] < 1.3 < changed["high"]
    assert changed["claimed"]
    assert not [case for case, row in found.items() if row["verdict"] == "faster"]


def test_a_machine_that_became_slower_is_no_regression(
    tmp_path: Path, before: Path
) -> None:
    """Every program takes 1.3 times as long: unchanged ones show that it is not theirs."""
    slow = made(tmp_path / "run", seconds=seconds(everywhere=1.3))
    found = rows(slow, before)
    assert {row["verdict"] for row in found.values()} == {"inconclusive"}
    assert all(row["noise"] > 0.29 for row in found.values())
    worse = made(tmp_path / "worse", seconds=seconds(1.5, everywhere=1.3))
    assert rows(worse, before)[f"{ROUND_TRIP}.zmq.minimal.python"]["verdict"] == "slower"


def test_without_an_unchanged_program_ratios_to_the_baseline_decide(
    tmp_path: Path, before: Path
) -> None:
    versions = json.loads((before / "run.json").read_text())["machine"]["versions"]
    slow = made(tmp_path / "run", seconds=seconds(1.3, everywhere=2.0))
    other(slow, versions={**versions, "python": "3.99", "gcc": "99"})
    found = rows(slow, before)
    case = found.pop(f"{ROUND_TRIP}.zmq.minimal.python")
    assert (case["basis"], case["verdict"]) == ("relative", "slower")
    assert case["low"] < 1.3 < case["high"]
    baselines = {c: row for c, row in found.items() if ".raw_socket.minimal." in c}
    assert {row["verdict"] for row in baselines.values()} == {"inconclusive"}
    others = [row for c, row in found.items() if c not in baselines]
    assert {(row["basis"], row["verdict"]) for row in others} == {
        ("relative", "equivalent")
    }


def test_only_what_uses_another_version_has_changed(tmp_path: Path, before: Path) -> None:
    versions = json.loads((before / "run.json").read_text())["machine"]["versions"]
    slow = made(tmp_path / "run", seconds=seconds(1.3))
    other(slow, versions={**versions, "pyzmq": "99"})
    found = rows(slow, before)
    assert {row["stack"] for row in found.values() if not row["same"]} == {"zmq"}
    assert found[f"{ROUND_TRIP}.zmq.minimal.python"]["verdict"] == "slower"
    # Of the others' noise it is no part: it is no control.
    assert max(row["noise"] for row in found.values()) < 0.05


def test_on_another_machine_times_are_not_compared(tmp_path: Path, before: Path) -> None:
    twice = made(tmp_path / "run", seconds=seconds(1.3, everywhere=2.0))
    found = rows(other(twice, host="elsewhere", cpu="another"), before)
    assert {row["basis"] for row in found.values()} == {"relative", "none"}
    baseline = found[BASELINE]
    assert math.isnan(baseline["ratio"])
    assert baseline["verdict"] == "inconclusive"
    assert found[f"{ROUND_TRIP}.zmq.minimal.python"]["ratio"] == pytest.approx(
        1.3, rel=0.02
    )


def test_the_machine_is_told_from_its_system(before: Path) -> None:
    about = load(before).about
    kernel = {**about, "machine": {**about["machine"], "kernel": "9.9"}}
    memory = {**about, "machine": {**about["machine"], "memory": "1 kB"}}
    assert other_machine(about, kernel) == []
    assert other_machine(about, memory) == ["memory"]


def test_swapped_runs_change_the_other_way(tmp_path: Path, before: Path) -> None:
    slow = made(tmp_path / "run", seconds=seconds(1.3))
    there, back = rows(slow, before), rows(before, slow)
    opposite = {"slower": "faster", "faster": "slower"}
    for case, row in there.items():
        assert back[case]["ratio"] == pytest.approx(1 / row["ratio"])
        assert back[case]["verdict"] == opposite.get(row["verdict"], row["verdict"])


def test_too_few_blocks_say_nothing(tmp_path: Path, before: Path) -> None:
    found = rows(made(tmp_path / "run", seconds=seconds(9.0), blocks=1), before)
    assert {row["verdict"] for row in found.values()} == {"inconclusive"}
    assert all(math.isnan(row["low"]) for row in found.values())


def test_what_one_run_did_not_measure_is_left_out(tmp_path: Path, before: Path) -> None:
    fewer = made(
        tmp_path / "run", keep=lambda c: not c.fault and c.cell.stack.name == "zmq"
    )
    assert {row["stack"] for row in rows(fewer, before).values()} == {"zmq"}


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


def test_a_program_that_breaks_under_a_fault_that_it_stood_is_found(tmp_path: Path) -> None:
    good, bad = with_faults(tmp_path / "good"), with_faults(tmp_path / "bad", losing)
    found = fault_changes(load(bad), load(good))
    assert list(found["cell"]) == ["zmq/resilient/pipeline.py"]
    assert list(zip(found["verdict_there"], found["verdict"], strict=True)) == [
        ("kept", "broken")
    ]
    assert Changes.of(load(bad), load(good)).regressions
    better = fault_changes(load(good), load(bad))
    assert list(better["worse"]) == [False]
    assert not Changes.of(load(good), load(bad)).regressions


# -- the command -----------------------------------------------------------------------


def compared(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["compare", *map(str, words)])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_compare_fails_where_a_claimed_case_is_slower(tmp_path: Path, before: Path) -> None:
    slow = made(tmp_path / "run", seconds=seconds(1.3))
    code, said = compared(slow, before)
    assert code == 3
    assert "REGRESSION  Request/reply round trip" in said
    assert "ZeroMQ (minimal): 1.30 times" in said
    kept = json.loads((slow / "report" / JSON).read_text())
    assert len(kept["regressions"]) == 1
    assert kept["other_machine"] == []


def test_what_no_claim_rests_on_is_shown_and_does_not_fail(
    tmp_path: Path, before: Path
) -> None:
    slow = made(tmp_path / "run", seconds=seconds(1.3, cell="http/websocket/pipeline.py"))
    code, said = compared(slow, before)
    assert code == 0
    assert "slower 1" in said
    assert "no regression" in said


def test_compare_succeeds_where_all_is_as_before(tmp_path: Path, before: Path) -> None:
    assert compared(made(tmp_path / "run", seed=13), before)[0] == 0
    faster = made(tmp_path / "faster", seconds=seconds(0.5))
    code, said = compared(faster, before)
    assert code == 0
    assert "faster 1" in said


def test_on_another_machine_a_contradicted_claim_fails_and_another_ratio_does_not(
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


def test_json_has_null_for_what_does_not_exist(tmp_path: Path, before: Path) -> None:
    here = other(made(tmp_path / "run"), host="elsewhere")
    compared(here, before)
    kept = json.loads((here / "report" / JSON).read_text())
    baseline = next(row for row in kept["cases"] if row["case"] == BASELINE)
    assert baseline["ratio"] is None
    assert baseline["basis"] == "none"


def test_empty_tables_are_no_error(before: Path) -> None:
    run: Run = load(before)
    nothing = Changes(
        run,
        run,
        pd.DataFrame(columns=["case", "verdict"]),
        pd.DataFrame(columns=["case", "broken_now"]),
        [],
        [],
    )
    assert nothing.regressions == []
