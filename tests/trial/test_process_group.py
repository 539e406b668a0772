"""A group of hosts outlives one of them where a trial wants that, and fails where not."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers_bench import TIMEOUT_S, find_cell, hosts_of, make_case

from bench.errors import TrialError
from bench.trial.addresses import listens
from bench.trial.process_group import ProcessGroup
from bench.trial.processes import HostProcess
from bench.trial.record import Window
from bench.trial.trial import Trial

CLIENT, SERVER = "call.0", "serve.0"


class TwoHosts:
    """A group of a client and a server that have loaded their program and were not told
    to begin. It forgives crashes if ``forgiving``.
    """

    def __init__(self, folder: Path) -> None:
        self.forgiving = False
        self.group = ProcessGroup(folder, forgives=self._forgives)
        self.crashed: list[HostProcess] = []
        cell = find_cell("raw_socket/minimal/request_reply.py")
        trial = Trial(make_case(cell), Window(1, 1), folder, folder, random.Random(1))
        for role in cell.workload.roles:
            spec = trial.host_spec(cell, [trial.role_spec(role, 0)])
            self.group.spawn(f"{role.name}.0", spec)
        assert self.group.wait_until(self.group.all_ready, TIMEOUT_S)
        self.group.mark_ready()

    def _forgives(self) -> bool:
        self.crashed += self.group.crashed() if self.forgiving else []
        return self.forgiving

    def __getitem__(self, name: str) -> HostProcess:
        return next(host for host in self.group.hosts if host.name == name)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[TwoHosts]:
    made = TwoHosts(tmp_path)
    yield made
    made.group.close()
    assert not hosts_of(os.getpid())


def test_a_host_that_is_killed_on_purpose_is_no_failure(hosts: TwoHosts) -> None:
    hosts.group.kill(hosts[SERVER])
    hosts.group.hear_for(0.05)
    assert hosts[SERVER].process.returncode == -signal.SIGKILL
    assert set(hosts.group.gone_ns) == {hosts[SERVER]}
    assert set(hosts.group.peaks_bytes) == {SERVER}, "noted while it lived"
    hosts.group.note_peak(hosts[SERVER])
    hosts.group.note_peak(hosts[CLIENT])
    assert set(hosts.group.peaks_bytes) == {CLIENT, SERVER}
    assert hosts.group.crashed() == [], "no signal but the trial's own ended it"


@pytest.mark.parametrize("forgiving", [False, True])
def test_a_crash_is_a_failure_unless_the_trial_forgives_it(
    hosts: TwoHosts, forgiving: bool
) -> None:
    hosts.forgiving = forgiving
    os.kill(hosts[SERVER].pid, signal.SIGABRT)

    def noted() -> bool:
        return bool(hosts.crashed)

    if forgiving:
        assert hosts.group.wait_until(noted, TIMEOUT_S)
        assert hosts.crashed == [hosts[SERVER]] == [*hosts.group.gone_ns]
        hosts.group.hear_for(0.05)
        assert hosts.crashed == [hosts[SERVER]], "noted once, and heard no more"
    else:
        with pytest.raises(TrialError, match=rf"{SERVER} .*exit status -6"):
            hosts.group.wait_until(noted, TIMEOUT_S)


def test_a_command_for_a_role_goes_to_its_host_alone(hosts: TwoHosts) -> None:
    """A host that is told of a role it does not run raises."""
    (url,) = hosts[SERVER].spec.roles[0].addresses
    hosts.group.tell_roles("go", [SERVER])
    assert hosts.group.wait_until(lambda: listens(url), TIMEOUT_S, look_s=0.01)
    hosts.group.end()
    results = hosts.group.progress.results
    assert hosts.group.wait_until(lambda: len(results) == 2, TIMEOUT_S)
    assert set(results) == {CLIENT, SERVER}
    assert not hosts.group.progress.seen, "the client was not told to begin"
