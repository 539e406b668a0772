"""Response time: how long a message takes from the moment at which it was intended.

An open loop: messages become due by a Poisson schedule, the same for every cell of a
case and block, whether or not earlier ones have been answered. What a message waits
because the cell is busy counts: with a closed loop the cell would decide how much is
asked of it (Schroeder, Wierman and Harchol-Balter, NSDI 2006). Beside each percentile
stands the one counted from the moment at which the message was given, which forgets that
wait (coordinated omission).

The generator is part of the machine, and may be late itself. Its lag is what passes from
the later of "due" and "asked for" to "given": waiting that the cell causes is none of it.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.contract import Case
from bench.measure.measured import (
    WARM_UP_MIN,
    Measured,
    Sizing,
    bounded_messages,
    common,
    consumed,
    count,
    free_running_pilot,
    needed_s,
)
from bench.records import RoleRecord, TrialRecord, Window
from bench.stats import quantile, summary
from bench.trial import run_trial

WINDOW_S = 0.6
LAG_MAX_NS = 100_000
LAG_MAX_SHARE = 0.2
GIVEN = "from_given"
"""What samples and percentiles are called that are counted from when it was given."""


def pilot(case: Case) -> Window:
    """Return the window that finds out how fast the cell can go at most."""
    return free_running_pilot(case)


def window(case: Case, sizing: Sizing) -> Window:
    """Return the timed window of a case at the rate it is offered."""
    assert sizing.rate_hz
    return Window(
        bounded_messages(WINDOW_S * sizing.rate_hz, case.size_bytes),
        warm_up=WARM_UP_MIN,
        stamp_each=True,
        rate_hz=sizing.rate_hz,
        arrivals_seed=sizing.arrivals_seed,
    )


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from what its pilot took."""
    made = window(case, sizing)
    assert made.rate_hz
    return needed_s(pilot, made.messages, made.messages / made.rate_hz)


def take(case: Case, sizing: Sizing, logs: Path, rng: random.Random) -> Measured:
    """Make one trial and return what it came to; errors as of ``run_trial``."""
    return measure(case, run_trial(case, window(case, sizing), logs, rng), sizing)


def _samples(
    case: Case, trial: TrialRecord
) -> tuple[dict[str, NDArray[np.int64]], dict[str, NDArray[np.int64]]]:
    """Return each consumer's nanoseconds from intended, and from given, to arrived."""
    response, given = {}, {}
    for consumer, driver in consumed(case, trial):
        assert consumer.heads is not None
        assert consumer.arrived_ns is not None
        assert driver.intended_ns is not None
        assert driver.given_ns is not None
        numbers = consumer.heads["sequence"][: len(consumer.arrived_ns)].astype(np.int64)
        response[consumer.id] = consumer.arrived_ns - driver.intended_ns[numbers]
        given[consumer.id] = consumer.arrived_ns - driver.given_ns[numbers]
    return response, given


def lag_ns(driver: RoleRecord) -> NDArray[np.int64]:
    """Return by how much the generator itself was late with each message."""
    assert driver.intended_ns is not None
    assert driver.asked_ns is not None
    assert driver.given_ns is not None
    lag: NDArray[np.int64] = driver.given_ns - np.maximum(
        driver.intended_ns, driver.asked_ns
    )
    return lag


def generator_share(driver: RoleRecord, rate_hz: float) -> float:
    """Return which share of the time between messages the generator takes for itself.

    From the messages that were asked for late, which it gives at once: whatever it takes
    for these is its own work.
    """
    assert driver.intended_ns is not None
    assert driver.asked_ns is not None
    late = lag_ns(driver)[driver.asked_ns >= driver.intended_ns]
    return float(late.mean()) / 1e9 * rate_hz if len(late) else 0.0


def generator_is_limit(lag_p99_ns: float, response_p50_ns: float, share: float) -> bool:
    """Say whether the generator was too slow for a response time to be the cell's.

    That is, whether the 99th percentile of its lag is more than 100 microseconds, or a
    fifth of the median response where that is more; or whether it needs more than a fifth
    of the time between messages for itself.
    """
    late = lag_p99_ns > max(LAG_MAX_NS, LAG_MAX_SHARE * response_p50_ns)
    return late or share > LAG_MAX_SHARE


def measure(case: Case, trial: TrialRecord, sizing: Sizing) -> Measured:
    """Return the median response time of a trial in seconds, with its percentiles.

    Raises TrialError when nothing was delivered or the contract was broken.
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
