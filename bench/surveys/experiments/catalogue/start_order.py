"""Programs start in any order: does work begin by itself, and is the application told?

The shortest program of each stack is started in every order of its roles, with pauses that
are drawn anew each time. In a usual order the roles that bind come first. A role that
raises is called again by its host, as a supervisor would do. Work that begins by itself
needs none.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell, Workload
from bench.contract.rows import RECOVERY
from bench.errors import TrialError
from bench.faults.fault import Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.trial import run_failure
from bench.measure.recovery import measure as outcome_of
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq
from bench.trial.processes import kill_all
from bench.trial.requirements import missing

VARIANT = "minimal"
SEEDS = {"request_reply": 2, "fan_out": 2, "pipeline": 1}
"""How often a block tries each order: six blocks give a workload more than 20 seeds."""
PAUSE_S = 0.2, 0.5
"""The shortest and the longest pause between two roles: the first has tried meanwhile."""
PATIENCE_S = 8.0
"""How long work may take to begin, from the start of the last role."""
DRAIN_S = 0.2
TOLD_WITHIN_S = 5.0
AT_ONCE = 8
LOOK_S = 0.05
STACKS = {"raw_socket": "BSD sockets", "http": "HTTP", "zmq": "ZeroMQ"}
SUBJECTS = {
    f"{stack}_{workload}": f"the shortest {workload.replace('_', ' ')} on {label}"
    for stack, label in STACKS.items()
    for workload in SEEDS
}
UNIT = "of the orders"
QUANTITIES = {
    "usual": Quantity(
        UNIT, "{subject} begins by itself in a share of {value} of usual orders", 0, 1
    ),
    "in_place": Quantity(
        UNIT, "{subject} begins by itself in a share of {value} of other orders", 0, 1
    ),
    "begun": Quantity(
        UNIT,
        "{subject} begins, called again if it raised, in a share of {value} of other "
        "orders",
        0,
        1,
    ),
    "told": Quantity(
        UNIT,
        f"{{subject}} reports trouble within {TOLD_WITHIN_S:g} s in a share of {{value}} "
        "of other orders",
        0,
        1,
    ),
}
Order = tuple[str, ...]
Outcome = Mapping[str, Any]
"""The outcome of a trial: the metadata that ``bench.measure.recovery`` gives it."""
BY_ITSELF, AGAIN, NEVER = WAYS = ("by itself", "called again", "never")


def programs() -> Iterator[Cell]:
    """Yield the programs in Python that can run here."""
    for cell in find_cells([IMPLEMENTATIONS]):
        wanted = cell.variant.name == VARIANT and subject(cell) in SUBJECTS
        if wanted and cell.language == "python" and not missing(cell):
            yield cell


def subject(cell: Cell) -> str:
    return f"{cell.stack.name}_{cell.workload.name}"


def orders(workload: Workload) -> list[Order]:
    """Return every order of a workload's roles, by their names."""
    return [*permutations(role.name for role in workload.roles)]


def is_usual(order: Order, workload: Workload) -> bool:
    """Say whether all roles that bind come before those that connect."""
    connects = [not workload.role(name).binds for name in order]
    return connects == sorted(connects)


# --- One order ----------------------------------------------------------------------------


def start(trial: FaultTrial, order: Order) -> None:
    """Start roles one after the other, and wait until a message is through."""
    with trial.fault():
        for place, name in enumerate(order):
            if place:
                trial.wait(trial.rng.uniform(*PAUSE_S))
            trial.start(f"{name}.0")
    trial.healed()
    trial.wait_until(trial.serves_again, PATIENCE_S)


def trial_of(cell: Cell, order: Order, logs: Path, seed: int) -> Outcome:
    """Start a program in an order, and return the outcome."""
    fault = Fault(
        "start_order",
        "F8",
        f"started in the order {', '.join(order)}",
        (cell.workload.name,),
        partial(start, order=order),
        Setup(instances=1, late=order, drain_s=DRAIN_S),
        watch_s=0.0,
    )
    size_bytes = fault.setup.size_bytes
    case = Case(cell, RECOVERY, cell.transports[0], size_bytes, 1, "free", fault=fault.name)
    record = run_failure(case, fault, logs, random.Random(seed))
    return outcome_of(case, fault, record).metadata


def tried(cell: Cell, order: Order, logs: Path, seed: int) -> Outcome:
    """Return the outcome of an order, of a second trial if the harness failed in one."""
    try:
        return trial_of(cell, order, logs / "first", seed)
    except TrialError:
        return trial_of(cell, order, logs / "second", seed)


def way(outcome: Outcome) -> str:
    """Return how work began after the last role had started."""
    if outcome["censored"]:
        return NEVER
    return AGAIN if outcome["raised"] or outcome["ended"] else BY_ITSELF


def told(outcome: Outcome) -> bool:
    return float(outcome.get("told_after_s", TOLD_WITHIN_S + 1)) <= TOLD_WITHIN_S


def shares(usual: Sequence[Outcome], others: Sequence[Outcome]) -> dict[str, float]:
    """Return the quantities of a program, from its trials in usual and in other orders."""
    ways = [way(outcome) for outcome in others]
    return {
        "usual": _share(way(outcome) == BY_ITSELF for outcome in usual),
        "in_place": _share(one == BY_ITSELF for one in ways),
        "begun": _share(one != NEVER for one in ways),
        "told": _share(map(told, others)),
    }


def _share(holds: Iterable[bool]) -> float:
    found = [*holds]
    return sum(found) / len(found)


# --- The experiment -----------------------------------------------------------------------


def _side_by_side(made: Sequence[tuple[Cell, Order]], block: Block) -> list[Outcome]:
    """Make trials, several at once: they mostly wait. An interrupt ends all of them."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way: list[Future[Outcome]] = [
            pool.submit(
                tried, cell, order, block.folder / str(at), block.random.getrandbits(32)
            )
            for at, (cell, order) in enumerate(made)
        ]
        try:
            return [one.result() for one in under_way]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(one.done() for one in under_way):  # some may be starting hosts
                kill_all()
                time.sleep(LOOK_S)
            raise


def measure(block: Block) -> Found:
    """Try every program in every order, in an order that differs from block to block."""
    made = [
        (cell, order)
        for cell in programs()
        for order in orders(cell.workload)
        for _ in range(SEEDS[cell.workload.name])
    ]
    block.random.shuffle(made)
    return found_in(zip(made, _side_by_side(made, block), strict=True))


def found_in(tried: Iterable[tuple[tuple[Cell, Order], Outcome]]) -> Found:
    """Return the shares of each program, and what the worst trial of each order came to."""
    by_cell: dict[Cell, dict[bool, list[Outcome]]] = {}
    answers: dict[str, dict[str, str]] = {}
    for (cell, order), outcome in sorted(tried, key=lambda one: one[0][1]):
        kinds = by_cell.setdefault(cell, {True: [], False: []})
        kinds[is_usual(order, cell.workload)].append(outcome)
        said, name = answers.setdefault(", ".join(order), {}), subject(cell)
        said[name] = max(said.get(name, BY_ITSELF), way(outcome), key=WAYS.index)
    every = {subject(cell): shares(k[True], k[False]) for cell, k in by_cell.items()}
    values = {q: {name: found[q] for name, found in every.items()} for q in QUANTITIES}
    return Found(values, answers)


EXPERIMENT = Experiment(
    name="start_order",
    asks="Do programs begin to work by themselves, in whatever order they start?",
    control="The same programs in a usual order, in which the roles that bind come first.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=libzmq,
)
