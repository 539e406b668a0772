"""An ensemble: the processes of several cases live side by side and take turns.

All of them are started at once. Each case joins and warms up; then its driver waits. In a
round each case takes one turn, while the processes of the others wait for a message. So
the cases of a round meet the same machine, within a fraction of a second. Cases of one
group take their turns one after the other, and meet it within less.

A case that fails leaves the ensemble, and the others go on.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from bench.contract.model import APART, Case
from bench.errors import NoMiddleError
from bench.trial.ceilings import blames_ceilings
from bench.trial.descendants import PROCESS, CpuTime
from bench.trial.fork_servers import ForkServers
from bench.trial.process_group import CpuTimes, close_together
from bench.trial.record import TrialRecord, Window
from bench.trial.scratch import scratch_folder
from bench.trial.trial import Trial, used_since

NOTHING = CpuTime(0, 0)


class Member:
    """One case of an ensemble: its processes, and what CPU time they took.

    ``failed`` is why it has left the ensemble, None while it has not. ``idle_ns`` is the
    CPU time of its processes before each of its turns, since the last one; ``waited_s`` is
    how long that was.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.failed: NoMiddleError | None = None
        self.idle_ns: list[int] = []
        self.waited_s: list[float] = []
        self._began = time.monotonic()
        self._join_s = 0.0
        self._in_turns: CpuTimes = {}
        self._read: CpuTimes = {}
        self._read_at = self._began

    @property
    def cpu_ns(self) -> int:
        """The CPU time of its processes up to the end of its last turn."""
        return _total_ns(self._read)

    def attempt(self, step: Callable[[], None]) -> None:
        """Take a step; a case that fails in it is killed."""
        if self.failed:
            return
        try:
            step()
        except NoMiddleError as error:
            self.failed = error
            self.trial.kill()

    def get_ready(self) -> None:
        """Join, warm up and wait for the first turn."""
        self._join_s = self.trial.join()
        self.trial.warm_up()
        self.trial.open_turns()
        self._read, self._read_at = self.trial.group.cpu_times(), time.monotonic()

    def take_turn(self) -> None:
        before = self.trial.group.cpu_times()
        self.idle_ns.append(_total_ns(used_since(self._read, before)))
        self.waited_s.append(time.monotonic() - self._read_at)
        self.trial.take_turn()
        self._read, self._read_at = self.trial.group.cpu_times(), time.monotonic()
        self._in_turns = _sum(self._in_turns, used_since(before, self._read))

    def record(self, counted: Sequence[int]) -> TrialRecord:
        """Return what the processes left; ``counted`` turns have a value."""
        window = self.trial.window
        left = self.trial.record(self._in_turns, self._join_s, self._began)
        turn = window.messages // window.turns
        return replace(left, turn=turn, counted=tuple(counted))


def _total_ns(times: CpuTimes) -> int:
    return sum(threads[PROCESS].run_ns for threads in times.values())


def _sum(first: CpuTimes, second: CpuTimes) -> CpuTimes:
    total = {host: dict(threads) for host, threads in first.items()}
    for host, threads in second.items():
        known = total.setdefault(host, {})
        for name, (run_ns, wait_ns) in threads.items():
            before = known.get(name, NOTHING)
            known[name] = CpuTime(before.run_ns + run_ns, before.wait_ns + wait_ns)
    return total


Groups = Sequence[Sequence[int]]
"""The numbers of an ensemble's cases, each in one group."""
Order = tuple[int, ...]
"""The numbers of cases in the order in which they take their turns."""


def drawn(groups: Groups, rng: random.Random) -> Order:
    """Return an order that is drawn: of the groups, and of the numbers in each."""
    shuffled = rng.sample(groups, len(groups))
    return tuple(number for group in shuffled for number in rng.sample(group, len(group)))


class Ensemble:
    """The members, in the order of the cases that ``ensemble`` was given."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members

    @property
    def cpu_s(self) -> float:
        """The CPU time of all processes up to the end of the last round, in seconds."""
        return sum(member.cpu_ns for member in self.members) / 1e9

    def take_round(self, rng: random.Random, groups: Groups | None = None) -> Order:
        """Let each member take a turn, in an order that is drawn; return their numbers.

        Members of one group follow each other. Without ``groups``, each is one of its own.
        """
        every = [[number] for number in range(len(self.members))]
        order = drawn(every if groups is None else groups, rng)
        for number in order:
            member = self.members[number]
            member.attempt(member.take_turn)
        return order

    def end(self, counted: Sequence[int]) -> list[TrialRecord | NoMiddleError]:
        """Return what each member left, or why it failed; ``counted`` are turns.

        The processes of all members write their records at the same time.
        """
        for member in self.members:
            member.attempt(member.trial.end)
        left: list[TrialRecord | NoMiddleError] = []
        for member in self.members:

            def keep(member: Member = member) -> None:
                left.append(member.record(counted))

            member.attempt(keep)
            if member.failed:
                left.append(member.failed)
        return left


@contextmanager
def ensemble(
    entries: Sequence[tuple[Case, Window]],
    logs: Path,
    rng: random.Random,
    servers: ForkServers | None = None,
) -> Iterator[Ensemble]:
    """Start the processes of cases, and give them once each waits for its first turn.

    Each window is cut into turns. The hosts' logs go to a folder of each case in ``logs``.
    At the end of the block no process of the ensemble lives on, but for ``servers``, from
    which further ensembles may start their hosts.
    """
    with ExitStack() as stack:
        servers = servers or stack.enter_context(ForkServers(rng))
        members: list[Member] = []
        taken: set[str] = set()
        for number, (case, window) in enumerate(entries):
            folder = stack.enter_context(scratch_folder())
            own_logs = logs / f"{number}.{case.id}"
            trial = _trial(case, window, folder, own_logs, rng, taken, servers)
            trial.beside = len(entries) - 1
            members.append(Member(trial))
        stack.callback(close_together, [member.trial.group for member in members])
        here = (case for case, _ in entries if case.placement != APART)
        servers.load(here, logs)
        for member in members:
            member.attempt(blames_ceilings(member.trial.spawn))
        for member in members:
            member.attempt(blames_ceilings(member.get_ready))
        yield Ensemble(members)


def _trial(
    case: Case,
    window: Window,
    folder: Path,
    logs: Path,
    rng: random.Random,
    taken: set[str],
    servers: ForkServers,
) -> Trial:
    """Return a trial whose addresses no other of the ensemble has drawn."""
    logs.mkdir(parents=True, exist_ok=True)
    while True:
        trial = Trial(case, window, folder, logs, rng, servers=servers)
        if taken.isdisjoint(trial.bound.values()):
            taken |= set(trial.bound.values())
            return trial
