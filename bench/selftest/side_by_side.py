"""Trials with a fault have the same outcomes alone and with other trials at the same time.

In each block every trial is made both ways, in random order. Its outcome must be the same
both ways. An exact sign test compares the lengths of outages in pairs. It finds a
difference if too many outages are longer beside other trials, by more than the tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import median

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.faults.history import CLASSES
from bench.measure.common import Measured
from bench.run.plan import Group, Planned, Profile, plan
from bench.run.recovery import AT_ONCE, measure_recovery
from bench.run.schedule import Slot, schedule
from bench.selftest.answers import GATE_CONFIDENCE, KnownAnswer

GROUPS = (
    Group(
        ("*/resilient/request_reply.*", "*/minimal/request_reply.*"),
        faults=("server_killed_busy",),
        leaving_out=(),
    ),
)
"""Six cells: some recover by their own timers, some after a restart, and one hangs."""
TOLERATED_S = 0.01
"""The tolerance in seconds, beside the resolution.

Six trials that share CPUs slow each other down by some milliseconds.
"""
CONTROL_S = 0.1
"""A difference in seconds that the test must find: as if each client waited once more."""

Pairs = Mapping[str, Sequence[tuple[Measured, Measured]]]


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make every trial alone and beside others, in each block."""
    profile = Profile("side_by_side", "trials that recover", GROUPS)
    planned = plan(profile, find_cells([IMPLEMENTATIONS]), blocks)
    pairs: dict[str, list[tuple[Measured, Measured]]] = {}
    for block in range(blocks):
        ways = [1, AT_ONCE]
        Random(f"{seed}:{block}").shuffle(ways)
        made = {
            way: _make(planned, block, seed, logs / f"{block}.{way}", way) for way in ways
        }
        for case in made[1].keys() & made[AT_ONCE].keys():
            pairs.setdefault(case, []).append((made[1][case], made[AT_ONCE][case]))
    whole = sum(map(len, pairs.values())) == blocks * len(planned)
    return [_same(pairs, whole), _longer(pairs, 0.0), _longer(pairs, CONTROL_S)]


def _make(
    planned: Sequence[Planned], block: int, seed: int, logs: Path, at_once: int
) -> dict[str, Measured]:
    """Make a block of the schedule, ``at_once`` trials at a time; return them by case."""
    made: dict[str, Measured] = {}

    def kept(slot: Slot, measured: Measured) -> None:
        made[slot.planned.case.id] = measured

    slots = [slot for slot in schedule(planned, seed) if slot.block == block]
    folder = lambda slot: logs / slot.planned.case.id  # noqa: E731
    measure_recovery(slots, folder, kept, lambda _, __: None, at_once)
    return made


def came_to(measured: Measured) -> str:
    """Return the verdict of a trial, and the classes in which it counted messages."""
    facts = measured.metadata
    classes = [name for name in CLASSES if facts[name]]
    return f"{facts['verdict']}: {', '.join(classes)}"


def _same(pairs: Pairs, whole: bool) -> KnownAnswer:
    each = [
        (case, came_to(alone), came_to(beside))
        for case, made in pairs.items()
        for alone, beside in made
    ]
    other = [f"{case}: {one}, not {two}" for case, one, two in each if one != two]
    return KnownAnswer(
        "verdict and classes of a trial",
        f"alone, and {AT_ONCE} side by side",
        f"{len(other)} of {len(each)} pairs differ" + "".join(f"\n{o}" for o in other),
        "0 differ" if whole else "0 differ, and none without a value",
        not other and whole,
        needs_quiet=True,
    )


def _longer(pairs: Pairs, added_s: float) -> KnownAnswer:
    """Return whether outages are longer beside other trials, by a one-sided sign test.

    ``pairs`` are the same trials, alone and beside others. ``added_s`` is added to the
    second of each pair, to show that the test would find it.
    """
    every = [
        pair
        for made in pairs.values()
        for pair in made
        if not any(measured.metadata["censored"] for measured in pair)
    ]
    alone_s, beside_s = (
        [pair[way].value_s + way * added_s for pair in every] for way in (0, 1)
    )
    (resolution_s,) = {float(alone.metadata["interval_s"]) for alone, _ in every}
    most_s = resolution_s + TOLERATED_S
    longer = sum(b - a > most_s for a, b in zip(alone_s, beside_s, strict=True))
    p = chance(longer, len(every))
    found = p < 1 - GATE_CONFIDENCE
    say_control = f", and {added_s:g} s added" if added_s else ""
    return KnownAnswer(
        "control: a longer outage beside others" if added_s else "outage beside others",
        f"{AT_ONCE} side by side{say_control}",
        f"median {median(alone_s):.3f} s alone, {median(beside_s):.3f} s beside others; "
        f"{longer} of {len(every)} pairs longer by more than {most_s:g} s, p = {p:.2g}",
        f"p {'<' if added_s else '>='} {1 - GATE_CONFIDENCE:.3f}",
        found == bool(added_s),
        needs_quiet=True,
    )


def chance(longer: int, pairs: int) -> float:
    """Return the p-value of ``longer`` of ``pairs``: the upper tail of a fair coin."""
    return float(sum(math.comb(pairs, k) for k in range(longer, pairs + 1)) / 2**pairs)
