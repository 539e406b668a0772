"""More work is found in turns, on machines that change; and a program that never waits.

A program takes turns with itself, and with 3 % and 10 % more work in its handler. The work
is a loop. The cost of a long loop and of a short one is measured beforehand, also in turns.
So the ratios are known: 1, 1.03 and 1.10. First the machine is left alone. Then a neighbour
on its CPU grows, gives it two speeds, or comes and goes. The ratios must stay. The gates
fail if an interval of 99.9 % lies beyond the known ratio and a tolerance for its own error.

3 % is less than the 5 % that a verdict asks for, so no verdict can be "slower". The table
shows whether the blocks of ``quick``, and those of ``standard``, tell it from 1. The blocks
of ``quick`` are to find the 10 %.

A server that polls takes CPU time while the others have their turns. It must be named, and
no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

from bench.analysis.idle import IDLE, restless
from bench.analysis.rounds import block_logs
from bench.analysis.stats import Floats, Verdict, ratio_of_logs, verdict
from bench.contract.find import find_cells
from bench.contract.model import Case, Cell
from bench.run.block import measure_block
from bench.run.pilots import make_pilot
from bench.run.progress import Steps, steps
from bench.selftest.answers import GATE_CONFIDENCE, KnownAnswer, shown
from bench.selftest.losses import FAULTY
from bench.selftest.measures import SIZE_BYTES
from bench.surveys.operating_curve.neighbour import (
    Plan,
    comes_and_goes,
    grows,
    neighbour,
    two_speeds,
)
from bench.surveys.operating_curve.slowed import in_turns, program_with, value_of, work_for

CELL = "http/uwsgi/request_reply.py"
RESTLESS = "polling_server"
QUICK, STANDARD = 8, 16
SAME, LITTLE, MUCH = 0, 3, 10
"""The work that is added, in per cent of a round trip."""
TOLERANCE = 0.02
"""How wrong the known ratios may be, since the work was measured as well."""
MACHINES: Mapping[str, Plan | None] = {
    "a machine left alone": None,
    "a neighbour that grows": grows,
    "a machine of two speeds": two_speeds,
    "a neighbour that comes and goes": comes_and_goes,
}

Ratios = Mapping[int, Floats]
"""The log ratio to the program in each block, by the work that was added."""


class Programs:
    """The program, and those with more work, which are kept in ``folder``."""

    def __init__(self, folder: Path, seed: int, logs: Path) -> None:
        folder.mkdir(parents=True)
        self.plain = _case(program_with(CELL, 0, folder))
        pilot = make_pilot(self.plain, seed, logs)
        self.pace_s = pilot["seconds_per_message"]
        work = work_for(self.plain, self.pace_s, folder, logs, seed)
        self._slowed = {}
        for more in (SAME, LITTLE, MUCH):
            count = work.loops(more / 100)
            self._slowed[more] = _case(program_with(CELL, count, folder / str(count)))

    def measured(
        self, plan: Plan | None, blocks: int, logs: Path, rng: Random, steps: Steps
    ) -> Ratios:
        """Return the ratios of so many blocks, with a neighbour by a plan."""
        cases = [(case, self.pace_s) for case in (self.plain, *self._slowed.values())]
        with neighbour(plan):
            plain, *slowed = in_turns(cases, blocks, logs, rng, steps.done)
        each = zip(self._slowed, slowed, strict=True)
        return {more: block_logs(windows, plain) for more, windows in each}


def _case(cell: Cell) -> Case:
    return Case(cell, "latency", "tcp", SIZE_BYTES, 1, "shared")


def idle_beside_polling(
    plain: Cell, pace_s: float, logs: Path, rng: Random
) -> dict[str, float]:
    """Return the CPU time of a program, and of one that polls, while they wait.

    In microseconds a second, by the name of the variant. ``pace_s`` is about how long a
    round trip takes.
    """
    (polling,) = (c for c in find_cells([FAULTY]) if c.variant.name == RESTLESS)
    cells = plain, polling
    block = measure_block([(_case(cell), pace_s) for cell in cells], logs, rng)
    return {
        cell.variant.name: float(value_of(outcome).metadata[IDLE])
        for cell, outcome in zip(cells, block.outcomes, strict=True)
    }


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Measure on each machine; the first blocks are those of ``quick``."""
    count = max(blocks, STANDARD)
    programs = Programs(logs / "programs", seed, logs)
    found: list[KnownAnswer] = []
    with steps("work in turns", count * len(MACHINES)) as shown_steps:
        for name, plan in MACHINES.items():
            rng = Random(f"{seed}:{name}")
            ratios = programs.measured(plan, count, logs, rng, shown_steps)
            found += known(name, ratios)
            if plan is None:
                found += sizes(ratios)
    plain, pace_s = programs.plain.cell, programs.pace_s
    found.append(named(idle_beside_polling(plain, pace_s, logs, Random(seed))))
    return found


def known(machine: str, ratios: Ratios) -> Iterator[KnownAnswer]:
    """Yield whether the ratio of each program is the known one."""
    for more, logs in ratios.items():
        truth = 1 + more / 100
        low, high = truth - TOLERANCE, truth + TOLERANCE
        gate = ratio_of_logs(logs, GATE_CONFIDENCE)
        yield KnownAnswer(
            f"ratio to the program, {machine}",
            f"+{more} % work" if more else "nothing",
            shown(ratio_of_logs(logs)),
            f"an interval that meets {low:.2f} to {high:.2f}",
            gate.low <= high and gate.high >= low,
        )


def sizes(ratios: Ratios) -> Iterator[KnownAnswer]:
    """Yield what the blocks of ``quick``, and those of ``standard``, say of more work."""
    for blocks in (QUICK, STANDARD):
        found = ratio_of_logs(ratios[LITTLE][:blocks])
        seen = "tells it from 1" if found.low > 1 else "cannot tell it from 1"
        yield KnownAnswer(
            f"verdict of {blocks} blocks",
            f"+{LITTLE} % work",
            f"{verdict(found)}, {seen}",
            "not faster",
            verdict(found) != Verdict.FASTER,
        )
        found = ratio_of_logs(ratios[MUCH][:blocks])
        yield KnownAnswer(
            f"verdict of {blocks} blocks",
            f"+{MUCH} % work",
            f"{verdict(found)}, {shown(found)}",
            "slower",
            verdict(found) == Verdict.SLOWER,
            needs_quiet=verdict(found) != Verdict.FASTER,
        )


def named(idle_us_per_s: Mapping[str, float]) -> KnownAnswer:
    """Return whether the program that polls is named, and no other."""
    said = ", ".join(f"{name} {us:.0f} us/s" for name, us in idle_us_per_s.items())
    return KnownAnswer(
        "programs that take CPU time while they wait",
        f"{RESTLESS} never waits",
        said,
        f"{RESTLESS} alone is named",
        list(restless(idle_us_per_s)) == [RESTLESS],
        needs_quiet=RESTLESS in restless(idle_us_per_s),
    )
