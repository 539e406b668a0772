"""Claims are declared before a run, in a file, and few."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.errors import UsageError
from bench.run.declared import MOST, declarations, read_declared
from bench.run.plan import plan
from bench.run.profiles import PROFILES

CELLS = find_cells([IMPLEMENTATIONS])


def planned_in(profile: str) -> dict[tuple[str, str], int]:
    entries = plan(PROFILES[profile], CELLS)
    return {(e.case.name, e.case.cell.key): e.blocks for e in entries}


@pytest.mark.parametrize("profile", ["standard", "full"])
def test_every_declared_comparison_can_be_tested_by_its_profiles(profile: str) -> None:
    planned = planned_in(profile)
    for case, first, second in read_declared():
        assert planned.get((case, first), 0) >= 16, (case, first)
        assert planned.get((case, second), 0) >= 16, (case, second)


@pytest.mark.parametrize("profile", ["standard", "full"])
def test_each_case_of_quick_is_a_case_of_the_larger_profiles(profile: str) -> None:
    """So that a ratio of quick may be laid beside a published one."""
    larger = {e.case.id for e in plan(PROFILES[profile], CELLS)}
    speed = {e.case.id for e in plan(PROFILES["quick"], CELLS) if not e.case.fault}
    assert speed <= larger


def test_the_profile_quick_declares_a_comparison_for_every_workload() -> None:
    planned = planned_in("quick")
    claimed = {case.split(".")[0] for case, a, b in read_declared() if (case, a) in planned}
    assert claimed == {"request_reply", "fan_out", "pipeline"}


def test_a_run_keeps_the_comparisons_that_were_declared_before_it() -> None:
    kept = [["a.case", "x.y.python", "z.y.python"]]
    assert declarations({"claims": kept}) == {("a.case", "x.y.python", "z.y.python")}
    assert declarations({"claims": []}) == set()
    assert declarations({}) == set(read_declared())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "comparisons = 3",
        '[[comparisons]]\ncases = ["c"]\npairs = [["a"]]',
        '[[comparisons]]\ncases = ["c", "c"]\npairs = [["a", "b"]]',
        f'[[comparisons]]\ncases = {[str(n) for n in range(MOST + 1)]}\npairs=[["a", "b"]]',
    ],
)
def test_a_file_with_no_declared_comparisons_or_too_many_is_refused(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "declared.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=str(path)):
        read_declared(path)
