"""A run survives whatever happens to it: no process stays, no finished trial is lost."""

from __future__ import annotations

import gzip
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
from once import once

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.run.archive import ENVIRONMENT, FAILURES, RUN, SUMS, Archive, sha256
from bench.run.manifest import about, planned_again
from bench.run.plan import plan
from bench.run.profiles import PROFILES
from bench.run.runner import Runner
from bench.run.samples import parted, read_file, trial_name
from bench.run.schedule import schedule

NULL = "null/minimal/request_reply.py"
SEALED = ".json.gz"
"""The end of the name of pyperf's files in a finished run."""
ZMQ = "zmq/minimal/request_reply.py"
SOCKET = "raw_socket/minimal/request_reply.py"
BLOCKS = 3


@pytest.fixture(autouse=True)
def own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what killed harnesses leave behind out of the folder of everybody."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))


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
    return Archive(folder).suite_paths()


def expect_no_hosts_of(harness: int) -> None:
    wait_for(lambda: not hosts_of(harness), "the hosts were gone")


def timed_runs(folder: Path, suite: str = "") -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the metadata of each timed run in pyperf's files, and how many values.

    A named ``suite`` is the only one read.
    """
    for path in suites(folder):
        if suite and path.name != f"{suite}{SEALED}":
            continue
        for benchmark in pyperf.BenchmarkSuite.load(str(path)).get_benchmarks():
            if ".size." not in benchmark.get_name():
                for run in benchmark.get_runs():
                    yield run.get_metadata(), len(run.values)


def trials(folder: Path) -> Counter[tuple[str, int]]:
    """Count the outcomes of each (case, block): those with values, and failures."""
    counted: Counter[tuple[str, int]] = Counter()
    for facts, _ in timed_runs(folder):
        counted[facts["case"], facts["block"]] += 1
    for failure in json.loads((folder / FAILURES).read_text()):
        counted[failure["case"], failure["block"]] += 1
    return counted


def planned_trials(folder: Path) -> Counter[tuple[str, int]]:
    cases = json.loads((folder / RUN).read_text())["cases"]
    return Counter((row["case"], n) for row in cases for n in range(row["blocks"]))


# -- kills -----------------------------------------------------------------------------


@pytest.mark.thorough
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


@pytest.mark.thorough
@pytest.mark.parametrize("phase", ["checking", "measuring"])
def test_ctrl_c_prints_the_command_that_resumes_and_leaves_no_process(
    tmp_path: Path, phase: str
) -> None:
    folder = tmp_path / "run"
    harness = start_bench(*words_of_run(folder, NULL, ZMQ), "--recheck")
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


@pytest.mark.thorough
def test_a_killed_host_fails_its_trial_with_a_reason_and_the_run_continues(
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


def test_a_second_run_at_the_same_time_is_refused_with_its_reason(tmp_path: Path) -> None:
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
    names = archive.suites["zmq.minimal.size"].get_benchmark_names()
    assert {name.split(".")[2] for name in names} == {"statements", "tokens", "gzip"}
    for benchmark in archive.suites["zmq.minimal.size"].get_benchmarks():
        assert benchmark.get_nrun() == 1


# -- what a finished run is ------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(root: Path) -> None:
        folder = root / "run"
        ended = bench(*words_of_run(folder, ZMQ, SOCKET, blocks=2), "--seed", 7)
        assert (folder / SUMS).exists(), ended.stderr
        assert ended.returncode == 0, ended.stderr

    return once(tmp_path_factory, "measured run", make) / "run"


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


@pytest.mark.thorough
@pytest.mark.parametrize("command", ["show", "stats", "check"])
def test_pyperf_reads_a_stacks_file(finished: Path, command: str) -> None:
    assert "request_reply.latency.64B" in run_pyperf(
        command, finished / f"zmq.minimal{SEALED}"
    )


@pytest.mark.thorough
def test_pyperf_compares_two_stacks(finished: Path) -> None:
    files = [finished / f"{stack}.minimal{SEALED}" for stack in ("raw_socket", "zmq")]
    table = run_pyperf("compare_to", *files, "--table")
    assert "request_reply.latency.64B.tcp.1_clients.shared" in table


@pytest.mark.thorough
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
                assert facts["loops"] == (1 if "fault" in facts else facts["delivered"])
                assert facts["delivered"] > 1
                assert facts["seed"] == 7


@pytest.mark.thorough
def test_a_file_has_either_times_per_message_or_outages_or_sizes(finished: Path) -> None:
    """One geometric mean over outages, latencies and counts would say nothing."""
    for path in Archive(finished).suite_paths():
        names = pyperf.BenchmarkSuite.load(str(path)).get_benchmark_names()
        kinds = {name.split(".")[1] for name in names}
        expected = path.name.removesuffix(SEALED).split(".")[-1]
        assert (kinds & {"recovery", "size"} or {"minimal"}) == {expected}
        assert len(kinds) == 1 or expected == "minimal"


@pytest.mark.thorough
def test_pyperf_adds_up_how_long_trials_were_timed(finished: Path) -> None:
    for path in Archive(finished).suite_paths():
        suite = pyperf.BenchmarkSuite.load(str(path))
        timed_s = sum(
            facts.get("window_s", facts.get("watched_s", 0.0))
            for benchmark in suite.get_benchmarks()
            for facts in (run.get_metadata() for run in benchmark.get_runs())
        )
        assert suite.get_total_duration() == pytest.approx(timed_s)


@pytest.mark.thorough
def test_raw_samples_of_every_trial_are_kept(finished: Path) -> None:
    """In one file for each of pyperf's files, which names it."""
    found = {}
    for path in suites(finished):
        suite = path.name.removesuffix(SEALED)
        kept = [facts for facts, _ in timed_runs(finished, suite) if "samples" in facts]
        if kept:
            (name,) = {facts["samples"] for facts in kept}
            trials = {trial_name(m["case"], m["block"], m["repeat"]) for m in kept}
            assert parted(read_file(finished / name)).keys() == trials
            found[name] = len(trials)
    # A case and its A/A copy, in two placements, each twice.
    assert found["samples/zmq.minimal.npz"] == 8
    assert found["samples/zmq.minimal.recovery.npz"] == 6  # three faults, each twice
    assert len(list((finished / "samples").iterdir())) == len(found)


