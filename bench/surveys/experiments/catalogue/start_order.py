"""Programs start in any order: does work begin by itself, and is the application told?

The shortest programs of each stack are tried in every order that is not the usual one: the
end that binds comes last, or the others do, or the collector. The trials are those of the
faults of the same names. A role that raises is called again by its host, as a supervisor
would; work that begins in place needs none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.errors import TrialError
from bench.run.levels import Standing, standings, trials_of
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq
from bench.trial.requirements import missing

ORDERS = ("server_last", "peers_last", "collector_last")
VARIANT = "minimal"
TOLD_WITHIN_S = 5.0
STACKS = {"raw_socket": "BSD sockets", "http": "HTTP", "zmq": "ZeroMQ"}
WORKLOADS = ("request_reply", "fan_out", "pipeline")
SUBJECTS = {
    f"{stack}_{workload}": f"the shortest {workload.replace('_', ' ')} on {label}"
    for stack, label in STACKS.items()
    for workload in WORKLOADS
}
QUANTITIES = {
    "in_place": Quantity(
        "of the orders", "{subject} begins by itself in a share of {value} of orders", 0, 1
    ),
    "begun": Quantity(
        "of the orders",
        "{subject} begins, called again if it raised, in a share of {value} of orders",
        0,
        1,
    ),
    "told": Quantity(
        "of the orders",
        f"{{subject}} reports trouble within {TOLD_WITHIN_S:g} s in a share of {{value}} "
        "of orders",
        0,
        1,
    ),
}
Outcome = Mapping[str, Any]


def programs() -> Iterator[Cell]:
    """Yield the programs in Python that can run here."""
    for cell in find_cells([IMPLEMENTATIONS]):
        wanted = cell.variant.name == VARIANT and subject(cell) in SUBJECTS
        if wanted and cell.language == "python" and not missing(cell):
            yield cell


def subject(cell: Cell) -> str:
    return f"{cell.stack.name}_{cell.workload.name}"


def begun(outcome: Outcome) -> bool:
    """Say whether a message got through to every consumer after the last had started."""
    return not outcome["censored"]


def in_place(outcome: Outcome) -> bool:
    return begun(outcome) and not (outcome["raised"] or outcome["ended"])


def told(outcome: Outcome) -> bool:
    return float(outcome.get("told_after_s", TOLD_WITHIN_S + 1)) <= TOLD_WITHIN_S


def shares(standing: Standing) -> dict[str, float]:
    """Return the share of a program's orders in which each holds.

    Raises TrialError if an order could not be tried.
    """
    for order, reason in standing.unmeasured.items():
        raise TrialError(f"{standing.cell.id}, {order}: {reason}")
    count = len(standing.outcomes)
    return {
        name: sum(map(holds, standing.outcomes)) / count
        for name, holds in (("in_place", in_place), ("begun", begun), ("told", told))
    }


def measure(block: Block) -> Found:
    """Try every program in every order once, several side by side."""
    planned = trials_of([*programs()], ORDERS)
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    answers: dict[str, dict[str, str]] = {order: {} for order in ORDERS}
    seed = block.random.randrange(1 << 30)
    for standing in standings(planned, block.folder, seed):
        name = subject(standing.cell)
        for quantity, share in shares(standing).items():
            values[quantity][name] = share
        for outcome in standing.outcomes:
            said = "by itself" if in_place(outcome) else "called again"
            answers[outcome["fault"]][name] = said if begun(outcome) else "never"
    return Found(values, answers)


EXPERIMENT = Experiment(
    name="start_order",
    asks="Do programs begin to work by themselves, in whatever order they start?",
    control="The same programs in their usual order, in trials in which nothing breaks.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=libzmq,
)
