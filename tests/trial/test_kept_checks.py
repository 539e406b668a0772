"""An unchanged program is checked once; whatever its check depends on, a change is seen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from helpers_bench import BROKEN
from hypothesis import given
from hypothesis import strategies as st

from bench.cli.main import main
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, PROJECT, Cell
from bench.run.archive import CHECK, Archive
from bench.run.manifest import about
from bench.run.plan import plan
from bench.run.profiles import PROFILES
from bench.run.runner import Runner
from bench.trial import conformance, kept_checks
from bench.trial.conformance import CheckResult, check_all
from bench.trial.kept_checks import Kept, KeptChecks
from bench.trial.processes import HostProcess
from bench.trial.record import Window
from bench.trial.scenario import Scenario

PASSED = Kept("2026-01-02T03:04:05Z", 7)
DISTRIBUTION = "nomiddle-invented"
SOCKET = "raw_socket/minimal/request_reply.py"


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a root with a copy of a stack that needs a distribution and a program."""
    root, folder = tmp_path / "stacks", tmp_path / "stacks" / "raw_socket"
    shutil.copytree(IMPLEMENTATIONS / "raw_socket", folder)
    text = (folder / "stack.toml").read_text()
    needing = text.replace("requirements = []", f'requirements = ["{DISTRIBUTION}"]')
    assert needing != text
    (folder / "stack.toml").write_text(needing)
    install("1.0", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return root


def install(version: str, tmp_path: Path, library: str = "aaaa") -> None:
    about = tmp_path / "site" / f"{DISTRIBUTION.replace('-', '_')}.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text(f"Name: {DISTRIBUTION}\nVersion: {version}\n")
    (about / "RECORD").write_text(f"invented/lib.so,sha256={library},99\n")
    kept_checks._distributions.cache_clear()


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a copy stand for the harness's sources: nobody edits those for a test."""
    copy = tmp_path / "bench"
    for room in ("hosts", "trial", "report"):
        shutil.copytree(kept_checks.HARNESS / room, copy / room)
    monkeypatch.setattr(kept_checks, "HARNESS", copy)
    return copy


def cell_of(stacks: Path, name: str = "minimal/request_reply.py") -> Cell:
    cells = find_cells([stacks])
    return next(cell for cell in cells if cell.id == f"raw_socket/{name}")


def found(cache: Path, cell: Cell, transport: str = "tcp") -> Kept | None:
    """Return what a new process would find."""
    checks = KeptChecks(cache)
    return checks.find(checks.depends_on(cell, transport))


def keep(cache: Path, cell: Cell) -> Path:
    """Keep a passed check; return its file."""
    checks = KeptChecks(cache)
    checks.keep(checks.depends_on(cell, "tcp"), PASSED)
    assert not list(checks.notes(1))
    (place,) = cache.iterdir()
    return place


def append(path: Path) -> None:
    path.write_text(path.read_text() + "\n")


# -- what a check depends on -----------------------------------------------------------


def test_a_check_is_found_as_long_as_nothing_has_changed(
    stacks: Path, tmp_path: Path
) -> None:
    keep(tmp_path / "cache", cell_of(stacks))
    assert found(tmp_path / "cache", cell_of(stacks)) == PASSED
    elsewhere = tmp_path / "moved"
    stacks.rename(elsewhere)  # another clone has the same programs
    assert found(tmp_path / "cache", cell_of(elsewhere)) == PASSED


CHANGES: dict[str, Callable[[Path], object]] = {
    "the program": lambda tmp: append(tmp / "stacks/raw_socket/minimal/request_reply.py"),
    "a module of its stack": lambda tmp: append(tmp / "stacks/raw_socket/framing.py"),
    "a new module": lambda tmp: (tmp / "stacks/raw_socket/minimal/struct.py").touch(),
    "its promises": lambda tmp: append(tmp / "stacks/raw_socket/stack.toml"),
    "the host": lambda tmp: append(tmp / "bench/hosts/host.py"),
    "the host in C": lambda tmp: append(tmp / "bench/hosts/host.c"),
    "the trial": lambda tmp: append(tmp / "bench/trial/conformance.py"),
    "a library": lambda tmp: install("1.1", tmp),
    "a library that was built again": lambda tmp: install("1.0", tmp, library="bbbb"),
}


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_checked_again(change: str, stacks: Path, tmp_path: Path) -> None:
    keep(tmp_path / "cache", cell_of(stacks))
    assert found(tmp_path / "cache", cell_of(stacks)) == PASSED
    CHANGES[change](tmp_path)
    assert found(tmp_path / "cache", cell_of(stacks)) is None


def test_a_report_in_other_words_is_no_reason_to_check_again(
    stacks: Path, harness: Path, tmp_path: Path
) -> None:
    keep(tmp_path / "cache", cell_of(stacks))
    append(harness / "report" / "words.py")
    assert found(tmp_path / "cache", cell_of(stacks)) == PASSED


@pytest.mark.parametrize("what", ["release", "version"])
def test_another_kernel_or_python_is_checked_again(
    what: str, stacks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path / "cache", cell_of(stacks))
    if what == "release":
        monkeypatch.setattr(kept_checks.platform, "release", lambda: "6.66")
    else:
        monkeypatch.setattr(kept_checks.sys, "version", "3.99 (main)")
    assert found(tmp_path / "cache", cell_of(stacks)) is None


@pytest.mark.parametrize(
    ("asked", "value"), [("compiler_version", "99"), ("library_version", "9.9")]
)
def test_a_compiler_or_a_library_of_c_concerns_programs_in_c_alone(
    asked: str,
    value: str,
    stacks: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for cell in ("minimal/request_reply.c", "minimal/request_reply.py"):
        keep(tmp_path / cell, cell_of(stacks, cell))
    monkeypatch.setattr(kept_checks, asked, lambda *_: value)
    for cell in ("minimal/request_reply.c", "minimal/request_reply.py"):
        same = found(tmp_path / cell, cell_of(stacks, cell)) == PASSED
        assert same == cell.endswith(".py")


def test_a_change_of_the_proxy_that_a_program_starts_is_checked_again(
    stacks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = cell_of(stacks)
    cell = replace(cell, variant=replace(cell.variant, programs=("middleman",)))
    keep(tmp_path / "cache", cell)
    tool = tmp_path / "bin" / "middleman"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=os.pathsep)
    assert found(tmp_path / "cache", cell) is None


@pytest.mark.parametrize("other", ["ipc", "sanitized", "uvloop"])
def test_a_check_counts_for_one_transport_one_build_and_one_event_loop(
    other: str, stacks: Path, tmp_path: Path
) -> None:
    cell = cell_of(stacks)
    keep(tmp_path / "cache", cell)
    if other == "ipc":
        assert found(tmp_path / "cache", cell, "ipc") is None
    elif other == "sanitized":
        assert found(tmp_path / "cache", replace(cell, sanitized=True)) is None
    else:
        assert found(tmp_path / "cache", replace(cell, loop="uvloop")) is None


# -- a cache can be damaged, shared or refused -----------------------------------------


@pytest.mark.parametrize(
    "damage",
    ["", "null", "[]", "{}", '{"causes": {}, "made": "", "losses": 0}', "\0" * 300],
)
def test_a_damaged_file_is_a_check_that_was_not_made(
    damage: str, stacks: Path, tmp_path: Path
) -> None:
    place = keep(tmp_path / "cache", cell_of(stacks))
    place.write_text(damage)
    assert found(tmp_path / "cache", cell_of(stacks)) is None
    keep(tmp_path / "cache", cell_of(stacks))
    assert found(tmp_path / "cache", cell_of(stacks)) == PASSED


CAUSES = {"cell": "a", "losses": [1, None], "text": "\N{GREEK SMALL LETTER MU}"}


@pytest.mark.thorough
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_off_is_a_check_that_was_not_made(
    share: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    KeptChecks(cache).keep(CAUSES, PASSED)
    assert KeptChecks(cache).find(CAUSES) == PASSED
    (place,) = cache.iterdir()
    whole = place.read_bytes()
    place.write_bytes(whole[: int(share * len(whole))])
    assert KeptChecks(cache).find(CAUSES) is None


KEEP_OFTEN = """
import json, pathlib, sys
from bench.trial.kept_checks import Kept, KeptChecks
folder, made, causes = sys.argv[1:]
checks = KeptChecks(pathlib.Path(folder))
for _ in range(300):
    checks.keep(json.loads(causes), Kept(made, 0))
assert not list(checks.notes(1))
"""


def test_two_processes_may_keep_one_check_at_once(tmp_path: Path) -> None:
    dates = ["2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z"]
    checks = KeptChecks(tmp_path)
    checks.keep(CAUSES, Kept(dates[0], 0))
    program = [sys.executable, "-c", KEEP_OFTEN, tmp_path]
    writers = [
        subprocess.Popen([*program, date, json.dumps(CAUSES)], cwd=PROJECT)
        for date in dates
    ]
    while any(writer.poll() is None for writer in writers):
        whole = checks.find(CAUSES)
        assert whole, "half of a file was read"
        assert whole.made in dates
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(list(tmp_path.iterdir())) == 1, "an unfinished file is left"


@pytest.mark.parametrize("folder", ["file/checks", "/proc/nomiddle/checks"])
def test_a_folder_that_cannot_be_written_costs_one_line(
    folder: str, stacks: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    checks = KeptChecks(tmp_path / folder)
    causes = checks.depends_on(cell_of(stacks), "tcp")
    for _ in range(2):
        assert checks.find(causes) is None
        checks.keep(causes, PASSED)
    (line,) = checks.notes(2)
    assert f"cannot keep them in {tmp_path / folder}: N" in line, "and the reason"


def test_unused_checks_are_deleted_after_a_time(tmp_path: Path) -> None:
    for name in ("old", "used"):
        KeptChecks(tmp_path).keep({"cell": name}, PASSED)
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1))
    assert KeptChecks(tmp_path).find({"cell": "used"})
    KeptChecks(tmp_path).keep({"cell": "new"}, PASSED)
    entries = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    assert sorted(entry["causes"]["cell"] for entry in entries) == ["new", "used"]


# -- with processes --------------------------------------------------------------------


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the processes that checks start; one small scenario stands for all."""
    started: list[str] = []
    start = HostProcess.__init__

    def counted(self: HostProcess, name: str, *rest: Any, **further: Any) -> None:
        started.append(name)
        start(self, name, *rest, **further)

    def few(*_: object) -> Iterator[Scenario]:
        yield Scenario("small", Window(20, 2, sizes_bytes=(64,)), 1)

    monkeypatch.setattr(HostProcess, "__init__", counted)
    monkeypatch.setattr(conformance, "scenarios", few)
    for rest in ("broken_limit", "broken_promise"):
        monkeypatch.setattr(conformance, rest, lambda *_: "")
    return started


@pytest.fixture
def check_again(tmp_path: Path) -> Callable[[Cell], CheckResult]:
    def check(cell: Cell) -> CheckResult:
        kept = KeptChecks(tmp_path / "cache")
        (result,) = check_all([(cell, "tcp")], tmp_path / "logs", lambda _: None, kept)
        return result

    return check


def test_a_passed_check_starts_no_process_again_until_the_program_changes(
    stacks: Path, hosts: list[str], check_again: Callable[[Cell], CheckResult]
) -> None:
    cell = cell_of(stacks)
    first = check_again(cell)
    assert first.passed, first.reason
    assert hosts == ["serve.0", "call.0"]
    assert check_again(cell) == first, "with its date"
    assert len(hosts) == 2
    append(cell.path)
    assert check_again(cell).passed
    assert len(hosts) == 4


def test_a_failed_check_is_made_again(
    hosts: list[str], check_again: Callable[[Cell], CheckResult]
) -> None:
    cells = {cell.id: cell for cell in find_cells([BROKEN])}
    for made in (1, 2):
        result = check_again(cells["broken/wrong_reply/request_reply.py"])
        assert "wrong of 20" in result.reason
        assert result.made
        assert len(hosts) == 4 * made, "beside others, and alone"


@pytest.mark.usefixtures("hosts")
def test_a_program_that_passes_alone_has_passed_and_keeps_its_first_failure(
    stacks: Path,
    check_again: Callable[[Cell], CheckResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reasons = ["too slow", ""]
    monkeypatch.setattr(conformance, "broken_limit", lambda *_: reasons.pop(0))
    result = check_again(cell_of(stacks))
    assert result.passed
    assert "too slow" in result.first_failure


def test_a_program_that_is_edited_while_it_is_checked_is_not_kept(
    stacks: Path,
    hosts: list[str],
    check_again: Callable[[Cell], CheckResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cell = cell_of(stacks)

    def edit(*_: object) -> str:
        append(cell.path)
        return ""

    monkeypatch.setattr(conformance, "broken_limit", edit)
    assert check_again(cell).passed
    assert check_again(cell).passed
    assert len(hosts) == 4


def test_check_counts_earlier_checks_in_one_line_and_recheck_uses_none(
    hosts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    words = ["check", SOCKET]
    first, again, anew = (
        CliRunner().invoke(main, [*words, *more]) for more in ([], [], ["--recheck"])
    )
    for result in (first, again, anew):
        assert "2 passed, 0 failed" in result.output, result.output
    assert "checks were made" not in first.output + anew.output
    assert again.output.count("2 of 2 checks were made on 2") == 1
    assert len(hosts) == 8


def test_a_run_takes_the_checks_of_a_run_before_it_with_their_dates(
    hosts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cells = [cell for cell in find_cells([IMPLEMENTATIONS]) if cell.id == SOCKET]
    planned = [p for p in plan(PROFILES["quick"], cells) if p.case.transport == "tcp"]

    def checks_of(name: str, recheck: bool = False) -> list[dict[str, Any]]:
        archive = Archive.create(tmp_path / name, about(planned, cells, "quick", 1))
        Runner(archive, planned, 1).check(recheck)
        return archive.read(CHECK)

    (first,) = checks_of("first")
    assert len(hosts) == 2
    assert first["made"].startswith("2")
    capsys.readouterr()
    assert checks_of("second") == [first]
    assert len(hosts) == 2
    assert "1 of 1 checks were made on" in capsys.readouterr().out
    checks_of("third", recheck=True)
    assert len(hosts) == 4
