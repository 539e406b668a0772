"""A program with more work in its handler, as a change of it would bring.

The work is a loop, and no wait: on a machine that is half as fast it takes twice as long,
as the rest of the program does. The loop makes no numbers. Python keeps those up to 256 and
makes all others anew, so that a turn of a longer loop would cost more. How many loops make
a given share of a round trip is measured in turns, with two loops: one call more costs
something too. A pilot, or a loop alone, meets another machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bench.analysis.rounds import block_logs
from bench.analysis.stats import ratio_of_logs
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.errors import NoMiddleError, NotMeasurable
from bench.measure.common import Measured
from bench.run.block import Outcome, Paced, measure_block
from bench.run.progress import steps

MORE_WORK = """

from itertools import repeat

_serve = serve


def serve(address, handle):
    def slower(request):
        for _ in repeat(None, {loops}):
            pass
        return handle(request)

    _serve(address, slower)
"""
LOOP_S = 10e-9
"""About how long a turn of an empty loop takes."""
SHORT = 0.1
"""The shorter of two loops that are measured, over the longer one."""
BLOCKS = 16


@dataclass(frozen=True)
class Work:
    """The cost of more work, as shares of a round trip: 0.03 is 3 %.

    ``fixed`` is what the work costs with no loop at all: one call more. ``loop`` is the
    cost of one turn of the loop.
    """

    fixed: float
    loop: float

    @classmethod
    def measured(cls, long: float, short: float, loops: int) -> Work:
        """Return the cost from two shares: with so many loops, and with ``SHORT`` of them.

        Raises NotMeasurable if the longer loop did not cost more.
        """
        loop = (long - short) / (loops - round(SHORT * loops))
        if loop <= 0:
            raise NotMeasurable(
                "more work took no more time; try again when the machine is less busy"
            )
        return cls(long - loops * loop, loop)

    def loops(self, share: float) -> int:
        """Return how many loops make the work cost such a share; 0 for none at all."""
        return max(1, round((share - self.fixed) / self.loop)) if share else 0


def program_with(cell_id: str, loops: int, folder: Path) -> Cell:
    """Return a program with so many loops more for each message; with 0 as it is.

    Its stack is copied to ``folder``, unless that was done before.
    """
    root = folder if loops else IMPLEMENTATIONS
    if not root.exists():
        stack = Path(cell_id).parts[0]
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(IMPLEMENTATIONS / stack, unfinished / stack)
        with open(unfinished / cell_id, "a", encoding="utf-8") as program:
            program.write(MORE_WORK.format(loops=loops))
        unfinished.rename(folder)
    return next(cell for cell in find_cells([root]) if cell.id == cell_id)


def value_of(outcome: Outcome) -> Measured:
    """Return what was measured. Raises the error of a case that failed."""
    if isinstance(outcome, NoMiddleError):
        raise outcome
    return outcome


Windows = list[list[float]]
"""The windows of a case in seconds, by block and round."""


def in_turns(
    cases: Sequence[Paced], blocks: int, logs: Path, rng: Random, done: Callable[[], None]
) -> list[Windows]:
    """Return the windows of cases that take turns. ``done`` is called after each block.

    Raises the error of a case that fails.
    """
    made: list[Windows] = [[] for _ in cases]
    for _ in range(blocks):
        block = measure_block(cases, logs, rng)
        for windows, outcome in zip(made, block.outcomes, strict=True):
            windows.append(value_of(outcome).windows_s)
        done()
    return made


def work_for(case: Case, pace_s: float, folder: Path, logs: Path, seed: int) -> Work:
    """Return the cost of more work in the handler of a case, measured in turns.

    A long loop takes about a whole round trip: noise then matters little. ``pace_s`` is
    about how long a round trip takes. The programs are kept in ``folder``. Raises as
    ``Work.measured``.
    """
    loops = max(100, round(pace_s / LOOP_S))
    paced = [(case, pace_s)]
    for count in (loops, round(SHORT * loops)):
        slower = program_with(case.cell.id, count, folder / f"loops{count}")
        paced.append((replace(case, cell=slower), pace_s * (1 + count / loops)))
    with steps("calibrating", BLOCKS) as shown:
        plain, *more = in_turns(paced, BLOCKS, logs, Random(seed), shown.done)
    long, short = (ratio_of_logs(block_logs(each, plain)).estimate - 1 for each in more)
    return Work.measured(long, short, loops)
