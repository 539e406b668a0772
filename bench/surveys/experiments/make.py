"""Make experiments in blocks, each of which has all experiments once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.errors import NoMiddleError, NotMeasurable
from bench.run.machine import describe
from bench.surveys import document
from bench.surveys.experiments import kept
from bench.surveys.experiments.experiment import Block, Experiment, Values
from bench.trial.scratch import scratch_folder

BLOCKS = 6
"""The fewest blocks of which a median has an interval of 95 %."""


def make(
    experiments: Sequence[Experiment],
    path: Path,
    blocks: int,
    done: Callable[[str], None],
) -> list[str]:
    """Make what is missing of these experiments; write the document after each block.

    ``done`` is called after each block of each experiment, with a line for the reader.
    Return the reasons of those that failed. One that cannot be made here is skipped.
    """
    found = kept.read(path) or {"format": kept.FORMAT, "experiments": {}}
    rows: dict[str, Any] = found["experiments"]
    anew = {e.name for e in experiments if not _goes_on(e, rows.get(e.name), blocks)}
    failed: list[str] = []
    dropped: set[str] = set()
    for number in range(blocks):
        for one in experiments:
            line = ""
            try:
                if one.name not in dropped:
                    line = _step(one, number, rows, anew)
            except (NoMiddleError, OSError) as error:
                dropped.add(one.name)
                skipped = isinstance(error, NotMeasurable)
                failed += [] if skipped else [f"{one.name}: {error}"]
                line = f"{one.name}: {'skipped' if skipped else 'FAILED'}: {error}"
            document.write(path, found)
            done(line)
    return failed


def _goes_on(experiment: Experiment, row: dict[str, Any] | None, blocks: int) -> bool:
    """Say whether blocks that were made stay, and further ones may stand beside them.

    They are of the same program. If some are missing, these have to be made on the same
    machine with the same versions: a median over two machines is of neither.
    """
    if row is None or row["program"] != experiment.program:
        return False
    if len(row["blocks"]) >= blocks:
        return True
    try:
        here = _opening(experiment)["machine"]
    except NotMeasurable:
        return True  # nothing can be made: what is there stays
    return _conditions(row["machine"]) == _conditions(here)


def _opening(experiment: Experiment) -> dict[str, Any]:
    return document.opening(describe([]), experiment.versions())


def _conditions(machine: dict[str, Any]) -> dict[str, Any]:
    """Return what has to be alike in all blocks. Another revision may be of other files."""
    return {name: fact for name, fact in machine.items() if name != "revision"}


def _step(experiment: Experiment, number: int, rows: dict[str, Any], anew: set[str]) -> str:
    """Make a block unless it was made; return a line for the reader.

    Blocks of an experiment that begins ``anew`` stay until its first new one is made.
    """
    row = rows.get(experiment.name)
    if row is None or experiment.name in anew:
        empty: dict[str, Any] = {"blocks": [], "took_s": [], "answers": {}, "left_out": {}}
        row = {**_opening(experiment), **kept.described(experiment), **empty}
    if number < len(row["blocks"]):
        return ""
    took_s = _block(experiment, number, row)
    rows[experiment.name] = row
    anew.discard(experiment.name)
    return f"{experiment.name}: block {number + 1} took {took_s:.1f} s"


def _block(experiment: Experiment, number: int, row: dict[str, Any]) -> float:
    """Measure one block, add it to a row, and return the seconds that it took."""
    began_s = time.monotonic()
    with scratch_folder() as folder:
        made = experiment.measure(Block.of(number, experiment.name, folder))
    took_s = time.monotonic() - began_s
    for wrong in _undeclared(experiment, made.values):
        raise ValueError(f"{experiment.name} does not declare {wrong}")
    row["blocks"].append(kept.plain(made.values))
    row["took_s"].append(round(took_s, 3))
    row["answers"] = {name: dict(said) for name, said in made.answers.items()}
    row["left_out"] = dict(made.left_out)
    return took_s


def _undeclared(experiment: Experiment, values: Values) -> Iterator[str]:
    """Yield what was measured and has no name in sentences, or could not have been."""
    for name, found in values.items():
        quantity = experiment.quantities.get(name)
        if quantity is None:
            yield name
            continue
        yield from found.keys() - experiment.subjects.keys()
        for subject, value in found.items():
            if not quantity.least <= value <= quantity.most:
                yield f"{value} as {name} of {subject}"


def forget(experiments: Sequence[Experiment], path: Path) -> None:
    """Remove what was found in these experiments, so that they are made again."""
    if found := kept.read(path):
        for one in experiments:
            found["experiments"].pop(one.name, None)
        document.write(path, found)