@pytest.mark.thorough
def test_sha256sum_accepts_the_checksums_of_a_run(finished: Path) -> None:
    subprocess.run(["sha256sum", "--quiet", "-c", SUMS], cwd=finished, check=True)


@pytest.mark.thorough
def test_the_order_of_a_run_follows_from_its_seed(finished: Path) -> None:
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


def test_an_unfinished_run_names_the_command_that_completes_it(copied: Path) -> None:
    (copied / SUMS).unlink()
    ended = bench("report", copied)
    assert ended.returncode == 1
    assert f"run --resume {copied}" in ended.stderr


def test_an_edited_file_is_named(copied: Path) -> None:
    path = copied / f"zmq.minimal{SEALED}"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b" "))
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
def test_a_run_of_an_older_format_is_refused_with_its_reason(
    copied: Path, command: list[str]
) -> None:
    facts = json.loads((copied / RUN).read_text())
    (copied / RUN).write_text(json.dumps({**facts, "format": 0}))
    (copied / SUMS).unlink()
    if command == ["report"]:
        Archive(copied).seal()
    ended = bench(*command, copied)
    assert ended.returncode == 1
    assert "has format 0, this version reads 1" in ended.stderr


def test_a_half_written_run_is_refused_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / RUN).write_text('{"format": 1, "seed')
    ended = bench("run", "--resume", tmp_path)
    assert ended.returncode == 1
    assert "is damaged" in ended.stderr


def test_a_finished_run_cannot_be_resumed_or_overwritten(copied: Path) -> None:
    before = sha256(copied / f"zmq.minimal{SEALED}")
    resumed = bench("run", "--resume", copied)
    assert resumed.returncode == 1
    assert "is finished" in resumed.stderr
    again = bench(*words_of_run(copied, NULL))
    assert again.returncode == 1
    assert "is not empty" in again.stderr
    assert sha256(copied / f"zmq.minimal{SEALED}") == before


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
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
    """Copy ZeroMQ's stack under another name, as a user would begin a new one."""
    cell = folder / "mine" / "minimal" / "request_reply.py"
    shutil.copytree(IMPLEMENTATIONS / "zmq" / "minimal", cell.parent)
    shutil.copy(IMPLEMENTATIONS / "zmq" / "stack.toml", folder / "mine")
    return cell


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_an_unmeasurable_case_has_a_reason_and_the_run_continues(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    private_stack(tmp_path / "cells").write_text("def serve(:\n")
    words = words_of_run(folder, "lacking/*", "mine/*/request_reply.py", NULL, blocks=1)
    more = ("--implementations", BROKEN, "--implementations", tmp_path / "cells")
    ended = bench(*words, *more)
    assert ended.returncode == 1
    assert "some cases have no value" in ended.stderr
    reasons = {
        failure["case"].split(".python")[0].rsplit(".", 2)[1]: failure["reason"]
        for failure in json.loads((folder / FAILURES).read_text())
    }
    assert "pip install nomiddle-no-such-library" in reasons["lacking"]
    assert "SyntaxError" in reasons["mine"]
    assert any("null" in case for case, _ in trials(folder))
    page = (folder / "report" / "REPORT.md").read_text()
    assert "nomiddle-no-such-library" in page
