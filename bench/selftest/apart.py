"""A program at a site with an agent takes as long as without one.

Two hosts of this machine are network namespaces. A program is started there by agents, and
a second time by the harness itself. Both live side by side and take turns, so the ratio of
their round trips shows what the agents cost. It has to be 1. At rest an agent must take
nearly no CPU time: its hosts share the machine with it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from bench.analysis.rounds import block_logs
from bench.analysis.stats import ratio_of_logs
from bench.contract.find import find_cells
from bench.contract.model import APART, IMPLEMENTATIONS, Case
from bench.errors import NoMiddleError, NotMeasurable
from bench.measure import latency
from bench.run.pilots import make_pilot
from bench.run.progress import steps
from bench.selftest.answers import GATE_CONFIDENCE, Answer, shown
from bench.selftest.measures import SIZE_BYTES
from bench.sites.far import Far
from bench.sites.namespaces import network_of_two, with_agents, without_agents
from bench.trial.descendants import cpu_clock
from bench.trial.ensemble import Ensemble, ensemble
from bench.trial.site import Sites, apart_on

CELLS = ("raw_socket/minimal/request_reply.py", "zmq/minimal/request_reply.py")
BLOCKS_MIN = 11
"""Fewer have no interval of ``GATE_CONFIDENCE``."""
LOW, HIGH = 0.98, 1.02
REST_S = 2 * 5.0
"""Longer than agents are told that the harness lives, twice."""
REST_MS_PER_S = 5.0


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Compare both ways of starting each program, and watch an agent at rest."""
    try:
        with network_of_two() as network, with_agents(network) as agents:
            ways = {"agents": agents, "harness": without_agents(network)}
            with apart_on(agents):
                found = list(_ratios(ways, max(blocks, BLOCKS_MIN), seed, logs))
            return [*found, _rest(agents)]
    except NotMeasurable as error:
        question = "round trips with agents over those without"
        return [Answer(question, "nothing", str(error), "skipped", None)]


def _ratios(
    ways: Mapping[str, Sites], blocks: int, seed: int, logs: Path
) -> Iterator[Answer]:
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    with steps("apart", blocks * len(CELLS)) as done:
        for name in CELLS:
            case = Case(cells[name], "latency", "tcp", SIZE_BYTES, 1, APART)
            pace_s = make_pilot(case, seed, logs)["seconds_per_message"]
            rng = random.Random(f"{seed}:{name}")
            windows: dict[str, list[list[float]]] = {way: [] for way in ways}
            for _ in range(blocks):
                for way, found in block(case, pace_s, ways, logs, rng).items():
                    windows[way].append(found)
                done.done()
            logs_of_ratio = block_logs(*windows.values())
            gate = ratio_of_logs(logs_of_ratio, GATE_CONFIDENCE)
            yield Answer(
                f"round trips of {name}, agents over harness",
                "nothing",
                shown(ratio_of_logs(logs_of_ratio)),
                f"an interval that meets {LOW:.2f} to {HIGH:.2f}",
                gate.low <= HIGH and gate.high >= LOW,
            )


def block(
    case: Case, pace_s: float, ways: Mapping[str, Sites], logs: Path, rng: random.Random
) -> dict[str, list[float]]:
    """Return the windows of a case, one for each round, started in several ways.

    In seconds, by the name of the way. Raises the error of a trial that failed.
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
                started[way].take_round(rng)
        found = {}
        for way, one_ensemble in started.items():
            (left,) = one_ensemble.end(range(rounds))
            if isinstance(left, NoMiddleError):
                raise left
            found[way] = latency.measure(case, left).windows_s
    return found


def _rest(agents: Sites) -> Answer:
    """Return how much CPU time an agent takes while it does nothing."""
    site = agents.driver
    assert isinstance(site, Far)
    clock = cpu_clock(site.facts["pid"])
    before_ns, began = time.clock_gettime_ns(clock), time.monotonic()
    time.sleep(REST_S)
    used_ns, lasted_s = time.clock_gettime_ns(clock) - before_ns, time.monotonic() - began
    ms_per_s = used_ns / 1e6 / lasted_s
    return Answer(
        "CPU time of an agent at rest",
        f"{REST_S:g} s of rest",
        f"{ms_per_s:.3f} ms a second",
        f"at most {REST_MS_PER_S:g} ms",
        ms_per_s <= REST_MS_PER_S,
    )
