"""A message costs a server the same, whether a crowd or the client in C asks for it.

The crowd holds one connection here, and gives the same messages at the same moments as the
C port of the client. Both wait for a reply before the next message. A
crowd that sent something else, or woke the server more often, would make another cost. The
gate fails if a 99.9 % interval of the ratio lies beyond 10 % of 1.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.analysis.stats import ratio
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.measure import cost, held
from bench.measure.common import costs, count
from bench.selftest.answers import Answer, ruled_out, shown
from bench.selftest.measures import SIZE_BYTES, Measure, interleave
from bench.trial.build import build, lacking
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import run_trial

MOST = 1.10
CELLS = "*/minimal/request_reply.py"
RATE_HZ = cost.RATE_HZ["request_reply"]
MESSAGES = cost.MESSAGES["request_reply"]
COST = "serve_cpu_us_per_message"


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Compare the cost of a message for each minimal server that has a crowd."""
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    found = []
    for cell in [c for c in cells.values() if Path(c.id).match(CELLS)]:
        port = cells.get(cell.id.removesuffix(".py") + ".c")
        question = f"{cell.id}: CPU time of a message, asked by a crowd over C's client"
        if port is None or lacking(port) or not held.crowd_for(_case(cell)):
            said = "there is no client in C here"
            found.append(Answer(question, "nothing", said, "skipped", None))
        else:
            build(port)
            found.append(_answer(question, cell, port, blocks, seed, logs))
    return found


def _case(cell: Cell) -> Case:
    return Case(cell, "cost", "tcp", SIZE_BYTES, 1, "split")


def _answer(
    question: str, cell: Cell, port: Cell, blocks: int, seed: int, logs: Path
) -> Answer:
    case = _case(cell)
    paced = Window(MESSAGES, warm_up=50, interval_s=1 / RATE_HZ, stamp_each=True)

    def by_port(rng: Random) -> float:
        return _cost(case, run_trial(case, paced, logs, rng, played_by={"call": port}))

    def by_crowd(rng: Random) -> float:
        crowd = held.crowd_for(case)
        made = cost.window(case)
        return _cost(case, held.run(case, made, logs, rng, held.Held.measure, crowd))

    measures: dict[str, Measure] = {"crowd": by_crowd, "port": by_port}
    values = interleave(f"crowd, {cell.stack.name}", measures, blocks, seed)
    return Answer(
        question,
        "nothing",
        shown(ratio(values["crowd"], values["port"])),
        f"{1 / MOST:.2f} to {MOST:.2f}",
        not ruled_out(values["crowd"], values["port"], 1 / MOST, MOST),
        needs_quiet=True,
    )


def _cost(case: Case, trial: TrialRecord) -> float:
    delivered = count(case, trial).delivered
    return float(costs(trial, delivered)[COST])
