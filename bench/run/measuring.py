"""Measures batches, one after the other, and keeps each outcome at once.

A batch in turns is one block of a comparison set: its cases live side by side. Other
batches are single trials. A case that fails is measured once more, at the end of the pass.
Cases of one batch that failed then form an ensemble of their own.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from bench.errors import NoMiddleError
from bench.measure.common import Measured
from bench.measure.quantities import QUANTITIES
from bench.run.archive import Archive
from bench.run.block import Block, Outcome, measure_block
from bench.run.block_environment import EnvironmentRecorder
from bench.run.declared import declarations
from bench.run.no_value import Cause, NoValue
from bench.run.pilots import (
    LOADING_S,
    Pilot,
    next_pace_s,
    predict_block_s,
    predict_trial_s,
    sizing_of,
)
from bench.run.progress import Steps, console, steps
from bench.run.schedule import Batch, Slot, slots_of
from bench.run.sets import groups_of
from bench.trial.fork_servers import ForkServers

Versions = Mapping[str, Mapping[str, str]]
"""The versions behind each program, by its ``timed_id``."""


def signed(slot: Slot, measured: Measured, seed: int, versions: Versions) -> Measured:
    """Return an outcome with the seed and the versions that it was made with."""
    measured.metadata["seed"] = seed
    measured.metadata |= versions[slot.planned.case.cell.timed_id]
    return measured


class Measuring:
    """Measures for one run. ``pilots`` give the first pace of each case, by its id.

    ``rates_hz`` are the messages a second that cases with a load are offered.
    """

    def __init__(
        self,
        archive: Archive,
        seed: int,
        pilots: Mapping[str, Pilot],
        rates_hz: Mapping[str, float],
        versions: Versions,
    ) -> None:
        self._archive = archive
        self._declared = declarations(archive.about())
        self._seed = seed
        self._pilots = pilots
        self._rates_hz = rates_hz
        self._versions = versions
        self._pace_s = {case: p["seconds_per_message"] for case, p in pilots.items()}
        self._servers = ForkServers(random.Random(seed))

    def predict_s(self, made: Sequence[Batch]) -> float:
        """Return how many seconds batches will take, those with a pilot."""
        loaded = {
            (slot.block, slot.planned.case.cell.timed_id, slot.planned.case.copy)
            for slot in slots_of(made)
            if slot.planned.case.cell.language == "python"
        }
        return sum(map(self._predict_batch_s, made)) + LOADING_S * len(loaded)

    def _predict_batch_s(self, batch: Batch) -> float:
        slots = [s for s in batch.slots if s.planned.case.id in self._pilots]
        if batch.in_turns:
            cases = [slot.planned.case for slot in slots]
            return predict_block_s([(case, self._pilots[case.id]) for case in cases])
        return sum(
            predict_trial_s(slot, self._seed, self._pilots, self._rates_hz)
            for slot in slots
        )

    def make(self, title: str, made: Sequence[Batch]) -> float:
        """Measure batches in their order; return how many seconds that took."""
        began = time.monotonic()
        environment = EnvironmentRecorder(self._archive)
        with steps(title, len(slots_of(made))) as shown:
            again = self._make_each(made, environment, shown, last=False)
            self._make_each(again, environment, shown, last=True)
        return time.monotonic() - began

    def _make_each(
        self,
        made: Sequence[Batch],
        environment: EnvironmentRecorder,
        shown: Steps,
        last: bool,
    ) -> list[Batch]:
        """Measure batches, block by block; return what of them is to be made again."""
        again = []
        for _, block in groupby(made, lambda batch: batch.block):
            with self._servers:
                found = [self._make_one(b, environment, shown, last) for b in block]
            again += [failed for failed in found if failed]
        return again

    def _make_one(
        self, batch: Batch, environment: EnvironmentRecorder, shown: Steps, last: bool
    ) -> Batch | None:
        """Measure a batch and keep its values; return what of it is to be made again."""
        shown.now(f"block {batch.block + 1}, {batch.slots[0].planned.case.name}")
        with environment.of(batch.block):
            outcomes = self._outcomes(batch)
        failed = []
        for slot, outcome in zip(batch.slots, outcomes, strict=True):
            case = slot.planned.case
            if isinstance(outcome, Measured):
                self._pace_s[case.id] = next_pace_s(outcome, self._pace_s[case.id])
                shown.done()
            elif last:
                why = NoValue(Cause.FAILED, str(outcome))
                self._archive.fail(case, slot.block, why, slot.repeat)
                shown.done(f"FAILED {case.id}: {outcome}")
            else:
                failed.append(slot)
                console.print(f"will be repeated: {case.id}: {outcome}", markup=False)
        return Batch(tuple(failed)) if failed else None

    def _outcomes(self, batch: Batch) -> list[Outcome]:
        """Measure a batch, and keep the values that it has, before anything else."""
        if not batch.in_turns:
            (slot,) = batch.slots
            try:
                outcome: Outcome = self._trial(slot)
            except NoMiddleError as error:
                return [error]
            self._keep(slot, outcome)
            return [outcome]
        try:
            made = self._block(batch)
        except NoMiddleError as error:
            return [error] * len(batch.slots)
        for slot, outcome in zip(batch.slots, made.outcomes, strict=True):
            self._keep(slot, outcome)
        self._archive.add_rounds(batch.slots, made)
        if not any(isinstance(outcome, NoMiddleError) for outcome in made.outcomes):
            shutil.rmtree(self._logs(batch.slots[0]), ignore_errors=True)
        return made.outcomes

    def _block(self, batch: Batch) -> Block:
        cases = [slot.planned.case for slot in batch.slots]
        paced = [(case, self._pace_s[case.id]) for case in cases]
        logs = self._logs(batch.slots[0])
        groups = groups_of(cases, self._declared)
        return measure_block(paced, logs, batch.rng(), self._servers, groups)

    def _keep(self, slot: Slot, outcome: Outcome) -> None:
        if isinstance(outcome, Measured):
            outcome = signed(slot, outcome, self._seed, self._versions)
            self._archive.add(slot, outcome)

    def _trial(self, slot: Slot) -> Measured:
        case = slot.planned.case
        logs = self._logs(slot)
        sizing = sizing_of(slot, self._seed, self._pace_s[case.id], self._rates_hz)
        take = QUANTITIES[case.quantity].take
        measured = take(case, sizing, logs, slot.rng(), self._servers)
        shutil.rmtree(logs, ignore_errors=True)  # they are for failures
        return measured

    def _logs(self, slot: Slot) -> Path:
        return self._archive.folder / "logs" / f"{slot.planned.case.id}.{slot.name}"
