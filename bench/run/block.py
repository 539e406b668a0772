"""One block of a comparison set: its cases live side by side and take turns.

Each case comes out with one value, the median over its rounds, and with the value of each
round. Values of one round met the same machine, so ratios are made within it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contract.model import Case
from bench.errors import NoMiddleError
from bench.measure.common import Measured
from bench.measure.quantities import IN_TURNS
from bench.run.rounds import Round, Rounds, counted, repeats_of, tested_cpus
from bench.trial.ensemble import Groups, Member, ensemble
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window

Outcome = Measured | NoMiddleError
Paced = tuple[Case, float]
"""A case with its seconds per message, by which its turns are sized."""


@dataclass(frozen=True)
class Block:
    """The outcome of each case, in the given order, and each round.

    ``ensemble`` names the ensemble: values of a round are of one machine only within it.
    ``rounds_s`` is how long all rounds took, ``apart_s`` how long everything else did.
    """

    ensemble: str
    outcomes: list[Outcome]
    rounds: list[Round]
    rounds_s: float = 0.0
    apart_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the rounds as columns: a list for each fact, in the order of rounds."""
        places: dict[str, list[Any]] = {
            name: [getattr(one, name) for one in self.rounds]
            for name in ("number", "repeat", "order", "flags")
        }
        seen: dict[str, list[Any]] = {
            name: [_rounded(vars(one.seen)[name]) for one in self.rounds]
            for name in (vars(self.rounds[0].seen) if self.rounds else ())
        }
        took = {"rounds_s": _rounded(self.rounds_s), "apart_s": _rounded(self.apart_s)}
        return {"ensemble": self.ensemble, **took, **places, **seen}


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def windows_of(cases: Sequence[Paced]) -> list[tuple[Case, Window]]:
    """Return each case with its window, cut into the turns of a block and its repeats."""
    found = []
    for case, pace_s in cases:
        quantity = IN_TURNS[case.quantity]
        rounds = quantity.rounds(case)
        turns = rounds + repeats_of(rounds)
        found.append((case, quantity.window_of_turns(case, pace_s, turns)))
    return found


def measure_block(
    cases: Sequence[Paced],
    logs: Path,
    rng: random.Random,
    servers: ForkServers | None = None,
    groups: Groups | None = None,
) -> Block:
    """Measure cases of one quantity and placement side by side.

    ``servers`` are as of ``ensemble``, ``groups`` as of ``Ensemble.take_round``. Raises
    NotMeasurable where the machine lacks what the placement needs.
    """
    first, _ = cases[0]
    rounds = IN_TURNS[first.quantity].rounds(first)
    cpus = tested_cpus(first)
    name = f"{time.time_ns():x}"
    began = time.monotonic()
    with ensemble(windows_of(cases), logs, rng, servers) as started:
        watched = Rounds(started, cpus, rng, groups)
        ready = time.monotonic()
        watched.make(rounds, repeats_of(rounds))
        rounds_s = time.monotonic() - ready
        left = started.end(counted(watched.made))
        members = started.members
    outcomes = [
        _outcome(member, record, name) for member, record in zip(members, left, strict=True)
    ]
    apart_s = time.monotonic() - began - rounds_s
    return Block(name, outcomes, watched.made, rounds_s, apart_s)


def _outcome(member: Member, record: TrialRecord | NoMiddleError, name: str) -> Outcome:
    if isinstance(record, NoMiddleError):
        return record
    case = member.trial.case
    try:
        measured = IN_TURNS[case.quantity].measure(case, record)
    except NoMiddleError as error:
        return error
    idle_us = sum(member.idle_ns) / 1e3
    measured.metadata |= {
        "ensemble": name,
        "turn_messages": record.turn,
        "rounds": ",".join(map(str, range(len(measured.windows_s)))),
        "idle_cpu_us_per_s": idle_us / max(1e-9, sum(member.waited_s)),
    }
    return measured
