"""Ensembles in an archive: whole or not at all, and what failed is measured again alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import synthetic
from helpers_bench import find_cell

from bench.errors import TrialError
from bench.run.archive import ROUNDS, Archive
from bench.run.block import Block, Outcome
from bench.run.declared import read_declared
from bench.run.manifest import about
from bench.run.measuring import Measuring
from bench.run.plan import Planned, plan
from bench.run.profiles import PROFILES
from bench.run.schedule import Batch, Slot, batches

CELLS = [
    find_cell(f"{stack}/minimal/request_reply.py")
    for stack in ("zmq", "raw_socket", "http")
]
PLANNED = [p for p in plan(PROFILES["quick"], CELLS, 2) if not p.case.fault]
PILOT = {"seconds_per_message": 1e-4, "overhead_s": 0.1, "build_s_per_message": 0.0}


def new_archive(folder: Path, planned: list[Planned] = PLANNED) -> Archive:
    return Archive.create(folder, {**about(planned, CELLS, "quick", 1), "roots": []})


def outcome(slot: Slot, ensemble: str) -> Outcome:
    return synthetic.in_turns(slot.planned.case, [1e-4, 1.1e-4, 1.2e-4], ensemble)


def keys(made: list[Batch]) -> set[tuple[str, int, int]]:
    return {slot.key for batch in made for slot in batch.slots}


def test_an_ensemble_that_was_being_written_at_a_kill_is_made_again_whole(
    tmp_path: Path,
) -> None:
    archive = new_archive(tmp_path / "run")
    whole, half, *_ = batches(PLANNED, 1)
    for batch, slots in ((whole, whole.slots), (half, half.slots[:1])):
        for slot in slots:
            archive.add(slot, outcome(slot, f"of block {batch.slots[0].seed}"))
        if batch is whole:
            made = Block(f"of block {batch.slots[0].seed}", [], synthetic.rounds_of(3, 2))
            archive.add_rounds(slots, made)
    assert keys([half]) & archive.finished()
    assert Archive.resume(tmp_path / "run").finished() == keys([whole])


def test_programs_that_fail_together_are_measured_again_in_an_ensemble_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = new_archive(tmp_path / "run")
    made = batches(PLANNED, 1, declared=read_declared())
    seen: list[tuple[int, list[str]]] = []

    def block(batch: Batch) -> Block:
        stacks = [slot.planned.case.cell.stack.name for slot in batch.slots]
        again = bool(seen) and batch.block == 0 and "raw_socket" not in stacks
        seen.append((batch.block, stacks))
        name = f"ensemble {len(seen)}"
        outcomes = [
            TrialError("nobody listened")
            if slot.block == 0 and stack != "raw_socket" and not (again and stack == "zmq")
            else outcome(slot, name)
            for slot, stack in zip(batch.slots, stacks, strict=True)
        ]
        return Block(name, outcomes, synthetic.rounds_of(3, len(stacks)))

    pilots = {entry.case.id: PILOT for entry in PLANNED}
    names = {entry.case.cell.timed_id: dict[str, str]() for entry in PLANNED}
    measuring = Measuring(archive, 1, pilots, {}, names)
    monkeypatch.setattr(measuring, "_block", block)
    measuring.make("measuring", made)
    assert archive.finished() == keys(made)
    assert {f["case"].split(".")[-3] for f in archive.failures} == {"http"}
    assert {f["block"] for f in archive.failures} == {0}
    last = [sorted(set(stacks)) for block, stacks in seen[-2:]]
    assert last == [["http", "zmq"]] * 2, "each set again, at the end"
    assert len(archive.read(ROUNDS)) == len(seen)
