"""How many decisions about its protocol does a program make by itself?

``decisions.toml`` is one list for all stacks, filled in by reading the programs. Each entry
has its proof, a line of the program. A block reads all programs again, so that a decision
that has gone from a program, or a program without a count, ends the experiment.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.errors import TrialError
from bench.measure.code.size import read_program
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity

FILE = Path(__file__).parent / "decisions.toml"
STACKS = {"raw_socket": "BSD sockets", "http": "HTTP", "zmq": "ZeroMQ"}
WORKLOADS = ("request_reply", "fan_out", "pipeline")
VARIANTS = ("minimal", "resilient")
SUBJECTS = {
    f"{stack}_{workload}_{variant}": (
        f"the {variant} {workload.replace('_', ' ')} on {label}"
    )
    for stack, label in STACKS.items()
    for workload in WORKLOADS
    for variant in VARIANTS
}


@cache
def decisions(path: Path = FILE) -> Mapping[str, Any]:
    """Return the list, and what each program decides, by stack, workload and variant."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def programs() -> Iterator[tuple[str, Cell]]:
    """Yield the programs in Python of each subject."""
    for cell in find_cells([IMPLEMENTATIONS]):
        name = f"{cell.stack.name}_{cell.workload.name}_{cell.variant.name}"
        if name in SUBJECTS and cell.language == "python":
            yield name, cell


def proven(cell: Cell, made: Mapping[str, str]) -> dict[str, str]:
    """Return decisions with their proofs.

    Raises TrialError for one that is not in the list, or whose proof is not in the program.
    """
    folders = (cell.path.parent, cell.stack.folder)
    text = "\n".join(
        Path(file).read_text(encoding="utf-8")
        for file in read_program(cell.path, folders).files
    )
    for decision, proof in made.items():
        if decision not in decisions()["list"]:
            raise TrialError(f"{FILE.name} has no decision {decision!r} in its list")
        if proof not in text:
            raise TrialError(
                f"{cell.id} no longer has {proof!r}: read it again for {FILE.name}"
            )
    return dict(made)


def measure(_: Block) -> Found:
    """Count the decisions of each program, and look for their proofs."""
    made: dict[str, float] = {}
    answers: dict[str, dict[str, str]] = {said: {} for said in decisions()["list"].values()}
    for name, cell in programs():
        told = decisions()[cell.stack.name][cell.workload.name][cell.variant.name]
        found = proven(cell, told)
        made[name] = len(found)
        for decision, said in decisions()["list"].items():
            answers[said][name] = found.get(decision, "")
    return Found({"made": made}, answers)


EXPERIMENT = Experiment(
    name="wire_decisions",
    asks="How many decisions about its protocol does a program make by itself?",
    control="The programs on HTTP and ZeroMQ, by the same list.",
    subjects=SUBJECTS,
    quantities={
        "made": Quantity(
            "decisions",
            "the program of {subject} makes {value} decisions about its protocol",
            most=len(decisions()["list"]),
        )
    },
    measure=measure,
)
