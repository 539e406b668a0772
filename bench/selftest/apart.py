"""A program at a site with an agent takes as long as without one, with Dask or without.

Two hosts of this machine are network namespaces. A program is started there by agents, by
agents on workers of Dask, and by the harness itself. All live side by side and take turns,
so the ratio of their round trips shows what agents and Dask cost. It has to be 1. While
others have their turn, Dask is stopped: it would disturb them as well.

At rest agents and Dask must take nearly no CPU time: hosts share the machine with them.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.analysis.rounds import block_logs
from bench.analysis.stats import ratio_of_logs
from bench.contract.find import find_cells
from bench.contract.model import APART, IMPLEMENTATIONS, Case
from bench.errors import NoMiddleError, NotMeasurable
from bench.faults.network.hosts import Network
from bench.measure import latency
from bench.run.pilots import make_pilot
from bench.run.progress import steps
from bench.selftest.answers import GATE_CONFIDENCE, KnownAnswer, shown
from bench.selftest.measures import SIZE_BYTES
from bench.sites.far import Far
from bench.sites.looks import at_rest
from bench.sites.namespaces import (
    cpus_of_hosts,
    network_of_two,
    with_agents,
    without_agents,
)
from bench.sites.standing import require_dask
from bench.trial.ensemble import Ensemble, ensemble
from bench.trial.site import Sites, apart_on

CELLS = ("raw_socket/minimal/request_reply.py", "zmq/minimal/request_reply.py")
BLOCKS_MIN = 11
"""Fewer have no interval of ``GATE_CONFIDENCE``."""
LOW, HIGH = 0.98, 1.02
REST_S = 4 * 5.0
"""Longer than agents are told that the harness lives, several times."""
REST_MS_PER_S = 5.0
AWAKE_S = 0.1
"""How long Dask has to do what it has missed while it was stopped."""
HARNESS, AGENTS, DASK = "harness", "agents", "agents over Dask"
PAIRS = ((AGENTS, HARNESS), (DASK, AGENTS))


class Engine:
    """The processes of Dask on hosts of this machine; they are stopped between turns."""

    def __init__(self, pids: Sequence[int] = ()) -> None:
        self.pids = [*pids]

    def before(self, way: str) -> None:
        """Stop Dask before the turn of another way, and have it awake before its own."""
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT if way == DASK else signal.SIGSTOP)
        if self.pids and way == DASK:
            time.sleep(AWAKE_S)

    def go_on(self) -> None:
        """Have Dask awake for all that is no turn."""
        self.before(DASK)


class OverDask(NamedTuple):
    """The two hosts as those of a cluster, and what runs there beside a program."""

    sites: Sites
    engine: Engine
    watched: list[tuple[Far, list[int]]]


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Compare all ways of starting each program, and watch agents and Dask at rest."""
    try:
        with network_of_two() as network, with_agents(network) as agents:
            ways = {HARNESS: without_agents(network), AGENTS: agents}
            with _on_cluster(network) as over_dask, apart_on(agents):
                if over_dask:
                    ways[DASK] = over_dask.sites
                engine = over_dask.engine if over_dask else Engine()
                every = max(blocks, BLOCKS_MIN)
                found = list(_ratios(ways, engine, every, seed, logs))
                return [*found, *_rests(agents, over_dask)]
    except NotMeasurable as error:
        question = "round trips with agents over those without"
        return [KnownAnswer(question, "nothing", str(error), "skipped", None)]


@contextmanager
def _on_cluster(network: Network) -> Iterator[OverDask | None]:
    """Yield the hosts of a network as those of a cluster, None where there is no Dask."""
    try:
        require_dask()
    except NotMeasurable:
        yield None
        return
    # Only here: they load Dask.
    from bench.sites.cluster import seated, sites_of_seats
    from bench.sites.own_cluster import SCHEDULER, own_cluster

    with own_cluster(network) as own, seated(own.roster) as seats:
        watched = [(seat.site, [seat.site.facts["pid"], *seat.processes]) for seat in seats]
        for seat in seats:
            seat.site.cpus = cpus_of_hosts()[seat.player.name]
        engine = Engine([pid for seat in seats for pid in seat.processes])
        engine.pids.append(own.processes[SCHEDULER].pid)
        try:
            yield OverDask(sites_of_seats(seats), engine, watched)
        finally:
            engine.go_on()


def _ratios(
    ways: Mapping[str, Sites], engine: Engine, blocks: int, seed: int, logs: Path
) -> Iterator[KnownAnswer]:
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    with steps("apart", blocks * len(CELLS)) as done:
        for name in CELLS:
            case = Case(cells[name], "latency", "tcp", SIZE_BYTES, 1, APART)
            pace_s = make_pilot(case, seed, logs)["seconds_per_message"]
            rng = random.Random(f"{seed}:{name}")
            windows: dict[str, list[list[float]]] = {way: [] for way in ways}
            for _ in range(blocks):
                made = block(case, pace_s, ways, logs, rng, engine.before)
                engine.go_on()
                for way, found in made.items():
                    windows[way].append(found)
                done.done()
            for way, other in PAIRS:
                if way in ways:
                    logs_of_ratio = block_logs(windows[way], windows[other])
                    gate = ratio_of_logs(logs_of_ratio, GATE_CONFIDENCE)
                    yield KnownAnswer(
                        f"round trips of {name}, {way} over {other}",
                        "nothing",
                        shown(ratio_of_logs(logs_of_ratio)),
                        f"an interval that meets {LOW:.2f} to {HIGH:.2f}",
                        gate.low <= HIGH and gate.high >= LOW,
                    )


def block(
    case: Case,
    pace_s: float,
    ways: Mapping[str, Sites],
    logs: Path,
    rng: random.Random,
    before: Callable[[str], None] = lambda _: None,
) -> dict[str, list[float]]:
    """Return the windows of a case, one for each round, started in several ways.

    In seconds, by the name of the way. ``before`` is called with it before each turn.
    Raises the error of a trial that failed.
    """
    rounds = latency.rounds(case)
    window = latency.window_of_turns(case, pace_s, rounds)
    started: dict[str, Ensemble] = {}
    with ExitStack() as stack:
        for way, sites in ways.items():
            with apart_on(sites):
                one = ensemble([(case, window)], logs / way, rng)
                started[way] = stack.enter_context(one)
        for _ in range(rounds):
            for way in rng.sample(list(ways), len(ways)):
                before(way)
                started[way].take_round(rng)
        before(DASK)
        found = {}
        for way, one_ensemble in started.items():
            (left,) = one_ensemble.end(range(rounds))
            if isinstance(left, NoMiddleError):
                raise left
            found[way] = latency.measure(case, left).windows_s
    return found


def _rests(agents: Sites, over_dask: OverDask | None) -> Iterator[KnownAnswer]:
    """Yield how much CPU time agents and Dask take on a host while nothing is measured."""
    driver = agents.driver
    assert isinstance(driver, Far)
    watched = {"an agent": [(driver, [driver.facts["pid"]])]}
    if over_dask:
        watched["an agent over Dask, its worker and its nanny"] = over_dask.watched
    every = at_rest([one for some in watched.values() for one in some], REST_S)
    for what, some in watched.items():
        used, every = every[: len(some)], every[len(some) :]
        ms_per_s = max(map(sum, used))
        yield KnownAnswer(
            f"CPU time of {what} at rest",
            f"{REST_S:g} s of rest",
            f"{ms_per_s:.3f} ms a second",
            f"at most {REST_MS_PER_S:g} ms",
            ms_per_s <= REST_MS_PER_S,
        )
