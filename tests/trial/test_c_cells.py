"""Programs in C: their build, their own host, and the contract of all programs.

``test_conformance.py`` checks them like all others, each role in turn beside the program in
Python. The tests here show that such a check can fail, for each error that only C has. They
also compare the records of the two hosts, and test the build.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from click.testing import CliRunner
from helpers_bench import TIMEOUT_S, find_cell, make_case, thorough_but

import bench.trial.build
from bench.cli.main import main
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.contract.slides import slides
from bench.errors import ContractError, NotMeasurable
from bench.hosts.spec import HostSpec
from bench.measure import latency, throughput
from bench.measure.common import Measured
from bench.run.archive import Archive
from bench.run.plan import Group, Planned, Profile, plan
from bench.run.schedule import Slot
from bench.run.suites import load_suite
from bench.trial.addresses import listens
from bench.trial.build import HOST_FRAME, BuildError, build, executable, is_current, lacking
from bench.trial.conformance import CheckResult, check
from bench.trial.interop import in_python, mixtures
from bench.trial.processes import HostProcess, host_program
from bench.trial.trial import Trial, TrialRecord, Window, run_trial

Verdict = Callable[[tuple[Cell, str]], CheckResult]

FAULTY = Path(__file__).parents[1] / "cells" / "broken_in_c"
EVERY = find_cells([IMPLEMENTATIONS])
IN_C = [cell for cell in EVERY if cell.language == "c"]
SHOWN = slides(EVERY)
SOCKETS = "raw_socket/minimal/{}.c"
WORKLOADS = ("request_reply", "fan_out", "pipeline")
MESSAGES = 500

pytestmark = pytest.mark.skipif(
    bool(lacking(find_cell(SOCKETS.format("request_reply")))),
    reason="no compiler or a library is missing: see `python -m bench build`",
)

REASONS = {
    "stale": ["wrong of", "does not belong to request"],
    "one_recv": ["one byte at a time: call.0"],
    "refusing": ["serve.0 raised recv: Bad file descriptor"],
    "deaf_to_stop": ["call.", "did not return within 2 s after it was told to stop"],
    "other_framing": ["all sizes, many, several at once, serve in Python: "],
    "one_role": ["this cell has no function serve, which its workload asks for"],
    "misspelt": ["does not compile", "handel"],
}
SANITIZED = {
    "leaking": ["call.", "leaks memory"],
    "overrunning": ["call.", "heap-buffer-overflow"],
}


def faulty(variant: str, sanitized: bool) -> tuple[Cell, str]:
    cells = [cell for cell in find_cells([FAULTY]) if cell.language == "c"]
    cell = next(cell for cell in cells if cell.variant.name == variant)
    return replace(cell, sanitized=sanitized), "tcp"


def pairs(cells: list[Cell], sanitized: bool) -> dict[str, tuple[Cell, str]]:
    return {
        f"{cell.id} {transport}": (replace(cell, sanitized=sanitized), transport)
        for cell in cells
        for transport in cell.transports
    }


def ready(cell: Cell) -> Cell:
    """Return a cell whose program is built; skip where that is not possible here."""
    if packages := lacking(cell):
        pytest.skip(f"apt-get install {' '.join(packages)}")
    build(cell)
    return cell


@pytest.fixture
def verdict(tmp_path: Path) -> Verdict:
    return lambda pair: check(*pair, tmp_path)


def passed(result: CheckResult) -> None:
    if result.skipped:
        pytest.skip(result.reason)
    assert result.reason == ""


SANE = pairs(IN_C, sanitized=True)
HAPPY = pairs(SHOWN, sanitized=False)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "pair", thorough_but([SOCKETS.format("request_reply") + " tcp"], SANE)
)
def test_sanitizers_find_nothing_in_the_conformance_of_a_program(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    """Neither reads and writes out of bounds, nor undefined behaviour, nor leaks."""
    passed(verdict(pair))


@pytest.mark.thorough
@pytest.mark.parametrize("pair", HAPPY.values(), ids=HAPPY)
def test_slide_programs_work_alone_and_with_python_while_nothing_fails(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    passed(verdict(pair))


@pytest.mark.parametrize(
    "pair", thorough_but(["stale", "misspelt"], {v: faulty(v, False) for v in REASONS})
)
def test_a_faulty_program_is_caught_and_the_reason_names_its_error(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    result = verdict(pair)
    for words in REASONS[pair[0].variant.name]:
        assert words in result.reason
    assert not result.skipped


@pytest.mark.thorough
@pytest.mark.parametrize(
    "pair", thorough_but(["leaking"], {v: faulty(v, True) for v in SANITIZED})
)
def test_sanitizers_catch_memory_errors_that_checks_miss(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    result = verdict(pair)
    for words in SANITIZED[pair[0].variant.name]:
        assert words in result.reason


def test_every_faulty_program_has_an_expectation() -> None:
    variants = {cell.variant.name for cell in find_cells([FAULTY])}
    assert variants == {*REASONS, *SANITIZED}


def test_every_stack_has_its_minimal_programs_in_c_and_shows_two() -> None:
    ids = {cell.id for cell in IN_C}
    for stack in ("raw_socket", "http", "zmq"):
        mine = {path.rsplit("/", 1)[1] for path in ids if path.startswith(f"{stack}/")}
        assert mine >= {f"{workload}.c" for workload in WORKLOADS}
    shown = {cell.id for cell in SHOWN}
    assert shown == {f"{stack}/slide/request_reply.c" for stack in ("raw_socket", "zmq")}
    assert not shown & {cell.id for cell in EVERY}


@pytest.mark.parametrize("cell", IN_C, ids=[cell.id for cell in IN_C])
def test_a_program_in_c_plays_each_role_with_the_one_in_python(cell: Cell) -> None:
    python = in_python(cell)
    assert python
    assert python.path == cell.path.with_suffix(".py")
    roles = {role.name for role in cell.workload.roles}
    in_python_there = [frozenset(mixture.played_by) for mixture in mixtures(cell)]
    assert in_python_there[0] == frozenset()
    for role in roles:
        assert {role} in in_python_there
        assert roles - {role} in in_python_there


def test_failures_are_planned_with_programs_in_python_only() -> None:
    group = Group(("*",), faults=("*",), leaving_out=())
    planned = plan(Profile("all", "every fault", (group,)), EVERY)
    assert {entry.case.cell.language for entry in planned} == {"python"}


def test_levels_of_programs_in_c_alone_are_refused() -> None:
    ended = CliRunner().invoke(main, ["check", "--levels", "raw_socket/minimal/*.c"])
    assert ended.exit_code == 1
    assert "failures are tried on programs in Python" in ended.output


# -- what the C host records ------------------------------------------------------------


def played(cell: Cell, window: Window, folder: Path, **changed: object) -> TrialRecord:
    case = make_case(ready(cell), **changed)
    return run_trial(case, window, folder, random.Random(1))


@pytest.mark.parametrize("quantity", ["latency", "throughput"])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_timed_trial_records_the_same_in_the_hosts_of_both_languages(
    workload: str, quantity: str, tmp_path: Path
) -> None:
    """The same files with the same counts; only the stamps in them are its own."""
    cell = find_cell(SOCKETS.format(workload))
    python = in_python(cell)
    assert python
    window = Window(MESSAGES, warm_up=20, stamp_each=quantity == "latency")
    records = [
        played(program, window, tmp_path / program.language, quantity=quantity)
        for program in (cell, python)
    ]
    assert records[0].roles.keys() == records[1].roles.keys()
    for name, record in records[0].roles.items():
        other = records[1].roles[name]
        ignored = {"unclean"}
        assert record.counts.keys() - ignored == other.counts.keys()
        for key in other.counts.keys() - {"head_bytes"}:  # Python keeps short ones whole
            assert record.counts[key] == other.counts[key], key
        for mine, theirs in (
            (record.given_ns, other.given_ns),
            (record.arrived_ns, other.arrived_ns),
        ):
            assert (mine is None) == (theirs is None)
            if mine is not None and theirs is not None:
                assert len(mine) == len(theirs)
                assert (np.diff(mine) >= 0).all()
        if record.heads is not None and other.heads is not None:
            mine, theirs = np.sort(record.heads), np.sort(other.heads)
            assert mine.tolist() == theirs.tolist()
    assert records[0].sockets.keys() == records[1].sockets.keys()
    for name, options in records[0].sockets.items():
        assert options["tcp_nodelay"] == [1] == records[1].sockets[name]["tcp_nodelay"]
        assert options.keys() == records[1].sockets[name].keys()


@pytest.mark.parametrize("workload", WORKLOADS)
def test_both_quantities_come_out_of_a_trial_in_c(workload: str, tmp_path: Path) -> None:
    cell = find_cell(SOCKETS.format(workload))
    for quantity, measure in (("latency", latency), ("throughput", throughput)):
        case = make_case(ready(cell), quantity)
        window = Window(MESSAGES, warm_up=20, stamp_each=quantity == "latency")
        trial = run_trial(case, window, tmp_path / quantity, random.Random(1))
        counts = measure.measure(case, trial).metadata
        assert counts["delivered"] == cell.workload.deliveries(MESSAGES, case.instances)
        assert counts["lost"] == counts["duplicated"] == 0
        assert not (cell.workload.ordered and counts["reordered"])


def test_a_pilot_ends_by_its_limit_and_counts_the_given_messages(tmp_path: Path) -> None:
    cell = find_cell(SOCKETS.format("request_reply"))
    window = Window(200_000, warm_up=10, limit_s=0.02)
    trial = played(cell, window, tmp_path)
    (driver,) = trial.of(cell.workload.driver)
    assert driver.given_ns is not None
    assert 0 < driver.counts["given"] == len(driver.given_ns) < 200_000


def test_a_paced_stream_takes_its_time(tmp_path: Path) -> None:
    cell = find_cell(SOCKETS.format("fan_out"))
    window = Window(50, warm_up=5, interval_s=0.004, stamp_each=True)
    trial = played(cell, window, tmp_path, quantity="latency")
    (driver,) = trial.of(cell.workload.driver)
    assert driver.given_ns is not None
    lasted_ns = int(driver.given_ns[-1] - driver.given_ns[0])
    assert lasted_ns > 49 * 4_000_000 / 2  # half, in case the first stamp was late


def test_pyperf_never_takes_values_of_two_languages_for_one_benchmark(
    tmp_path: Path,
) -> None:
    cell = find_cell(SOCKETS.format("request_reply"))
    python = in_python(cell)
    assert python
    archive = Archive.create(tmp_path / "run", {"format": 0})
    for program in (cell, python):
        planned = Planned(make_case(program), blocks=1)
        for block in range(2):
            slot = Slot(block, 0, planned, "seed")
            archive.add(slot, Measured(1e-5, {"delivered": 1}))
    found = {}
    for path in archive.suite_paths():
        (benchmark,) = load_suite(path).get_benchmarks()
        found[path.name] = {run.get_metadata()["case"] for run in benchmark.get_runs()}
    assert found == {
        "raw_socket.minimal.json": {make_case(python).id},
        "raw_socket.minimal.c.json": {make_case(cell).id},
    }


def test_roles_in_two_languages_share_a_timed_trial(tmp_path: Path) -> None:
    cell = ready(find_cell(SOCKETS.format("pipeline")))
    python = in_python(cell)
    assert python
    case = make_case(cell)
    window = Window(MESSAGES, warm_up=20)
    trial = run_trial(case, window, tmp_path, random.Random(1), None, {"work": python})
    assert throughput.measure(case, trial).metadata["delivered"] == MESSAGES


def spec_of_a_client(folder: Path) -> tuple[Cell, HostSpec]:
    """Return a cell, and what the host of its client is told in a trial of this test."""
    cell = ready(find_cell(SOCKETS.format("request_reply")))
    trial = Trial(make_case(cell), Window(10, 2), folder, folder, random.Random(1))
    return cell, trial.host_spec(cell, [trial.role_spec(cell.workload.driver, 0)])


@pytest.mark.parametrize(
    ("key", "value"),
    [("rate_hz", 100.0), ("busy_ns", 1000), ("stall_ns", 1), ("supervised", True)],
)
def test_the_c_host_refuses_settings_that_it_does_not_have(
    key: str, value: Any, tmp_path: Path
) -> None:
    cell, spec = spec_of_a_client(tmp_path)
    ended = subprocess.run(
        [executable(cell), spec._replace(**{key: value}).to_json()],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ended.returncode == 1
    assert f"the C host has no {key}: use the cell in Python" in ended.stderr


HARNESS = """
import json, os, subprocess, sys, time

