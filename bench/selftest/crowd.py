"""A message costs the same, whether a crowd or a program in C is at the other end.

Request/reply: the crowd holds one connection here, and gives the same messages at the same
moments as the C port of the client. Both wait for a reply before the next message. Fan-out:
the crowd holds as many connections as there are subscribers in C, each in a process of its
own.

A crowd that sent something else, or woke the server more often, would make another cost.
The gate fails if a 99.9 % interval of the ratio lies beyond 10 % of 1.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.analysis.stats import ratio
from bench.contract.find import choose, find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.measure import cost, held
from bench.measure.common import costs, count
from bench.selftest.answers import KnownAnswer, ruled_out, shown
from bench.selftest.measures import SIZE_BYTES, Measure, interleave
from bench.trial.build import build, lacking
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import run_trial

MOST = 1.10
PEERS = {"request_reply": 1, "fan_out": 4}
"""How many connections the crowd holds, by workload."""
CELLS = (
    "*/minimal/request_reply.py",
    "raw_socket/minimal/fan_out.py",
    "http/minimal/fan_out.py",
    "zmq/lossless/fan_out.py",
)


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Compare the cost of a message for each program in Python that has a crowd."""
    cells = find_cells([IMPLEMENTATIONS])
    ports = {cell.id: cell for cell in cells if cell.language == "c"}
    found = []
    for cell in choose(cells, CELLS):
        port = ports.get(cell.id.removesuffix(".py") + ".c")
        question = f"{cell.id}: CPU time of a message, crowd over program in C"
        if port is None or lacking(port) or not held.crowd_for(_case(cell)):
            said = "there is no program in C here"
            found.append(KnownAnswer(question, "nothing", said, "skipped", None))
        else:
            build(port)
            found.append(_answer(question, cell, port, blocks, seed, logs))
    return found


def _case(cell: Cell) -> Case:
    return Case(cell, "cost", "tcp", SIZE_BYTES, PEERS[cell.workload.name], "split")


def _answer(
    question: str, cell: Cell, port: Cell, blocks: int, seed: int, logs: Path
) -> KnownAnswer:
    case, name = _case(cell), cell.workload.name
    interval_s = 1 / cost.RATE_HZ[name]
    paced = Window(cost.MESSAGES[name], 50, interval_s=interval_s, stamp_each=True)
    end = cell.workload.consumer.name

    def by_port(rng: Random) -> float:
        return _cost(case, run_trial(case, paced, logs, rng, played_by={end: port}))

    def by_crowd(rng: Random) -> float:
        crowd = held.crowd_for(case)
        made = cost.window(case)
        return _cost(case, held.run(case, made, logs, rng, held.Held.measure, crowd))

    measures: dict[str, Measure] = {"crowd": by_crowd, "port": by_port}
    values = interleave(f"crowd, {cell.id}", measures, blocks, seed)
    return KnownAnswer(
        question,
        "nothing",
        shown(ratio(values["crowd"], values["port"])),
        f"{1 / MOST:.2f} to {MOST:.2f}",
        not ruled_out(values["crowd"], values["port"], 1 / MOST, MOST),
        needs_quiet=True,
    )


def _cost(case: Case, trial: TrialRecord) -> float:
    """Return the CPU time in microseconds that a delivered message took."""
    name = cost.PAYS[case.cell.workload.name]
    delivered = count(case, trial).delivered
    return float(costs(trial, delivered)[f"{name}_cpu_us_per_message"])
