"""Fork servers: hosts that are copies of a process which has loaded their program."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers_bench import find_cell, hosts_of, make_case

from bench.contract.model import Case
from bench.errors import TrialError
from bench.measure import latency
from bench.trial import fork_servers
from bench.trial.descendants import stat
from bench.trial.ensemble import Ensemble, ensemble
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window

ASK = "raw_socket/minimal/request_reply.py"
IN_TURNS = Window(messages=300, warm_up=10, stamp_each=True, turns=3)


@pytest.fixture
def servers() -> Iterator[ForkServers]:
    with ForkServers(random.Random(1)) as made:
        yield made


def asked(cell: str) -> Case:
    return make_case(find_cell(cell), "latency")


def altered(folder: Path, lines: str) -> Case:
    """Return a case of the sockets' program, with further lines at its top."""
    case = asked(ASK)
    path = folder / case.cell.path.name
    path.write_text(f"{lines}\n{case.cell.path.read_text()}")
    return replace(case, cell=replace(case.cell, path=path))


def parents(started: Ensemble) -> list[set[int]]:
    """Return the parents of each member's hosts."""
    found = []
    for member in started.members:
        stats = [stat(host.pid) for host in member.trial.hosts]
        found.append({known.parent for known in stats if known})
    return found


def test_hosts_of_one_program_are_copies_of_one_process_in_all_ensembles_of_a_block(
    servers: ForkServers, tmp_path: Path
) -> None:
    case = asked(ASK)
    seen = []
    for number in range(2):
        logs = tmp_path / str(number)
        with ensemble([(case, IN_TURNS)], logs, random.Random(1), servers) as started:
            seen += parents(started)
    assert seen[0] == seen[1]
    assert len(seen[0]) == 1
    assert os.getpid() not in seen[0]


def test_an_a_a_copy_and_its_original_are_copies_of_different_processes(
    servers: ForkServers, tmp_path: Path
) -> None:
    case = asked(ASK)
    cases = [(case, IN_TURNS), (replace(case, copy=1), IN_TURNS)]
    with ensemble(cases, tmp_path, random.Random(1), servers) as started:
        original, copy = parents(started)
    assert len(original) == len(copy) == 1
    assert original.isdisjoint(copy)


def test_two_files_of_one_program_are_copies_of_different_processes(
    servers: ForkServers, tmp_path: Path
) -> None:
    cases = [(asked(ASK), IN_TURNS), (altered(tmp_path, ""), IN_TURNS)]
    with ensemble(cases, tmp_path, random.Random(1), servers) as started:
        project, changed = parents(started)
    assert project.isdisjoint(changed)


def test_hosts_start_as_usual_where_the_end_of_a_copy_cannot_be_awaited(
    servers: ForkServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_servers, "can_await_copies", lambda: False)
    with ensemble([(asked(ASK), IN_TURNS)], tmp_path, random.Random(1), servers) as started:
        assert parents(started) == [{os.getpid()}]


def test_a_server_without_an_answer_is_killed_and_the_program_fails(
    servers: ForkServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_servers, "ANSWER_S", 0.2)
    servers.load([asked(ASK)], tmp_path)
    (server,) = hosts_of(os.getpid())
    os.kill(server, signal.SIGSTOP)
    cases = [(asked(ASK), IN_TURNS)]
    with ensemble(cases, tmp_path, random.Random(1), servers) as started:
        assert "did not start" in str(started.members[0].failed)
        assert not hosts_of(os.getpid())


@pytest.mark.thorough
@pytest.mark.parametrize(
    "lines",
    [
        "import threading; threading.Timer(60, print).start()",
        "import sys; sys.argv[0].endswith('fork_server.py') and sys.exit('not like that')",
    ],
    ids=["with a thread", "not in a server"],
)
def test_a_program_that_cannot_be_copied_is_started_as_usual(
    lines: str, servers: ForkServers, tmp_path: Path
) -> None:
    case = altered(tmp_path, lines)
    with ensemble([(case, IN_TURNS)], tmp_path, random.Random(1), servers) as started:
        assert parents(started) == [{os.getpid()}]
        for _ in range(3):
            started.take_round(random.Random(2))
        (left,) = started.end(range(3))
    assert isinstance(left, TrialRecord)
    assert latency.measure(case, left).metadata["delivered"] == 300


def test_an_error_names_the_library_without_which_a_program_does_not_load(
    servers: ForkServers, tmp_path: Path
) -> None:
    case = altered(tmp_path, "import a_library_that_nobody_has")
    with ensemble([(case, IN_TURNS)], tmp_path, random.Random(1), servers) as started:
        assert "a_library_that_nobody_has" in str(started.members[0].failed)


def test_a_copy_without_a_role_of_its_workload_is_refused(
    servers: ForkServers, tmp_path: Path
) -> None:
    case = altered(tmp_path, "")
    text = case.cell.path.read_text().replace("def call(", "def called(")
    case.cell.path.write_text(text)
    with ensemble([(case, IN_TURNS)], tmp_path, random.Random(1), servers) as started:
        assert "has no function call" in str(started.members[0].failed)


def test_a_killed_copy_is_missed_and_the_other_programs_go_on(
    servers: ForkServers, tmp_path: Path
) -> None:
    case = asked(ASK)
    cases = [(case, IN_TURNS), (asked("zmq/minimal/request_reply.py"), IN_TURNS)]
    with ensemble(cases, tmp_path, random.Random(1), servers) as started:
        hosts = started.members[0].trial.hosts
        os.kill(hosts[0].pid, signal.SIGKILL)
        assert hosts[0].process.wait(5) == -signal.SIGKILL
        started.take_round(random.Random(2))
        assert isinstance(started.members[0].failed, TrialError)
        assert started.members[1].failed is None


def test_the_copies_of_a_killed_server_end_and_later_hosts_start_as_usual(
    servers: ForkServers, tmp_path: Path
) -> None:
    case = asked(ASK)
    with ensemble([(case, IN_TURNS)], tmp_path, random.Random(1), servers) as started:
        ((server,),) = parents(started)
        hosts = started.members[0].trial.hosts
        os.kill(server, signal.SIGKILL)
        assert [host.process.wait(5) for host in hosts] == [-signal.SIGKILL] * 2
    logs = tmp_path / "again"
    with ensemble([(case, IN_TURNS)], logs, random.Random(1), servers) as started:
        assert parents(started) == [{os.getpid()}]


def test_no_server_lives_on_after_its_block(tmp_path: Path) -> None:
    with ForkServers(random.Random(1)) as servers:
        servers.load([asked(ASK), asked("zmq/minimal/pipeline.py")], tmp_path)
        assert len(hosts_of(os.getpid())) == 2
    assert not hosts_of(os.getpid())
