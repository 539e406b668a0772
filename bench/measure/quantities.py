"""The measured quantities: one module each.

Modules of speed (``QUANTITIES``) size a case's window from a pilot, predict the cost of a
trial, and return its value. ``size`` measures files.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Protocol

from bench.contract.model import Case
from bench.measure import (
    connect,
    cost,
    idle_memory,
    latency,
    response,
    throughput,
    wrk,
    zero_loss,
)
from bench.measure.common import Measured, Sizing
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window


class Quantity(Protocol):
    """A quantity that a trial measures: what its module has to define."""

    def pilot(self, case: Case) -> Window:
        """Return the window of the pilot that finds a case's pace."""

    def cost_s(self, case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
        """Return how many seconds a trial will take, from the times of its pilot."""

    def take(
        self,
        case: Case,
        sizing: Sizing,
        logs: Path,
        rng: Random,
        servers: ForkServers | None = None,
    ) -> Measured:
        """Make one trial and return its value; arguments and errors of ``run_trial``."""


class QuantityInTurns(Quantity, Protocol):
    """A quantity whose window may be cut into turns.

    A turn has at most ``TURN_MESSAGES_MAX`` messages of each driver.
    """

    TURN_MESSAGES_MAX: int

    def rounds(self, case: Case, /) -> int:
        """Return how many turns of a block have a value."""

    def window_of_turns(self, case: Case, seconds_per_message: float, count: int) -> Window:
        """Return a window of so many turns, from a pilot's seconds per message."""

    def measure(self, case: Case, trial: TrialRecord) -> Measured:
        """Return what a trial came to."""


IN_TURNS: dict[str, QuantityInTurns] = {
    "latency": latency,
    "throughput": throughput,
    "connect": connect,
}
QUANTITIES: dict[str, Quantity] = {
    **IN_TURNS,
    "response": response,
    "zero_loss": zero_loss,
    "wrk": wrk,
    "idle_memory": idle_memory,
    "cost": cost,
}
