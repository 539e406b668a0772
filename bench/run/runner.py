"""A run: check every program, size every window with a pilot, measure block by block.

Blocks that the environment disturbed are then repeated, whole. If the declared extension
applies, the declared comparisons get further blocks.

Every step writes its result to the run's archive at once, so an interrupted run resumes
where it stopped.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from bench.contract.model import Case
from bench.errors import NoMiddleError, NotMeasurable
from bench.measure.common import Measured, Sizing
from bench.measure.quantities import QUANTITIES
from bench.run import archive as archives
from bench.run.archive import PILOT_BLOCK, Archive
from bench.run.block_environment import EnvironmentRecorder
from bench.run.budget import within_budget
from bench.run.checks import check_programs
from bench.run.code import add_code, add_weights
from bench.run.declared import declarations
from bench.run.extension import HalfWidths, decide, declared_in, extension_slots
from bench.run.machine import versions_behind
from bench.run.pilots import (
    Pilot,
    make_pilot,
    next_pace_s,
    offered_hz,
    predict_s,
    sizing_of,
)
from bench.run.plan import Planned
from bench.run.preconditions import require_measurable
from bench.run.progress import console, minutes, steps
from bench.run.recovery import (
    NO_CHANCE,
    NoValue,
    is_recovery,
    measure_recovery,
    predict_recovery_s,
)
from bench.run.schedule import Slot, blocks_to_repeat, repeats, schedule
from bench.run.timing import FAILURES, PILOTS, keep_time, timed
from bench.trial.placement import cpus_for


class Runner:
    """Carries a plan out into an archive."""

    def __init__(self, archive: Archive, planned: Sequence[Planned], seed: int) -> None:
        self.archive = archive
        self.planned = list(planned)
        self.seed = seed
        self.logs = archive.folder / "logs"
        self.failed: dict[str, str] = {}

    # -- before any timing ---------------------------------------------------------

    def check(self, recheck: bool = False) -> None:
        """Check each planned cell over each planned transport, unless done before.

        Without ``recheck`` a check of an earlier run counts if nothing has changed since.
        """
        cases = [entry.case for entry in self.planned]
        known = check_programs(self.archive, cases, self.logs / "check", recheck)
        for entry in self.planned:
            result = known[(entry.case.cell.timed_id, entry.case.transport)]
            if result["reason"]:
                why = NO_CHANCE if result["skipped"] else "its check failed"
                self._give_up(entry, f"{why}: {result['reason']}")

    def _give_up(self, entry: Planned, reason: str) -> None:
        case = entry.case
        if case.id not in self.failed:
            self.failed[case.id] = reason
            if (case.id, PILOT_BLOCK, 0) not in self.archive.finished():
                self.archive.fail(case, PILOT_BLOCK, reason)

    def pilot(self) -> dict[str, Pilot]:
        """Make the pilot of each case that has none; return those there are."""
        known: dict[str, Pilot] = self.archive.read(archives.PILOT) or {}
        for failure in self.archive.failures:
            if failure["block"] == PILOT_BLOCK:
                self.failed.setdefault(failure["case"], failure["reason"])
        todo = [
            e
            for e in self.planned
            if e.case.id not in {*known, *self.failed} and not is_recovery(e.case)
        ]
        with timed(self.archive, PILOTS), steps("pilots", len(todo)) as shown:
            for entry in todo:
                case, logs = entry.case, self._log_folder(entry.case, "pilot")
                shown.now(case.id)
                try:
                    cpus_for(case.placement, drives=True)
                    known[case.id] = make_pilot(case, self.seed, logs)
                except NoMiddleError as error:
                    self._give_up(entry, str(error))
                    shown.done(f"FAILED {case.id}: {error}")
                else:
                    self.archive.write(archives.PILOT, known)
                    shutil.rmtree(logs, ignore_errors=True)
                    shown.done()
        return known

    # -- timing --------------------------------------------------------------------

    def todo(self, slots: Sequence[Slot]) -> list[Slot]:
        """Return those slots that have no value yet and may have one."""
        done = self.archive.finished()
        return [
            slot
            for slot in slots
            if (slot.planned.case.id, slot.block, slot.repeat) not in done
            and slot.planned.case.id not in self.failed
        ]

    def measure(self, pilots: dict[str, Pilot], half_widths: HalfWidths) -> None:
        """Make every planned trial, then repeat disturbed blocks, then extend.

        The extension gives further blocks to the declared comparisons, if it applies.
        """
        cases = [entry.case for entry in self.planned]
        rates_hz = offered_hz(cases, pilots)
        self._keep_budget(pilots, rates_hz)
        pace_s = {case: pilot["seconds_per_message"] for case, pilot in pilots.items()}

        def cost_s(slots: Sequence[Slot]) -> float:
            may = [slot for slot in slots if slot.planned.case.id in pilots]
            return predict_s(may, self.seed, pilots, rates_hz)

        def make(title: str, slots: list[Slot]) -> None:
            trials, predicted_s = len(slots), cost_s(slots)
            took_s = self._trials(title, slots, pace_s, rates_hz)
            keep_time(self.archive, trials, predicted_s, took_s)
            said = f"{title} took {minutes(took_s)}, predicted were {minutes(predicted_s)}"
            console.print(said)

        speed = [entry for entry in self.planned if not is_recovery(entry.case)]
        every, further = schedule(speed, self.seed), self._further(speed)
        planned = self.todo(every)
        console.print(
            f"{len(planned)} trials, about {minutes(cost_s(planned))} (seed {self.seed})"
        )
        if further:
            console.print(
                f"{len(further)} more, about {minutes(cost_s(further))}, if the intervals "
                "of the declared comparisons are too wide"
            )
        if planned:
            make("measuring", planned)
        spoiled = blocks_to_repeat(self.archive.environment(), every)
        again = repeats(every, spoiled)
        if todo := self.todo(again):
            named = ", ".join(str(block + 1) for block in spoiled)
            console.print(
                f"block {named} was disturbed: repeating {len(todo)} trials, about "
                f"{minutes(cost_s(todo))}"
            )
            make("repeating", todo)
        if further:
            decision = decide(self.archive, cost_s([*every, *again, *further]), half_widths)
            console.print(decision.said)
            todo = self.todo(further) if decision.is_made else []
            if todo:
                make("extending", todo)

    def _further(self, speed: Sequence[Planned]) -> list[Slot]:
        """Return the trials of the extension that run.json declares, none without one."""
        about = self.archive.about()
        declared = declared_in(about)
        if declared is None:
            return []
        return extension_slots(speed, declarations(about), declared.blocks, self.seed)

    def _keep_budget(self, pilots: dict[str, Pilot], rates_hz: dict[str, float]) -> None:
        """Trim the plan to the run's budget; a resumed run, as it was trimmed first."""

        def cost_s(planned: Sequence[Planned]) -> float:
            slots = self.todo(schedule(planned, self.seed))
            speed = [slot for slot in slots if not is_recovery(slot.planned.case)]
            faults = [slot for slot in slots if is_recovery(slot.planned.case)]
            speed_s = predict_s(speed, self.seed, pilots, rates_hz)
            return speed_s + predict_recovery_s(faults)

        self.planned = within_budget(self.archive, self.planned, cost_s)

    def _trials(
        self,
        title: str,
        slots: list[Slot],
        pace_s: dict[str, float],
        rates_hz: Mapping[str, float],
    ) -> float:
        """Make the trials of these slots; return how many seconds that took."""
        began = time.monotonic()
        environment = EnvironmentRecorder(self.archive)
        with steps(title, len(slots)) as shown:
            again: set[Slot] = set()
            for slot in slots:  # grows: a trial that failed is tried once more, at the end
                case = slot.planned.case
                shown.now(f"block {slot.block + 1}, {case.id}")
                sizing = sizing_of(slot, self.seed, pace_s[case.id], rates_hz)
                try:
                    with environment.of(slot.block, slot.repeat):
                        measured = self._trial(slot, sizing)
                except NoMiddleError as error:
                    if slot not in again:
                        again.add(slot)
                        slots.append(slot)
                        console.print(f"will be repeated: {case.id}: {error}", markup=False)
                        continue
                    self.archive.fail(case, slot.block, str(error), slot.repeat)
                    shown.done(f"FAILED {case.id}: {error}")
                else:
                    self.archive.add(slot, measured)
                    pace_s[case.id] = next_pace_s(measured, pace_s[case.id])
                    shown.done()
        return time.monotonic() - began

    def recover(self) -> None:
        """Make every planned trial with a fault, several side by side."""
        planned = [entry for entry in self.planned if is_recovery(entry.case)]
        todo = self.todo(schedule(planned, self.seed))
        if not todo:
            return
        predicted_s = predict_recovery_s(todo)
        console.print(f"{len(todo)} trials with a fault, about {minutes(predicted_s)}")

        def kept(slot: Slot, measured: Measured) -> None:
            self.archive.add(slot, self._signed(slot, measured))

        def failed(slot: Slot, reason: NoValue) -> None:
            self.archive.fail(slot.planned.case, slot.block, str(reason), slot.repeat)

        began = time.monotonic()
        measure_recovery(
            todo, lambda s: self._log_folder(s.planned.case, s.name), kept, failed
        )
        took_s = time.monotonic() - began
        keep_time(self.archive, len(todo), predicted_s, took_s, FAILURES)
        console.print(f"failures measured in {minutes(took_s)}")

    def _trial(self, slot: Slot, sizing: Sizing) -> Measured:
        case = slot.planned.case
        logs = self._log_folder(case, slot.name)
        measured = QUANTITIES[case.quantity].take(case, sizing, logs, slot.rng())
        shutil.rmtree(logs, ignore_errors=True)  # they are for failures
        return self._signed(slot, measured)

    def _signed(self, slot: Slot, measured: Measured) -> Measured:
        """Return a trial's outcome with the seed and the versions that it was made with."""
        measured.metadata["seed"] = self.seed
        measured.metadata |= self._versions[slot.planned.case.cell.timed_id]
        return measured

    @cached_property
    def _versions(self) -> dict[str, dict[str, str]]:
        cells = (entry.case.cell for entry in self.planned)
        return versions_behind(cells, self.archive.about()["stacks"])

    def _log_folder(self, case: Case, which: str) -> Path:
        return self.logs / f"{case.id}.{which}"

    def sizes(self) -> None:
        """Add the code of every planned cell and its size, unless done before."""
        cells = {entry.case.cell.id: entry.case.cell for entry in self.planned}
        add_code(self.archive, list(cells.values()))


def make_run(
    archive: Archive,
    planned: Sequence[Planned],
    seed: int,
    half_widths: HalfWidths,
    recheck: bool = False,
) -> bool:
    """Carry a plan out; return whether every case that this machine permits got its values.

    ``half_widths`` gives the widths that decide on a declared extension. ``recheck`` checks
    programs again that have not changed since they passed.
    Raises NotMeasurable where nothing can be measured here at all.
    """
    require_measurable()
    runner = Runner(archive, planned, seed)
    runner.check(recheck)
    pilots = runner.pilot()
    speed = [e for e in runner.planned if not is_recovery(e.case)]
    if speed and not pilots:
        raise NotMeasurable("no case could be measured; the reasons are above")
    if pilots:
        runner.measure(pilots, half_widths)
    runner.recover()
    runner.sizes()
    add_weights(archive, [entry.case.cell for entry in planned])
    shutil.rmtree(runner.logs / "check", ignore_errors=True)
    archive.seal()
    return all(failure["reason"].startswith(NO_CHANCE) for failure in archive.failures)
