"""A run survives whatever happens to it: no process stays, no finished trial is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyperf
import pytest
from helpers_bench import BROKEN, TIMEOUT_S, bench, finish, hosts_of, start_bench

from bench.archive import ENVIRONMENT, FAILURES, NOT_SUITES, RUN, SUMS, Archive, sha256
from bench.contract import IMPLEMENTATIONS
from bench.find import find_cells
from bench.manifest import about, planned_again
from bench.plan import plan
from bench.profiles import PROFILES
from bench.run import Runner
from bench.schedule import schedule

NULL = "null/minimal/request_reply.py"
ZMQ = "zmq/minimal/request_reply.py"
SOCKET = "raw_socket/minimal/request_reply.py"
BLOCKS = 3


@pytest.fixture(autouse=True, scope="module")
def own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the runs of these tests exclude each other, and nobody else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("t")))
        patch.setenv("NOMIDDLE_LOCK", str(tmp_path_factory.mktemp("lock")))
        yield


def words_of_run(folder: Path, *cells: str, blocks: int = BLOCKS) -> list[object]:
    only = [word for cell in cells for word in ("--only", cell)]
    return ["run", "--profile", "quick", "--blocks", blocks, "--out", folder, *only]


def wait_for(happened: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not happened():
        assert time.monotonic() < deadline, f"waited too long until {what}"
        time.sleep(0.005)


def begun(folder: Path) -> Callable[[], bool]:
    return (folder / RUN).exists


def suites(folder: Path) -> list[Path]:
    return [path for path in folder.glob("[!.]*.json") if path.name not in NOT_SUITES]


def expect_no_hosts_of(harness: int) -> None:
    wait_for(lambda: not hosts_of(harness), "the hosts were gone")


def timed_runs(folder: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the metadata of each timed run in pyperf's files, and how many values."""
    for path in suites(folder):
        for benchmark in pyperf.BenchmarkSuite.load(str(path)).get_benchmarks():
            if ".size." not in benchmark.get_name():
                for run in benchmark.get_runs():
                    yield run.get_metadata(), len(run.values)


def trials(folder: Path) -> Counter[tuple[str, int]]:
    """Count the values and failures of each (case, block)."""
    counted: Counter[tuple[str, int]] = Counter()
    for facts, values in timed_runs(folder):
        counted[facts["case"], facts["block"]] += values
    for failure in json.loads((folder / FAILURES).read_text()):
        counted[failure["case"], failure["block"]] += 1
    return counted


def planned_trials(folder: Path) -> Counter[tuple[str, int]]:
    cases = json.loads((folder / RUN).read_text())["cases"]
    return Counter((row["case"], n) for row in cases for n in range(row["blocks"]))


# -- kills -----------------------------------------------------------------------------


