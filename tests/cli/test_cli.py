"""The command line lists its commands, names an error, and suggests the right word."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers_bench import BROKEN, TIMEOUT_S, bench

from bench.cli.main import main
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, LANGUAGES, PROJECT, Case
from bench.run.archive import FAILURES, Archive
from bench.run.no_value import none_failed
from bench.run.plan import Planned
from bench.run.runner import Runner
from bench.run.suites import load_suite
from bench.trial import requirements


@pytest.fixture(autouse=True)
def own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Exclude nobody's run on this machine, and be excluded by none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("t")))
        patch.setenv("NOMIDDLE_LOCK", str(tmp_path_factory.mktemp("lock")))
        patch.setattr(tempfile, "tempdir", None)
        yield


CELLS = [cell.id for cell in find_cells([IMPLEMENTATIONS])]


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def error_of(*words: object) -> str:
    """Return what a command that fails writes to standard error."""
    result = call(*words)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return result.stderr


def test_without_arguments_it_shows_its_help() -> None:
    result = call()
    for command in ("list", "check", "run", "size", "report", "cite", "doctor"):
        assert command in result.output


@pytest.mark.parametrize(
    "command", ["list", "check", "run", "size", "report", "cite", "doctor", "selftest"]
)
def test_every_command_has_help(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_list_shows_every_program_and_names_missing_ones() -> None:
    listed = bench("list")
    assert listed.returncode == 0
    rows = {tuple(line.split()[:2]): line for line in listed.stdout.splitlines()[1:]}
    variants = {tuple(cell.split("/")[:2]) for cell in CELLS}
    assert variants <= set(rows)
    for stack, variant in variants:
        mine = [cell for cell in CELLS if cell.startswith(f"{stack}/{variant}/")]
        languages = [LANGUAGES[Path(cell).suffix] for cell in mine]
        shown = rows[stack, variant].split()
        assert Counter(languages).items() <= Counter(shown).items()
    assert "missing" not in listed.stdout


def test_without_a_compiler_list_and_build_name_the_packages_for_programs_in_c() -> None:
    for command in ("list", "build", "size"):
        said = bench(command, PATH="/nowhere", COLUMNS="200")
        assert said.returncode == 0
        left_out = [line for line in said.stdout.splitlines() if "left out" in line]
        assert len(left_out) == 1
        assert re.match(
            r"left out \d+ programs in C. To include: apt-get install gcc pkg-config "
            r"libjansson-dev .*libzmq3-dev",
            left_out[0],
        )
        assert "not built" not in said.stdout


def test_a_run_without_a_compiler_skips_programs_in_c_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(requirements, "lacking", lambda _: ["gcc", "libzmq3-dev"])
    cells = [cell for cell in find_cells([IMPLEMENTATIONS]) if cell.language == "c"]
    cases = [Case(cell, "throughput", "tcp", 64, 1, "free") for cell in cells[:5]]
    runner = Runner(Archive.create(tmp_path / "run", {}), [Planned(c, 1) for c in cases], 1)
    runner.check()
    said = capsys.readouterr().out
    assert said.count("left out 5 programs in C. To include: apt-get install gcc") == 1
    assert "FAILED" not in said
    assert "not built" not in said
    assert len(runner.archive.failures) == 5
    assert none_failed(runner.archive.failures), "no fault of a program"


def test_without_a_compiler_a_program_in_c_is_skipped_and_not_failed() -> None:
    said = bench("check", "raw_socket/minimal/*.c", PATH="/nowhere", COLUMNS="200")
    assert "SKIPPED raw_socket/minimal/request_reply.c tcp not built:" in said.stdout
    assert "0 passed, 0 failed, 6 skipped" in said.stdout
    assert said.returncode == 0


def test_list_names_a_missing_library() -> None:
    listed = call("list", "--implementations", BROKEN)
    assert listed.exit_code == 0
    assert "nomiddle-no-such-library" in listed.stdout.replace("\n", "")


def test_size_shows_every_program() -> None:
    shown = bench("size")
    assert shown.returncode == 0
    for cell in CELLS:
        assert cell in shown.stdout


def test_size_of_one_program_shows_that_one() -> None:
    shown = call("size", "zmq/minimal/request_reply.py")
    assert shown.exit_code == 0
    assert "zmq/minimal/request_reply.py" in shown.stdout
    assert "http" not in shown.stdout


@pytest.mark.parametrize("command", [["check"], ["size"], ["run", "--only"]])
def test_a_glob_that_matches_nothing_suggests_a_near_program(command: list[str]) -> None:
    said = error_of(*command, "zmq/minimal/reqest_reply.py")
    assert "no program matches 'zmq/minimal/reqest_reply.py'" in said
    assert "zmq/minimal/request_reply.py" in said


def test_an_unknown_profile_suggests_a_near_one() -> None:
    said = error_of("run", "--profile", "standart")
    assert "no profile 'standart'" in said
    assert "did you mean standard" in said


def test_an_unknown_transport_is_named() -> None:
    said = error_of("check", "zmq/minimal/*", "--transport", "pigeon")
    assert "transport 'pigeon'" in said


def test_a_root_that_does_not_exist_is_named() -> None:
    assert "nowhere is not a folder" in error_of("list", "--implementations", "nowhere")


def test_a_run_of_no_blocks_is_refused() -> None:
    result = call("run", "--blocks", 0)
    assert result.exit_code == 2
    assert "--blocks" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--size", "64,0"], "--size 0: a timed message has at least 32 bytes"),
        (["--size", 1 << 25], "takes at most 16777216 bytes"),
        (["--clients", 0], "--clients 0: a trial has at least 1"),
        (["--subscribers", 100_000], "--subscribers 100000: "),
        (["--workers", 2, "--part", "failures"], "no case of these programs"),
    ],
)
def test_a_point_that_no_trial_can_have_is_refused_before_anything_is_measured(
    words: list[object], said: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert said in error_of("run", "--profile", "quick", "--out", out, *words)
    assert not out.exists()


def test_a_size_that_is_no_number_is_refused() -> None:
    result = call("run", "--size", "64,many")
    assert result.exit_code == 2
    assert "'64,many' is not a whole number" in result.stderr


@pytest.mark.parametrize("words", [["report"], ["run", "--resume"]])
def test_a_folder_that_is_no_run_is_named(words: list[str], tmp_path: Path) -> None:
    assert f"{tmp_path} is not a run" in error_of(*words, tmp_path)


def test_check_of_a_broken_program_fails_and_shows_the_reason() -> None:
    checked = bench("check", "broken/duplicated/*", "--implementations", BROKEN)
    assert checked.returncode == 1
    assert "FAILED" in checked.stdout
    assert "3000 duplicated of 3000 messages" in checked.stdout
    assert "0 passed, 1 failed" in checked.stdout


def test_check_of_a_right_program_passes() -> None:
    checked = bench("check", "raw_socket/minimal/fan_out.py", "--transport", "ipc")
    assert checked.returncode == 0, checked.stdout
    assert "1 passed, 0 failed" in checked.stdout


@pytest.mark.parametrize(
    "option", [("--sanitize",), ("--transport", "ipc"), ("--recheck",)]
)
def test_levels_refuse_options_that_they_would_ignore(
    option: tuple[str, ...],
) -> None:
    said = error_of("check", "--levels", *option)
    assert "leave out --sanitize, --transport and --recheck" in said


@pytest.mark.parametrize("command", ["check", "run"])
def test_commands_that_need_linux_name_those_that_do_not(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    said = error_of(command)
    assert "needs Linux" in said
    assert "darwin" in said
    assert "`report`" in said


@pytest.mark.thorough
@pytest.mark.parametrize("command", ["list", "size", "doctor"])
def test_commands_that_work_outside_linux_work(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert call(command).exit_code == 0


def test_doctor_names_a_remedy_for_each_finding_and_the_folder_of_kept_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    result = call("doctor")
    assert f"kept in {tmp_path}/nomiddle/checks" in result.output.replace("\n", "")
    assert result.exit_code == 0
    assert "->" in result.output or "nothing to improve" in result.output


@pytest.mark.thorough
def test_with_one_cpu_split_has_a_reason_and_shared_a_value(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = ["--profile", "standard", "--blocks", "1", "--out", str(folder)]
    words += ["--only", "raw_socket/minimal/request_reply.py"]
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    program += "from bench.cli.main import main; main()"
    subprocess.run(
        [sys.executable, "-c", program, "run", *words],
        cwd=PROJECT,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,  # 1: some cases have no value
    )
    archive = Archive(folder)
    failures = archive.read(FAILURES)
    planned = {row["case"]: row["placement"] for row in archive.about()["cases"]}
    assert {failure["case"] for failure in failures} == {
        case for case, placement in planned.items() if placement == "split"
    }
    for failure in failures:
        assert "needs two CPUs, and this process may use one" in failure["reason"]
    values = load_suite(folder / "raw_socket.minimal.json.gz").get_benchmark_names()
    assert "request_reply.latency.64B.tcp.1_clients.shared" in values


def test_an_unknown_citation_suggests_a_near_one() -> None:
    numbers = PROJECT / "reports" / "numbers.json"
    if not numbers.exists():
        pytest.skip("no report in this checkout")
    known = json.loads(numbers.read_text())[0]["id"]
    said = error_of("cite", known[:-1])
    assert known in said


def test_citing_without_a_report_names_the_command_that_makes_one(tmp_path: Path) -> None:
    said = error_of("cite", "any.id", "--numbers", f"{tmp_path}/numbers.json")
    assert f"{tmp_path}/numbers.json" in said
