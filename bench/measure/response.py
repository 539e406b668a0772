"""Response time: how long a message takes from the moment at which it was intended.

The loop is open: messages become due by a Poisson schedule, even if earlier ones have no
reply yet. The schedule is the same for every cell of a case and block. The time that a
message waits because the cell is busy counts. In a closed loop, the cell would set its own
load (Schroeder, Wierman and Harchol-Balter, NSDI 2006). Each percentile is also kept as
counted from the moment at which the message was given, without that wait (coordinated
omission).

The generator is part of the machine, and may be late itself. Its lag is the time from "due"
or "asked for", whichever is later, to "given". Waiting for the cell is no part of it.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.contract.model import Case
from bench.measure.common import (
    WARM_UP_MIN,
    Measured,
    Sizing,
    bounded_messages,
    bounded_warm_up,
    common,
    count,
    free_running_pilot,
    needed_s,
)
from bench.measure.percentiles import quantile, summary
from bench.trial.fork_servers import ForkServers
from bench.trial.record import RoleRecord, TrialRecord, Window
from bench.trial.trial import run_trial

WINDOW_S = 0.4
LAG_MAX_NS = 100_000
LAG_MAX_SHARE = 0.2
GIVEN = "from_given"
"""The suffix of samples and percentiles that are counted from the moment of giving."""


def pilot(case: Case) -> Window:
    """Return the window of a pilot, which finds the saturation rate of the cell."""
    return free_running_pilot(case)


def window(case: Case, sizing: Sizing) -> Window:
    """Return the timed window of a case at its offered rate."""
    assert sizing.rate_hz
    return Window(
        bounded_messages(WINDOW_S * sizing.rate_hz, case.size_bytes),
        warm_up=bounded_warm_up(WARM_UP_MIN, case.size_bytes),
        stamp_each=True,
        rate_hz=sizing.rate_hz,
        arrivals_seed=sizing.arrivals_seed,
    )


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from the times of its pilot."""
    made = window(case, sizing)
    assert made.rate_hz
    return needed_s(pilot, made.messages, made.messages / made.rate_hz)


def take(
    case: Case,
    sizing: Sizing,
    logs: Path,
    rng: random.Random,
    servers: ForkServers | None = None,
) -> Measured:
    """Make one trial and return its value; raises the errors of ``run_trial``."""
    made = window(case, sizing)
    return measure(case, run_trial(case, made, logs, rng, servers=servers), sizing)


def _samples(
    case: Case, trial: TrialRecord
) -> tuple[dict[str, NDArray[np.int64]], dict[str, NDArray[np.int64]]]:
    """Return each consumer's nanoseconds from intended, and from given, to arrived."""
    response, given = {}, {}
    for consumer, driver in trial.pairs(case.cell.workload):
        assert consumer.heads is not None
        assert consumer.arrived_ns is not None
        assert driver.intended_ns is not None
        assert driver.given_ns is not None
        numbers = consumer.heads["sequence"][: len(consumer.arrived_ns)].astype(np.int64)
        response[consumer.id] = consumer.arrived_ns - driver.intended_ns[numbers]
        given[consumer.id] = consumer.arrived_ns - driver.given_ns[numbers]
    return response, given


def lag_ns(driver: RoleRecord) -> NDArray[np.int64]:
    """Return the generator's own lag with each message, in nanoseconds."""
    assert driver.intended_ns is not None
    assert driver.asked_ns is not None
    assert driver.given_ns is not None
    lag: NDArray[np.int64] = driver.given_ns - np.maximum(
        driver.intended_ns, driver.asked_ns
    )
    return lag


def generator_share(driver: RoleRecord, rate_hz: float) -> float:
    """Return the share of the time between messages that the generator needs, 0 to 1.

    It is measured on messages that were asked for late. The generator gives them at once,
    so that the time for them is its own work.
    """
    assert driver.intended_ns is not None
    assert driver.asked_ns is not None
    late = lag_ns(driver)[driver.asked_ns >= driver.intended_ns]
    return float(late.mean()) / 1e9 * rate_hz if len(late) else 0.0


def generator_is_limit(lag_p99_ns: float, response_p50_ns: float, share: float) -> bool:
    """Return whether the generator was too slow for its response times to be the cell's.

    It is too slow in two cases. In the first, the 99th percentile of its lag is above 100
    microseconds and above a fifth of the median response. In the second, it needs more than
    a fifth of the time between messages for itself.
    """
    late = lag_p99_ns > max(LAG_MAX_NS, LAG_MAX_SHARE * response_p50_ns)
    return late or share > LAG_MAX_SHARE


def measure(case: Case, trial: TrialRecord, sizing: Sizing) -> Measured:
    """Return the median response time of a trial in seconds, with its percentiles.

    Raises TrialError if no message was delivered or the contract was broken.
    """
    assert sizing.rate_hz
    total = count(case, trial)
    metadata = common(case, trial, total)
    response, given = _samples(case, trial)
    percentiles = summary(np.concatenate(list(response.values())))
    metadata |= percentiles
    for name, value in summary(np.concatenate(list(given.values()))).items():
        if name != "n":
            metadata[f"{GIVEN}_{name}"] = value
    drivers = trial.of(case.cell.workload.driver)
    lags = np.concatenate([lag_ns(driver) for driver in drivers])
    metadata["lag_p99_ns"] = int(quantile(lags, 0.99))
    metadata["generator_share"] = max(generator_share(d, sizing.rate_hz) for d in drivers)
    metadata["offered_hz"] = sizing.rate_hz
    metadata["saturation_hz"] = 1 / sizing.seconds_per_message
    samples = {**response, **{f"{role}.{GIVEN}": ns for role, ns in given.items()}}
    return Measured(percentiles["p50_ns"] / 1e9, metadata, samples)
