"""Zero-loss rate: the greatest offered rate at which nothing is lost.

For fan-out that may lose, the only rate that is one number: any other goes with a loss.
The search is RFC 2544's (section 26.1), by bisection on a log scale; what is offered
leaves evenly spaced, and each rate is tried in fresh processes. A window lasts under a
second where the RFC asks for a minute, so that a queue may hide a small excess: cells
are told apart by it, and no network is certified.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.contract.model import Case
from bench.errors import TrialError
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
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import QUIET_S, run_trial

WINDOW_S = 0.5
RESOLUTION = 1.06
"""The search ends where the least rate that loses is this many times the greatest that
does not."""
SPAN = 32.0
"""How far below its unlimited pace a cell's zero-loss rate is looked for."""
KEPT_UP_MIN = 0.95
"""The share of the offered rate that the generator must reach to have offered it."""
PROBES = 7


@dataclass
class Search:
    """A bisection between a rate that loses nothing and one that loses, on a log scale.

    ``good_hz`` is assumed to lose nothing and ``bad_hz`` to lose, until tried.
    """

    good_hz: float
    bad_hz: float

    def next_hz(self) -> float | None:
        """Return the rate to try, None where the two are close enough."""
        if self.bad_hz <= self.good_hz * RESOLUTION:
            return None
        middle: float = (self.good_hz * self.bad_hz) ** 0.5
        return middle

    def tried(self, rate_hz: float, lost: bool) -> None:
        if lost:
            self.bad_hz = rate_hz
        else:
            self.good_hz = rate_hz


def pilot(case: Case) -> Window:
    """Return the window that finds out how fast the driver gives when it may lose."""
    return free_running_pilot(case)


def window(case: Case, rate_hz: float) -> Window:
    return Window(
        bounded_messages(WINDOW_S * rate_hz, case.size_bytes),
        warm_up=bounded_warm_up(WARM_UP_MIN, case.size_bytes),
        stamp_each=True,
        rate_hz=rate_hz,
        evenly=True,
    )


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a search will take, from what its pilot took."""
    rate_hz = 1 / sizing.seconds_per_message / SPAN**0.5
    one_s = needed_s(pilot, window(case, rate_hz).messages, WINDOW_S)
    return PROBES * (one_s - QUIET_S / 2)


def _kept_up(case: Case, trial: TrialRecord, rate_hz: float) -> bool:
    """Say whether the driver was given as many messages a second as were offered."""
    driver = trial.of(case.cell.workload.driver)[0]
    assert driver.given_ns is not None
    elapsed_s = int(driver.given_ns[-1] - driver.given_ns[0]) / 1e9
    return (len(driver.given_ns) - 1) / elapsed_s >= KEPT_UP_MIN * rate_hz


def take(
    case: Case,
    sizing: Sizing,
    logs: Path,
    rng: Random,
    servers: ForkServers | None = None,
) -> Measured:
    """Search for the zero-loss rate and return seconds per message at it.

    A rate that the driver does not keep up with counts as too high: the cell pushes back
    or the generator is at its end; then ``limited_by_driver`` is set. Raises TrialError if
    the cell loses at every rate, and the errors of ``run_trial``.
    """
    most_hz = 1 / sizing.seconds_per_message
    search = Search(most_hz / SPAN, most_hz)
    best: Measured | None = None
    pushed_back = False
    rate_hz: float | None = search.good_hz
    while rate_hz:
        trial = run_trial(case, window(case, rate_hz), logs, rng, servers=servers)
        total = count(case, trial)
        kept_up = _kept_up(case, trial, rate_hz)
        good = kept_up and not total.lost
        if good:
            best = Measured(1 / rate_hz, common(case, trial, total))
        elif best is None:
            raise TrialError(
                f"{total.lost} of {total.given} messages lost at the lowest rate tried, "
                f"{rate_hz:,.0f} a second"
            )
        else:
            pushed_back = not kept_up
        search.tried(rate_hz, lost=not good)
        rate_hz = search.next_hz()
    assert best
    best.metadata["zero_loss_hz"] = search.good_hz
    best.metadata["loses_at_hz"] = search.bad_hz
    best.metadata["limited_by_driver"] = int(pushed_back)
    return best
