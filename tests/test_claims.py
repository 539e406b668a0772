"""Claims are declared before a run, in a file, and few."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.claims import MOST, claims_of, read_claims
from bench.contract import IMPLEMENTATIONS
from bench.errors import UsageError
from bench.find import find_cells
from bench.plan import plan
from bench.profiles import PROFILES

CELLS = find_cells([IMPLEMENTATIONS])


def planned_in(profile: str) -> dict[tuple[str, str], int]:
    entries = plan(PROFILES[profile], CELLS)
    return {(e.case.name, e.case.cell.key): e.blocks for e in entries}


@pytest.mark.parametrize("profile", ["standard", "full"])
def test_every_claim_can_be_tested_by_the_profiles_that_make_claims(profile: str) -> None:
    planned = planned_in(profile)
    for case, first, second in read_claims():
        if "2_subscribers" in case:
            continue  # stands for the one with four in `quick`
        assert planned.get((case, first), 0) >= 10, (case, first)
        assert planned.get((case, second), 0) >= 10, (case, second)


def test_quick_has_claims_of_every_workload() -> None:
    planned = planned_in("quick")
    claimed = {case.split(".")[0] for case, a, b in read_claims() if (case, a) in planned}
    assert claimed == {"request_reply", "fan_out", "pipeline"}


def test_a_run_keeps_what_was_declared_before_it() -> None:
    kept = [["a.case", "x.y.python", "z.y.python"]]
    assert claims_of({"claims": kept}) == {("a.case", "x.y.python", "z.y.python")}
    assert claims_of({"claims": []}) == set()
    assert claims_of({}) == set(read_claims())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "claims = 3",
        '[[claims]]\ncases = ["c"]\npairs = [["a"]]',
        '[[claims]]\ncases = ["c", "c"]\npairs = [["a", "b"]]',
        f'[[claims]]\ncases = {[str(n) for n in range(MOST + 1)]}\npairs = [["a", "b"]]',
    ],
)
def test_a_file_that_declares_no_claims_or_too_many_is_refused(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=str(path)):
        read_claims(path)
