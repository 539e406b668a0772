"""Check that a program takes messages up to the limit in its ``stack.toml``, and no larger.

A program must refuse a larger message with an error that contains the limit. A program that
must not raise returns the message to the application instead, like any message that it
cannot deliver. A message that is dropped silently is lost. A program without a limit must
deliver a message of 16 MiB and a byte, which is above every other limit.
"""

from __future__ import annotations

import random
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bench.contract.model import Case, Cell
from bench.errors import TrialError
from bench.trial.record import TrialRecord, Window
from bench.trial.scenario import Scenario, judge
from bench.trial.trial import Trial, run_trial

COMMON_BYTES = 16 * 1024 * 1024
APART_S = 1.0
"""The seconds between the largest message and the one that is too large.

The second message ends the connection, so the first must have arrived by then.
"""
SLOWER = 2
"""If the largest message is late, it also gets so many times its time alone."""
REFUSAL_S = 4.0
DELIVERY_S = 30.0
DELIVERY_TRIES = 3
"""How often to send a large message to a program that hands it back.

A program with a deadline reports a message that takes longer, as on a busy machine.
"""
ARRIVAL_S = 4.0
"""How long the largest message may take after the other was refused, in seconds."""


def broken_limit(cell: Cell, transport: str, logs: Path) -> str:
    """Return a sentence on how a program breaks its size limit, or an empty string.

    Raises TrialError if a role fails for another reason.
    """
    if cell.variant.limit_bytes is None:
        return _delivers(cell, transport, logs)
    return _refuses(cell, transport, cell.variant.limit_bytes, logs)


def _case(cell: Cell, transport: str) -> Case:
    return Case(cell, "throughput", transport, COMMON_BYTES, 1, "free")


def _delivers(cell: Cell, transport: str, logs: Path) -> str:
    window = Window(1, 2, sizes_bytes=(COMMON_BYTES + 1,))
    case = _case(cell, transport)

    def measure(trial: Trial) -> None:
        before = trial.settled_arrivals()
        trial.open_window()
        trial.arrivals_after(DELIVERY_S, before + 1)
        trial.await_end()

    for _ in range(DELIVERY_TRIES):
        trial = run_trial(case, window, logs, random.Random(), measure=measure)
        if not any(_handed_back(trial)):
            break
    reason, _ = judge(case, Scenario("", window, 1), trial)
    said = f"stack.toml names no limit, but a message of {COMMON_BYTES + 1} bytes"
    return f"{said} did not arrive: {reason}" if reason else ""


def _refuses(cell: Cell, transport: str, limit_bytes: int, logs: Path) -> str:
    case = _case(cell, transport)
    sent = _both_sent(case, limit_bytes, APART_S, logs)
    if not sent.arrived and (alone_s := _time_alone(case, limit_bytes, logs)):
        sent = _both_sent(case, limit_bytes, APART_S + SLOWER * alone_s, logs)
    return judged(limit_bytes, sent)


def _time_alone(case: Case, limit_bytes: int, logs: Path) -> float | None:
    """Return the seconds that a message of the limit takes here, or None if it is lost."""
    arrived, seconds = 0, 0.0

    def measure(trial: Trial) -> None:
        nonlocal arrived, seconds
        before, began = trial.settled_arrivals(), time.monotonic()
        trial.open_window()
        arrived = trial.arrivals_after(DELIVERY_S, before + 1) - before
        seconds = time.monotonic() - began

    window = Window(1, 2, sizes_bytes=(limit_bytes,))
    run_trial(case, window, logs, random.Random(), measure=measure)
    return seconds if arrived else None


class Sent(NamedTuple):
    """The fates of two messages: one of the limit, and one above it."""

    arrived: int = 0
    error: str = ""
    """The error that a role raised, or an empty string."""
    handed_back: int = 0


def _both_sent(case: Case, limit_bytes: int, apart_s: float, logs: Path) -> Sent:
    """Send a message of the limit and then one above it."""
    window = Window(2, 2, apart_s, sizes_bytes=(limit_bytes, limit_bytes + 1))
    arrived, error = 0, ""

    def measure(trial: Trial) -> None:
        nonlocal arrived, error
        before = trial.settled_arrivals()
        trial.open_window()
        try:
            arrived = trial.arrivals_after(apart_s + REFUSAL_S, before + 2) - before
        except TrialError as refused:
            error = str(refused)
            with suppress(TrialError):  # its peers may end as well
                trial.arrivals_after(ARRIVAL_S, before + 1)
            arrived = trial.arrivals - before
            error += _said_by_drivers(trial)
            raise _Seen from refused

    handed_back = 0
    with suppress(_Seen):
        ended = run_trial(case, window, logs, random.Random(), measure=measure)
        undeliverable, unanswered = _handed_back(ended)
        handed_back = undeliverable + unanswered
        arrived -= unanswered  # a None counts as an arrival
    return Sent(arrived, error, handed_back)


def _handed_back(trial: TrialRecord) -> tuple[int, int]:
    """Return how many messages a program yielded as undeliverable, or answered by None.

    A program that must continue reports messages that it refuses in this way. Such a report
    has no text, and so it cannot contain the limit.
    """
    counts = [record.counts for record in trial.roles.values()]
    undeliverable = sum(int(count.get("undeliverable", 0)) for count in counts)
    wrong = [said for count in counts for said in count.get("wrong_first", ())]
    return undeliverable, sum("is None" in said for said in wrong)


def _said_by_drivers(trial: Trial) -> str:
    """Return the last lines of drivers: a peer of a driver may have raised first."""
    drivers = (h for h in trial.hosts if any(role.drives for role in h.spec.roles))
    return "".join(host.last_words() for host in drivers)


class _Seen(Exception):
    """Ends a trial without a result, because its roles are expected to fail."""


def judged(limit_bytes: int, sent: Sent) -> str:
    """Return a sentence on how a limit was broken, or an empty string."""
    above = f"a message of {limit_bytes + 1} bytes, one above the limit in stack.toml,"
    if sent.error and not re.search(rf"\b{limit_bytes}\b", sent.error):
        return f"{above} is refused by an error without the limit: {sent.error}"
    if not sent.arrived:
        return f"a message of {limit_bytes} bytes, the limit in stack.toml, did not arrive"
    if sent.arrived > 1:
        return f"{above} arrived"
    return "" if sent.error or sent.handed_back else f"{above} was dropped in silence"