def test_three_sigkills_leave_no_process_and_the_resumed_run_is_complete(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    words = words_of_run(folder, NULL, ZMQ)
    for awaited in (begun(folder), begun(folder), lambda: suites(folder)):
        harness = start_bench(*words)
        wait_for(awaited, "the run began, and the last time: had a value")
        delay_s = random.uniform(0.3, 4)
        time.sleep(delay_s)
        harness.kill()
        harness.communicate()
        expect_no_hosts_of(harness.pid)
        words = ["run", "--resume", folder]
    if not (folder / SUMS).exists():  # a fast machine may have finished before
        finished = bench(*words)
        assert finished.returncode == 0, finished.stderr
    elif not (folder / "report" / "REPORT.md").exists():
        assert bench("report", folder).returncode == 0
    assert trials(folder) == planned_trials(folder), f"last killed after {delay_s} s"
    watched = {kept["block"] for kept in json.loads((folder / ENVIRONMENT).read_text())}
    assert watched == {block for _, block in planned_trials(folder)}
    assert (folder / "report" / "REPORT.md").exists()


@pytest.mark.parametrize("phase", ["checking", "measuring"])
def test_ctrl_c_says_how_to_go_on_and_leaves_nothing(tmp_path: Path, phase: str) -> None:
    folder = tmp_path / "run"
    harness = start_bench(*words_of_run(folder, NULL, ZMQ))
    wait_for(begun(folder), "the run began")
    if phase == "checking":
        wait_for(lambda: hosts_of(harness.pid), "a host was there")
    else:
        wait_for(lambda: suites(folder), "a trial had its value")
    os.killpg(harness.pid, signal.SIGINT)  # as a terminal does: everyone gets it
    ended = finish(harness)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert f"--resume {folder}" in ended.stderr
    assert not hosts_of(harness.pid)
    assert json.loads((folder / FAILURES).read_text()) == []
    assert max(trials(folder).values(), default=1) == 1


def test_a_killed_host_is_a_failed_trial_with_its_reason_and_the_run_goes_on(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    harness = start_bench(*words_of_run(folder, ZMQ, blocks=2))
    wait_for(lambda: suites(folder), "a trial had its value")

    def failed() -> bool:
        for pid in hosts_of(harness.pid)[:1]:
            with suppress(ProcessLookupError):  # it left between the two
                os.kill(pid, signal.SIGKILL)
        return json.loads((folder / FAILURES).read_text()) != []

    wait_for(lambda: harness.poll() is not None or failed(), "a trial had failed")
    ended = finish(harness)
    assert ended.returncode == 1
    assert "exit status -9" in json.loads((folder / FAILURES).read_text())[0]["reason"]
    assert trials(folder) == planned_trials(folder)
    assert (folder / SUMS).exists()


def test_a_second_run_at_once_refuses_and_says_why(tmp_path: Path) -> None:
    first = start_bench(*words_of_run(tmp_path / "first", ZMQ))
    wait_for(begun(tmp_path / "first"), "the run began")
    second = bench(*words_of_run(tmp_path / "second", NULL))
    first.kill()
    first.communicate()
    assert second.returncode == 1
    assert "another run is measuring" in second.stderr
    assert not (tmp_path / "second").exists()


def test_a_run_killed_between_two_sizes_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [cell for cell in find_cells([IMPLEMENTATIONS]) if cell.id == ZMQ]
    planned = plan(PROFILES["quick"], cells, 1)
    archive = Archive.create(tmp_path / "run", about(planned, cells, "quick", 1))
    add_run, calls = Archive.add_run, []

    def killed_at_the_second(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        add_run(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Archive, "add_run", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        Runner(archive, planned, 1).sizes()
    monkeypatch.undo()
    archive = Archive.resume(tmp_path / "run")
    Runner(archive, planned, 1).sizes()
    names = archive.suites["zmq.minimal"].get_benchmark_names()
    assert {name.split(".")[2] for name in names} == {"statements", "tokens", "gzip"}
    for benchmark in archive.suites["zmq.minimal"].get_benchmarks():
        assert benchmark.get_nrun() == 1


# -- what a finished run is ------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    ended = bench(*words_of_run(folder, ZMQ, SOCKET, blocks=2), "--seed", 7)
    assert (folder / SUMS).exists(), ended.stderr
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "copy")


def run_pyperf(*words: object) -> str:
    command = [sys.executable, "-m", "pyperf", *map(str, words)]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("command", ["show", "stats", "check"])
def test_pyperf_reads_a_stacks_file(finished: Path, command: str) -> None:
    assert "request_reply.latency.64B" in run_pyperf(command, finished / "zmq.minimal.json")


def test_pyperf_compares_two_stacks(finished: Path) -> None:
    files = [finished / "raw_socket.minimal.json", finished / "zmq.minimal.json"]
    table = run_pyperf("compare_to", *files, "--table")
    assert "request_reply.latency.64B.tcp.1_clients.shared" in table


def test_a_benchmark_has_one_run_per_block_and_loops_count_its_messages(
    finished: Path,
) -> None:
    archive = Archive(finished)
    assert trials(finished) == planned_trials(finished)
    for path in archive.suite_paths():
        for benchmark in pyperf.BenchmarkSuite.load(str(path)).get_benchmarks():
            timed = ".size." not in benchmark.get_name()
            assert benchmark.get_nrun() == (2 if timed else 1)
            for run in benchmark.get_runs() if timed else ():
                facts = run.get_metadata()
                assert facts["loops"] == facts["delivered"] > 1
                assert facts["seed"] == 7


def test_raw_samples_are_beside_it_with_their_checksum(finished: Path) -> None:
    text = (finished / "zmq.minimal.json").read_text()
    stored = sorted((finished / "samples").glob("*zmq*.npz"))
    assert len(stored) == 8  # two cases (one is the A/A twin) and two faults, each twice
    for path in stored:
        assert f"samples/{path.name}" in text
        assert sha256(path) in text


def test_the_sums_are_what_sha256sum_checks(finished: Path) -> None:
    subprocess.run(["sha256sum", "--quiet", "-c", SUMS], cwd=finished, check=True)


def test_the_order_of_a_run_is_that_of_its_seed(finished: Path) -> None:
    then = Archive(finished).about()
    assert then["seed"] == 7
    planned = planned_again(then, find_cells([IMPLEMENTATIONS]))
    speed = [entry for entry in planned if not entry.case.fault]
    faults = [entry for entry in planned if entry.case.fault]
    order = sorted(
        (slot.block, slot.position, slot.planned.case.id)
        for part in (speed, faults)
        for slot in schedule(part, 7)
    )
    facts = [metadata for metadata, _ in timed_runs(finished)]
    measured = sorted((f["block"], f["position"], f["case"]) for f in facts)
    assert measured == order


# -- folders that are not what they should be ------------------------------------------


def test_an_unfinished_run_says_how_to_complete_it(copied: Path) -> None:
    (copied / SUMS).unlink()
    ended = bench("report", copied)
    assert ended.returncode == 1
    assert f"run --resume {copied}" in ended.stderr


def test_an_edited_file_is_named(copied: Path) -> None:
    path = copied / "zmq.minimal.json"
    path.write_text(path.read_text().replace("0.0", "0.1", 1) + " ")
    ended = bench("report", copied)
    assert ended.returncode == 1
    assert f"{path} was changed after the run" in ended.stderr


def test_a_missing_file_is_named(copied: Path) -> None:
    path = next((copied / "samples").iterdir())
    path.unlink()
    ended = bench("report", copied)
    assert ended.returncode == 1
    assert f"{path} is missing" in ended.stderr


@pytest.mark.parametrize("command", [["report"], ["run", "--resume"]])
def test_a_run_of_an_older_format_says_so(copied: Path, command: list[str]) -> None:
    facts = json.loads((copied / RUN).read_text())
    (copied / RUN).write_text(json.dumps({**facts, "format": 0}))
    (copied / SUMS).unlink()
    if command == ["report"]:
        Archive(copied).seal()
    ended = bench(*command, copied)
    assert ended.returncode == 1
    assert "has format 0, this version reads 1" in ended.stderr


def test_a_half_written_run_says_so(tmp_path: Path) -> None:
    (tmp_path / RUN).write_text('{"format": 1, "seed')
    ended = bench("run", "--resume", tmp_path)
    assert ended.returncode == 1
    assert "is damaged" in ended.stderr


def test_a_finished_run_cannot_be_resumed_or_overwritten(copied: Path) -> None:
    before = sha256(copied / "zmq.minimal.json")
    resumed = bench("run", "--resume", copied)
    assert resumed.returncode == 1
    assert "is finished" in resumed.stderr
    again = bench(*words_of_run(copied, NULL))
    assert again.returncode == 1
    assert "holds something already" in again.stderr
    assert sha256(copied / "zmq.minimal.json") == before


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    ended = bench(*words_of_run(tmp_path, NULL))
    assert ended.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("where", ["/proc/nomiddle/run", "/dev/null/run"])
def test_a_place_that_cannot_be_written_is_named(where: str) -> None:
    ended = bench(*words_of_run(Path(where), NULL))
    assert ended.returncode == 1
    assert f"cannot write {where}" in ended.stderr
    assert "Traceback" not in ended.stderr


# -- cells of one's own, and cells that cannot be measured -----------------------------


def private_stack(folder: Path) -> Path:
    """Copy ZeroMQ's stack under another name, as somebody would begin their own."""
    cell = folder / "mine" / "minimal" / "request_reply.py"
    shutil.copytree(IMPLEMENTATIONS / "zmq" / "minimal", cell.parent)
    shutil.copy(IMPLEMENTATIONS / "zmq" / "stack.toml", folder / "mine")
    return cell


def test_a_private_stack_is_measured_and_resumed_only_as_it_was(tmp_path: Path) -> None:
    cell, folder = private_stack(tmp_path / "cells"), tmp_path / "run"
    words = words_of_run(folder, "mine/*/request_reply.py", blocks=2)
    harness = start_bench(*words, "--implementations", tmp_path / "cells")
    wait_for(lambda: suites(folder), "a trial had its value")
    harness.kill()
    harness.communicate()
    source = cell.read_text()
    cell.write_text(source.replace("zmq.REQ)", "zmq.REQ)  # changed"))
    refused = bench("run", "--resume", folder)
    assert refused.returncode == 1
    assert "mine/minimal/request_reply.py has changed since the run" in refused.stderr
    cell.write_text(source)
    resumed = bench("run", "--resume", folder)
    assert resumed.returncode == 0, resumed.stderr
    assert trials(folder) == planned_trials(folder)


def test_what_cannot_be_measured_has_a_reason_and_the_run_goes_on(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    cells = ("lacking/*", "broken/syntax_error/*", NULL)
    words = words_of_run(folder, *cells, blocks=1)
    ended = bench(*words, "--implementations", BROKEN)
    assert ended.returncode == 1
    assert "some cases have no value" in ended.stderr
    reasons = {
        failure["case"].split(".python")[0].rsplit(".", 2)[1]: failure["reason"]
        for failure in json.loads((folder / FAILURES).read_text())
    }
    assert "pip install nomiddle-no-such-library" in reasons["lacking"]
    assert "SyntaxError" in reasons["broken"]
    assert any("null" in case for case, _ in trials(folder))
    page = (folder / "report" / "REPORT.md").read_text()
    assert "nomiddle-no-such-library" in page
