"""Make trials of topologies, and keep each as a row."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from bench.contract.model import Case, Cell
from bench.contract.topology import Topology
from bench.errors import NoMiddleError, NotMeasurable, UsageError
from bench.faults.boxes import faults
from bench.faults.network.tools import require
from bench.faults.trial import run_failure
from bench.faults.web import run_web
from bench.faults.web import situations as web_situations
from bench.measure import survival, web
from bench.surveys.topologies import profiles
from bench.surveys.topologies.profiles import Profile
from bench.surveys.topologies.tally import is_calm
from bench.trial.processes import kill_all
from bench.trial.requirements import needs
from bench.trial.scratch import scratch_folder

QUANTITY = "survival"
PLACE = ("topology", "clients", "key", "fault", "trial")
LATE_MS_MAX = 200.0
"""A tenth of the time in which a request counts as served. Where clients that are free ask
later than this, the machine is too busy, and the trial is made again."""
ATTEMPTS = 3
LOOK_S = 0.05
Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One trial that is to be made."""

    topology: Topology
    cell: Cell
    fault: str
    trial: int

    @property
    def key(self) -> tuple[str, int, str, str, int]:
        """The values by which a row is found, in the order of ``PLACE``."""
        topology = self.topology
        return topology.name, topology.asking, self.cell.key, self.fault, self.trial

    @property
    def name(self) -> str:
        return " ".join(map(str, self.key))

    @property
    def timed(self) -> bool:
        """Whether the trial is made for its times: one server, while all is calm."""
        return is_calm(self.fault) and self.topology.server.count == 1

    @property
    def at_once_max(self) -> int | None:
        """The most trials at a time, itself included; None if it does not matter."""
        topology = self.topology
        if topology.peers:
            return 1 if topology.asking in topology.clients else profiles.WEBS_AT_ONCE
        if not self.timed:
            return None
        crowded = topology.client.count > topology.client.together
        return profiles.CROWDED_AT_ONCE if crowded else profiles.TIMED_AT_ONCE


def situations(topology: Topology, cell: Cell) -> list[str]:
    """Return all that a program of a topology can meet, by name; calm first."""
    return [*(web_situations if topology.peers else faults)(topology, cell)]


def plan(
    players: Sequence[tuple[Topology, Cell]], profile: Profile, seed: int
) -> list[Wanted]:
    """Return all trials in random order within each round of one trial of everything."""
    rng = Random(seed)
    found = []
    for trial in range(profile.trials):
        each = [
            Wanted(sized, cell, fault, trial)
            for topology, cell in players
            if not lacks(cell)
            for sized in (topology, *_crowded(topology, profile))
            for fault in situations(sized, cell)
        ]
        rng.shuffle(each)
        found += each
    return found


def _crowded(topology: Topology, profile: Profile) -> Iterator[Topology]:
    """Yield the topology with further numbers of clients or peers, if the profile has
    these.
    """
    if profile.large_webs if topology.peers else profile.crowds:
        yield from map(topology.with_clients, topology.clients)


def lacks(cell: Cell) -> str:
    """Return what a program needs that is not installed, and how to get it, or ''."""
    if lacking := needs(cell):
        return lacking
    try:
        require(cell.variant)
    except NotMeasurable as error:
        return str(error)
    return ""


def take(wanted: Wanted, seed: int) -> Row:
    """Make one trial, and return its row. Raises NoMiddleError as ``run_failure`` does."""
    cell, topology = wanted.cell, wanted.topology
    rng = Random(f"{seed} {wanted.name}")
    if topology.peers:
        strike = web_situations(topology, cell)[wanted.fault]
        if strike:  # every program meets the same chaos
            strike = replace(strike, seed=f"{seed} {wanted.trial}")
        with scratch_folder() as logs:
            return _row(wanted) | web.measure(run_web(cell, topology, strike, logs, rng))
    fault = faults(topology, cell)[wanted.fault]
    setup = fault.setup
    facts = (cell.transports[0], setup.size_bytes, setup.instances, "free")
    case = Case(cell, QUANTITY, *facts, fault=fault.name)
    with scratch_folder() as logs:
        values = survival.measure(run_failure(case, fault, logs, rng))
    return _row(wanted) | values


def _row(wanted: Wanted) -> Row:
    return dict(zip(PLACE, wanted.key, strict=True))


def _taken_calmly(wanted: Wanted, seed: int, stop: threading.Event) -> Row:
    """Make a trial, and again if it failed or the machine was too busy for it.

    The row of the last attempt has an ``error``, or is marked ``busy``.
    """
    row: Row = {}
    for attempt in range(ATTEMPTS):
        if stop.is_set():
            raise NoMiddleError("interrupted")
        try:
            row = take(wanted, seed + attempt)
        except NotMeasurable as error:
            return _row(wanted) | {"error": str(error)}
        except NoMiddleError as error:
            row = _row(wanted) | {"error": str(error)}
            continue
        row["busy"] = row["late_ms"] > LATE_MS_MAX
        if not row["busy"]:
            return row
    return row


def make(
    wanted: Sequence[Wanted], seed: int, keep: Callable[[Row], None], at_once: int
) -> None:
    """Make trials, some side by side, and call ``keep`` with each row in this thread.

    Trials with fewer others beside them come first; ``at_once`` of a row counts those, and
    itself.
    Webs stand beside webs alone, since others are made for their times.
    """
    groups: dict[tuple[int, bool], list[Wanted]] = {}
    for each in wanted:
        most = min(at_once, each.at_once_max or at_once)
        groups.setdefault((most, bool(each.topology.peers)), []).append(each)
    for (most, _), some in sorted(groups.items()):
        _side_by_side(some, seed, keep, most)


def _side_by_side(
    wanted: Sequence[Wanted], seed: int, keep: Callable[[Row], None], at_once: int
) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(at_once) as pool:
        under_way: set[Future[Row]] = {
            pool.submit(_taken_calmly, each, seed, stop) for each in wanted
        }
        try:
            while under_way:
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    keep(future.result() | {"at_once": at_once})
        except BaseException:
            stop.set()
            while wait(under_way, LOOK_S).not_done:  # some may still be starting hosts
                kill_all()
            raise


def choose(wanted: Sequence[Wanted], globs: Sequence[str]) -> list[Wanted]:
    """Return the trials of some situations, or all of them without a glob.

    Raises UsageError for a glob that fits none, with the situations that there are.
    """
    there = {each.fault for each in wanted}
    for glob in globs:
        if not fnmatch.filter(there, glob):
            raise UsageError(
                f"no situation is like {glob!r}; there are {', '.join(sorted(there))}"
            )
    return [
        each
        for each in wanted
        if not globs or any(fnmatch.fnmatchcase(each.fault, glob) for glob in globs)
    ]


def left(wanted: Sequence[Wanted], rows: Sequence[Row]) -> Iterator[Wanted]:
    """Yield the trials that have no row yet."""
    done = {tuple(row[name] for name in PLACE) for row in rows}
    return (each for each in wanted if each.key not in done)
