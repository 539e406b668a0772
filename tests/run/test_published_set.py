"""Which runs are published together, which leads them, and which are to be removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.run.archive import FORMAT
from bench.run.published import BYTES_MAX, housekeeping, published


def run(
    data: Path, name: str, cpu: str, *, whole: bool = True, profile: str = "standard"
) -> Path:
    folder = data / name
    folder.mkdir(parents=True)
    facts = {
        "started": f"{name}T00:00:00Z",
        "whole": whole,
        "profile": profile,
        "machine": {"cpu": cpu},
    }
    (folder / "run.json").write_text(json.dumps({"format": FORMAT, **facts}))
    (folder / "SHA256SUMS").write_text("")
    return folder


def test_the_newest_run_leads_the_latest_of_every_other_kind_of_machine(
    tmp_path: Path,
) -> None:
    run(tmp_path, "2026-01-01", "EPYC")
    epyc = run(tmp_path, "2026-01-02", "EPYC")
    xeon = run(tmp_path, "2026-01-03", "Xeon")
    arm = run(tmp_path, "2026-01-04", "Ampere")
    run(tmp_path, "2026-01-05", "Xeon", whole=False)
    (run(tmp_path, "2026-01-06", "Xeon") / "SHA256SUMS").unlink()
    found = published(tmp_path)
    assert (found.leading, found.beside) == (arm, (xeon, epyc))


@pytest.mark.parametrize(
    ("failure", "leads"),
    [
        ({"cause": "failed", "reason": "no reply"}, False),
        ({"cause": "not permitted", "reason": "no namespace"}, True),
        ({"reason": "no reply"}, False),
        ({"reason": "not measured: no namespace"}, True),
    ],
)
def test_a_run_with_a_failed_trial_leads_only_if_there_is_no_other(
    tmp_path: Path, failure: dict[str, str], leads: bool
) -> None:
    newest = run(tmp_path, "2026-01-02", "Xeon")
    (newest / "failures.json").write_text(json.dumps([failure]))
    assert published(tmp_path).leading == newest
    older = run(tmp_path, "2026-01-01", "EPYC")
    found = published(tmp_path)
    first, second = (newest, older) if leads else (older, newest)
    assert (found.leading, found.beside) == (first, (second,))


def test_a_named_run_leads_and_has_no_other_of_its_kind_beside_it(
    tmp_path: Path,
) -> None:
    old, _, xeon = (
        run(tmp_path, "2026-01-01", "EPYC"),
        run(tmp_path, "2026-01-02", "EPYC"),
        run(tmp_path, "2026-01-03", "Xeon"),
    )
    found = published(tmp_path, old)
    assert (found.leading, found.beside) == (old, (xeon,))


def test_the_latest_run_of_growth_is_there_whichever_machine_it_has(
    tmp_path: Path,
) -> None:
    run(tmp_path, "2026-01-01", "EPYC")
    how = {"whole": False, "profile": "growth"}
    run(tmp_path, "2026-01-02", "EPYC", **how)
    latest = run(tmp_path, "2026-01-03", "EPYC", **how)
    (run(tmp_path, "2026-01-04", "EPYC", **how) / "SHA256SUMS").unlink()
    assert published(tmp_path).growth == latest
    xeon = run(tmp_path, "2026-01-05", "Xeon")
    found = published(tmp_path)
    assert (found.leading, found.growth) == (xeon, latest)


def test_a_superseded_run_is_named_with_its_successor_and_how_to_remove_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(tmp_path, "2026-01-01", "EPYC")
    run(tmp_path, "2026-01-02", "EPYC")
    run(tmp_path, "2025-01-01", "Xeon")
    (said,) = housekeeping(published(tmp_path))
    assert "2026-01-01 is of the same kind of machine as 2026-01-02 (EPYC)" in said
    assert said.endswith("git rm -r 2026-01-01")


def test_a_run_larger_than_a_published_run_may_be_is_named(tmp_path: Path) -> None:
    large = run(tmp_path, "2026-01-01", "EPYC")
    (large / "samples.npz").write_bytes(bytes(BYTES_MAX))
    (said,) = housekeeping(published(tmp_path))
    assert said.startswith(f"too large: 2026-01-01 takes {BYTES_MAX / 1e6:.1f} MB")


def test_without_any_whole_run_the_error_names_the_command_that_makes_one(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="make bench"):
        published(tmp_path)