program, told, spec = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
words = [program, json.dumps(spec | {"parent": os.getpid()})]
host = subprocess.Popen(words, stdin=told, stdout=subprocess.PIPE)
host.stdout.readline()
print(host.pid, flush=True)
time.sleep(3600)
"""


def is_alive(pid: int) -> bool:
    try:
        state = (
            Path(f"/proc/{pid}/stat")
            .read_text(encoding="utf-8")
            .rsplit(")", 1)[1]
            .split()[0]
        )
    except OSError:
        return False
    return state not in "ZX"


@pytest.mark.parametrize("kept_open", [True, False], ids=["input_open", "input_closed"])
def test_a_host_in_c_dies_with_its_harness_and_at_the_end_of_its_input(
    kept_open: bool, tmp_path: Path
) -> None:
    """By the kernel's signal, even where another process holds its input open; and where
    the harness lives, but has closed that."""
    cell, spec = spec_of_a_client(tmp_path)
    told, tells = os.pipe()
    words = [str(executable(cell)), str(told), spec.to_json()]
    harness = subprocess.Popen(
        [sys.executable, "-c", HARNESS, *words],
        pass_fds=[told],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert harness.stdout
    host = int(harness.stdout.readline())
    os.close(told)
    assert is_alive(host)
    if kept_open:
        harness.kill()
        harness.wait()
    else:
        os.close(tells)
    deadline = time.monotonic() + TIMEOUT_S
    while is_alive(host):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    if kept_open:
        os.close(tells)
    harness.kill()
    harness.wait()


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_client_that_sends_nonsense_loses_only_its_own_connection(
    transport: str, tmp_path: Path
) -> None:
    cell = ready(find_cell(SOCKETS.format("request_reply")))
    case = make_case(cell, transport=transport)
    trial = Trial(case, Window(10, 2), tmp_path, tmp_path, random.Random())
    spec = trial.host_spec(cell, [trial.role_spec(cell.workload.role("serve"), 0)])
    host = HostProcess("serve.0", spec, tmp_path / "log", program=host_program(cell))
    try:
        host.tell("go", role="serve.0")
        url = urlsplit(trial.bound["server"])
        deadline = time.monotonic() + TIMEOUT_S
        while not listens(trial.bound["server"]):
            assert time.monotonic() < deadline
            time.sleep(0.01)

        def client() -> socket.socket:
            if transport == "tcp":
                return socket.create_connection((url.hostname, url.port), TIMEOUT_S)
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(TIMEOUT_S)
            sock.connect(url.path)
            return sock

        honest = client()
        with client() as boasting, client() as leaving:
            boasting.sendall(struct.pack("!I", 1 << 31))
            assert boasting.recv(1) == b""
            leaving.sendall(struct.pack("!I", 100) + b"half")
        message = bytes(range(256)) * 4096
        with honest:
            honest.sendall(struct.pack("!I", len(message)) + message)
            stream = honest.makefile("rb")
            assert stream.read(4 + len(message))[4:] == message
        for words in ("recv: a message has at most 16777216 bytes", "recv: Protocol error"):
            while words not in (tmp_path / "log").read_text():
                assert time.monotonic() < deadline
                time.sleep(0.01)
    finally:
        host.kill()


# -- the build --------------------------------------------------------------------------


@pytest.fixture
def own_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bench.trial.build, "BUILD", tmp_path / "build")
    return tmp_path / "build"


def test_a_program_is_built_again_only_when_a_source_is_newer(
    own_build: Path, tmp_path: Path
) -> None:
    root = tmp_path / "mine"
    shutil.copytree(IMPLEMENTATIONS / "raw_socket", root / "mine")
    cell = next(c for c in find_cells([root]) if c.id == "mine/minimal/request_reply.c")
    assert build(cell)
    assert executable(cell).is_relative_to(own_build)
    assert not build(cell)
    header = root / "mine" / "framing.h"
    later_ns = executable(cell).stat().st_mtime_ns + 1_000_000
    os.utime(header, ns=(later_ns, later_ns))
    assert not is_current(cell)
    assert build(cell)


@pytest.mark.thorough
def test_programs_that_are_built_at_once_share_the_objects_of_their_host(
    own_build: Path, tmp_path: Path
) -> None:
    frame = replace(HOST_FRAME, folder=shutil.copytree(HOST_FRAME.folder, tmp_path / "h"))
    cells = [find_cell(SOCKETS.format(name)) for name in ("request_reply", "pipeline")]

    def objects() -> dict[str, int]:
        return {o.stem: o.stat().st_mtime_ns for o in own_build.rglob("*.o")}

    with ThreadPoolExecutor() as pool:
        assert all(pool.map(lambda cell: build(cell, frame), cells))
    made = objects()
    assert made.keys() == {source.stem for source in frame.folder.glob("*.c")}
    assert build(find_cell(SOCKETS.format("fan_out")), frame)
    assert objects() == made
    later_ns = max(executable(c).stat().st_mtime_ns for c in cells) + 1_000_000
    os.utime(frame.folder / "host.h", ns=(later_ns, later_ns))
    assert not any(is_current(cell, frame) for cell in cells)
    assert build(cells[0], frame)
    assert not set(objects().values()) & set(made.values())


def test_the_two_kinds_of_program_lie_apart() -> None:
    cell = find_cell(SOCKETS.format("request_reply"))
    sanitized = replace(cell, sanitized=True)
    assert executable(cell) != executable(sanitized)


def test_a_library_that_is_missing_is_named_with_its_package(own_build: Path) -> None:
    cell = find_cell(SOCKETS.format("request_reply"))
    libraries = {"no-such-library": "libno-such-dev"}
    lacks = replace(cell, stack=replace(cell.stack, c_libraries=libraries))
    assert lacking(lacks) == ["libno-such-dev"]
    with pytest.raises(BuildError, match="not built: apt-get install libno-such-dev"):
        build(lacks)
    assert check(lacks, "tcp", own_build).skipped
    with pytest.raises(NotMeasurable, match="make build"):
        run_trial(make_case(lacks), Window(10, 2), own_build, random.Random(1))


def test_a_malformed_table_of_libraries_is_an_error_that_names_the_stack(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mine" / "minimal"
    folder.mkdir(parents=True)
    (folder / "request_reply.c").write_text("/* A cell. */\n")
    toml = (
        'label = "Mine"\n[variants.minimal]\ntransports = ["tcp", "inproc"]\n'
        "promises.request_reply = []\n"
    )
    (tmp_path / "mine" / "stack.toml").write_text(toml)
    (cell,) = find_cells([tmp_path])
    assert (cell.id, cell.key) == ("mine/minimal/request_reply.c", "mine.minimal.c")
    assert cell.transports == ("tcp",)
    (tmp_path / "mine" / "stack.toml").write_text(toml + "[c.libraries]\nlibx = 1\n")
    with pytest.raises(ContractError, match="write lines like"):
        find_cells([tmp_path])
