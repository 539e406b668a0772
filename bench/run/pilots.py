"""Pilots: the pace, the load and the predicted cost of a case before it is timed."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.contract.model import Case
from bench.errors import TrialError
from bench.measure import throughput
from bench.measure.common import Measured, Sizing
from bench.measure.quantities import IN_TURNS, QUANTITIES
from bench.run.rounds import repeats_of
from bench.run.schedule import Slot
from bench.trial.fork_servers import ForkServers
from bench.trial.trial import PILOT_QUIET_S, QUIET_S, run_trial

DISTURBED_S = 0.5
"""A pilot that took this long was disturbed: its window is a tenth of a second."""

PILOTS_OF_A_LOAD = 3
"""The median of so many pilots is the saturation rate of a cell."""

KEEPING_S = 0.02
"""The seconds to archive a trial: its run, its samples and its block's environment.

The reference run has this value, a thirtieth of a trial.
"""

ENSEMBLE_S = 0.1
"""The seconds of an ensemble beside what its cases take."""
SIDE_BY_SIDE = 0.5
"""How much of a trial's start and end is left of it in an ensemble."""
LOADING_S = 0.08
"""The seconds of a block for each program in Python, which its fork server loads."""
CANARIES_S = 0.004
"""The seconds of a round before its first turn."""
GAP_S = 0.003
"""The seconds between two turns: a turn is told, and its end is heard."""
REPEATED_EXPECTED = 0.2
"""How many of the rounds that may be made again are, on a machine that others use."""

Pilot = dict[str, float]
"""``seconds_per_message`` and ``window_s`` of the pilot itself; ``overhead_s`` and
``build_s_per_message``, from which the cost of trials is predicted."""


def make_pilot(
    case: Case, seed: int, logs: Path, servers: ForkServers | None = None
) -> Pilot:
    """Make a pilot, and repeat it once if it failed or took far longer than its window.

    Its hosts are copies made by ``servers``, as those of timed trials.

    A case with a share of its saturation as load has three pilots, and their median counts:
    a single fast pilot would ask for more than the cell can do.
    """
    if case.load:
        made = [_pilot(case, seed, logs, servers) for _ in range(PILOTS_OF_A_LOAD)]
        return sorted(made, key=lambda pilot: pilot["seconds_per_message"])[len(made) // 2]
    return _pilot(case, seed, logs, servers)


def _pilot(case: Case, seed: int, logs: Path, servers: ForkServers | None) -> Pilot:
    try:
        first = _pilot_once(case, seed, logs, servers)
    except TrialError:
        return _pilot_once(case, seed, logs, servers)
    if first["window_s"] < DISTURBED_S:
        return first
    again = _pilot_once(case, seed, logs, servers)
    return min(first, again, key=lambda pilot: pilot["seconds_per_message"])


def _pilot_once(case: Case, seed: int, logs: Path, servers: ForkServers | None) -> Pilot:
    window = QUANTITIES[case.quantity].pilot(case)
    rng = random.Random(f"{seed}:pilot:{case.id}")
    logs.mkdir(parents=True, exist_ok=True)
    if servers:
        servers.load([case], logs)
    began = time.monotonic()
    trial = run_trial(case, window, logs, rng, servers=servers)
    measured = throughput.measure(case, trial)
    window_s = float(measured.metadata["window_s"])
    overhead_s = time.monotonic() - began - window_s - trial.build_s
    if not case.cell.workload.lockstep:  # a pilot of these ends by silence
        overhead_s += (QUIET_S if case.cell.lossy else 0.0) - PILOT_QUIET_S
    return {
        "seconds_per_message": float(measured.metadata[throughput.PACE]),
        "overhead_s": overhead_s,
        "build_s_per_message": trial.build_s / window.messages,
        "window_s": window_s,
    }


def offered_hz(cases: Sequence[Case], pilots: Mapping[str, Pilot]) -> dict[str, float]:
    """Return the messages a second that each case with a load is offered, by case id.

    A ``common`` load is a percentage of the lowest saturation of all cases of one name, so
    that cells that are compared get the same load.
    """
    saturation_hz = {
        case.id: 1 / pilots[case.id]["seconds_per_message"]
        for case in cases
        if case.load and case.id in pilots
    }
    least_hz: dict[str, float] = {}
    for case in cases:
        if case.id in saturation_hz:
            known_hz = least_hz.get(case.name, float("inf"))
            least_hz[case.name] = min(known_hz, saturation_hz[case.id])
    offered = {}
    for case in cases:
        if case.id in saturation_hz:
            whose, per_cent = case.load.split("_")
            of_hz = least_hz[case.name] if whose == "common" else saturation_hz[case.id]
            offered[case.id] = of_hz * float(per_cent) / 100
    return offered


def arrivals_seed(seed: int, slot: Slot) -> int:
    """Return the seed of a slot's schedule: the same for all cells of a case and block."""
    name = slot.planned.case.name
    return random.Random(f"{seed}:{slot.block}:{slot.repeat}:{name}").getrandbits(32)


def sizing_of(
    slot: Slot, seed: int, pace_s: float, rates_hz: Mapping[str, float]
) -> Sizing:
    """Return the facts that determine the size of a slot's window."""
    rate_hz = rates_hz.get(slot.planned.case.id)
    return Sizing(pace_s, rate_hz, arrivals_seed(seed, slot))


def predict_trial_s(
    slot: Slot, seed: int, pilots: Mapping[str, Pilot], rates_hz: Mapping[str, float]
) -> float:
    """Return how many seconds a single trial will take, from the times of its pilot."""
    case = slot.planned.case
    pilot = pilots[case.id]
    sizing = sizing_of(slot, seed, pilot["seconds_per_message"], rates_hz)
    return QUANTITIES[case.quantity].cost_s(case, sizing, pilot) + KEEPING_S


def predict_block_s(cases: Sequence[tuple[Case, Pilot]]) -> float:
    """Return how many seconds a set will take in turns, from the pilots of its cases.

    Hosts start, build their messages and end side by side, on all CPUs. Turns follow each
    other, with a gap after each. Every round has its canaries, and some rounds are made
    again.
    """
    if not cases:
        return 0.0
    first, _ = cases[0]
    quantity = IN_TURNS[first.quantity]
    rounds = quantity.rounds(first)
    repeats = repeats_of(rounds)
    made, turns = rounds + REPEATED_EXPECTED * repeats, rounds + repeats
    total_s = ENSEMBLE_S + made * CANARIES_S
    for case, pilot in cases:
        pace_s = pilot["seconds_per_message"]
        window = quantity.window_of_turns(case, pace_s, turns)
        build_s = window.messages * pilot["build_s_per_message"]
        total_s += SIDE_BY_SIDE * (pilot["overhead_s"] + build_s) + KEEPING_S
        total_s += made * (window.messages / turns * pace_s + GAP_S)
    return total_s


def next_pace_s(measured: Measured, before_s: float) -> float:
    """Return the pace by which to size the next window of a case.

    The pace is that of the last trial, so that a disturbed pilot spoils one window and not
    ten. It does not depend on ranks or verdicts. Windows with a fixed rate depend on that
    rate alone.
    """
    if throughput.PACE in measured.metadata:
        return float(measured.metadata[throughput.PACE])
    free = "late_p99_ns" not in measured.metadata and "offered_hz" not in measured.metadata
    return measured.value_s if free else before_s
