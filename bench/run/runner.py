"""A run: check every program, size every window with a pilot, measure block by block.

If the declared extension applies, the declared comparisons then get further blocks.

Every step writes its result to the run's archive at once, so an interrupted run resumes
where it stopped.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from itertools import groupby
from pathlib import Path

from bench.contract.model import Case
from bench.errors import NoMiddleError, NotMeasurable, TrialError
from bench.measure.common import Measured
from bench.run import archive as archives
from bench.run.archive import PILOT_BLOCK, Archive
from bench.run.budget import within_budget
from bench.run.checks import check_programs
from bench.run.code import add_code, add_weights
from bench.run.declared import declarations
from bench.run.extension import HalfWidths, decide, declared_in, extension_batches
from bench.run.machine import versions_behind
from bench.run.measuring import Measuring, signed
from bench.run.no_value import Cause, NoValue, none_failed
from bench.run.pilots import Pilot, make_pilot, offered_hz
from bench.run.plan import Planned
from bench.run.preconditions import require_measurable
from bench.run.progress import Steps, console, minutes, steps
from bench.run.recovery import is_recovery, measure_recovery, predict_recovery_s
from bench.run.schedule import Batch, Slot, batches, slots_of
from bench.run.timing import FAILURES, PILOTS, keep_time, timed
from bench.trial.fork_servers import ForkServers
from bench.trial.placement import cpus_for
from bench.trial.site import counts_of_link


def _program(entry: Planned) -> str:
    """Return by what cases of one program stand together: a fork server has one."""
    return entry.case.cell.timed_id


class Runner:
    """Carries a plan out into an archive."""

    def __init__(self, archive: Archive, planned: Sequence[Planned], seed: int) -> None:
        self.archive = archive
        self.planned = list(planned)
        self.seed = seed
        self.logs = archive.folder / "logs"
        self.failed: set[str] = set()

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
                if result["skipped"]:
                    why = NoValue(Cause.NOT_PERMITTED, result["reason"])
                else:
                    why = NoValue(Cause.FAILED, f"its check failed: {result['reason']}")
                self._give_up(entry, why)

    def _give_up(self, entry: Planned, why: NoValue) -> None:
        case = entry.case
        if case.id not in self.failed:
            self.failed.add(case.id)
            if (case.id, PILOT_BLOCK, 0) not in self.archive.finished():
                self.archive.fail(case, PILOT_BLOCK, why)

    def pilot(self) -> dict[str, Pilot]:
        """Make the pilot of each case that has none; return those there are."""
        known: dict[str, Pilot] = self.archive.read(archives.PILOT) or {}
        for failure in self.archive.failures:
            if failure["block"] == PILOT_BLOCK:
                self.failed.add(failure["case"])
        todo = [
            e
            for e in self.planned
            if e.case.id not in {*known, *self.failed} and not is_recovery(e.case)
        ]
        with timed(self.archive, PILOTS), steps("pilots", len(todo)) as shown:
            for _, entries in groupby(sorted(todo, key=_program), key=_program):
                with ForkServers(random.Random(self.seed)) as servers:
                    for entry in entries:
                        self._pilot(entry, known, servers, shown)
        return known

    def _pilot(
        self, entry: Planned, known: dict[str, Pilot], servers: ForkServers, shown: Steps
    ) -> None:
        """Make the pilot of a case, and keep it among those that are ``known``."""
        case, logs = entry.case, self._log_folder(entry.case, "pilot")
        shown.now(case.id)
        try:
            cpus_for(case.placement, drives=True)
            known[case.id] = make_pilot(case, self.seed, logs, servers)
        except NoMiddleError as error:
            self._give_up(entry, NoValue(Cause.FAILED, str(error)))
            shown.done(f"FAILED {case.id}: {error}")
        else:
            self.archive.write(archives.PILOT, known)
            shutil.rmtree(logs, ignore_errors=True)
            shown.done()

    # -- timing --------------------------------------------------------------------

    def todo(self, made: Sequence[Batch]) -> list[Batch]:
        """Return what has no value yet and may have one.

        The cases of a set whose ensemble failed, or was never made, form one of their own.
        """
        done = self.archive.finished()
        left = [
            Batch(
                tuple(
                    slot
                    for slot in batch.slots
                    if slot.key not in done and slot.planned.case.id not in self.failed
                )
            )
            for batch in made
        ]
        return [batch for batch in left if batch.slots]

    def measure(self, pilots: dict[str, Pilot], half_widths: HalfWidths) -> None:
        """Measure every planned block of every case, then extend.

        The extension gives further blocks to the declared comparisons, if it applies.
        """
        cases = [entry.case for entry in self.planned]
        rates_hz = offered_hz(cases, pilots)
        measuring = Measuring(self.archive, self.seed, pilots, rates_hz, self._versions)
        self._keep_budget(measuring)

        def make(title: str, made: list[Batch]) -> None:
            trials, predicted_s = len(slots_of(made)), measuring.predict_s(made)
            took_s = measuring.make(title, made)
            keep_time(self.archive, trials, predicted_s, took_s)
            said = f"{title} took {minutes(took_s)}, predicted were {minutes(predicted_s)}"
            console.print(said)

        speed = [entry for entry in self.planned if not is_recovery(entry.case)]
        every, further = self._batches(speed), self._further(speed)
        planned = self.todo(every)
        console.print(
            f"{len(slots_of(planned))} values, about "
            f"{minutes(measuring.predict_s(planned))} (seed {self.seed})"
        )
        if further:
            console.print(
                f"{len(slots_of(further))} more, about "
                f"{minutes(measuring.predict_s(further))}, if the intervals of the "
                "declared comparisons are too wide"
            )
        if planned:
            make("measuring", planned)
        if further:
            whole_s = measuring.predict_s([*every, *further])
            decision = decide(self.archive, whole_s, half_widths)
            console.print(decision.said)
            todo = self.todo(further) if decision.is_made else []
            if todo:
                make("extending", todo)

    def _batches(self, planned: Sequence[Planned]) -> list[Batch]:
        declared = declarations(self.archive.about())
        return batches(planned, self.seed, declared=declared)

    def _further(self, speed: Sequence[Planned]) -> list[Batch]:
        """Return the blocks of the extension that run.json declares, none without one."""
        about = self.archive.about()
        declared = declared_in(about)
        if declared is None:
            return []
        return extension_batches(speed, declarations(about), declared.blocks, self.seed)

    def _keep_budget(self, measuring: Measuring) -> None:
        """Trim the plan to the run's budget; a resumed run, as it was trimmed first."""

        def cost_s(planned: Sequence[Planned]) -> float:
            speed = [e for e in planned if not is_recovery(e.case)]
            faults = [e for e in planned if is_recovery(e.case)]
            speed_s = measuring.predict_s(self.todo(self._batches(speed)))
            left = slots_of(self.todo(self._batches(faults)))
            return speed_s + predict_recovery_s(left)

        self.planned = within_budget(self.archive, self.planned, cost_s)

    def recover(self) -> None:
        """Make every planned trial with a fault, several side by side."""
        planned = [entry for entry in self.planned if is_recovery(entry.case)]
        todo = slots_of(self.todo(self._batches(planned)))
        if not todo:
            return
        predicted_s = predict_recovery_s(todo)
        console.print(f"{len(todo)} trials with a fault, about {minutes(predicted_s)}")

        def kept(slot: Slot, measured: Measured) -> None:
            self.archive.add(slot, signed(slot, measured, self.seed, self._versions))

        def failed(slot: Slot, why: NoValue) -> None:
            self.archive.fail(slot.planned.case, slot.block, why, slot.repeat)

        began = time.monotonic()
        measure_recovery(
            todo, lambda s: self._log_folder(s.planned.case, s.name), kept, failed
        )
        took_s = time.monotonic() - began
        keep_time(self.archive, len(todo), predicted_s, took_s, FAILURES)
        console.print(f"failures measured in {minutes(took_s)}")

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
    with suppress(TrialError):  # without a link trials have failed, and say so
        if counts := counts_of_link():
            archive.write(archives.LINK, counts._asdict())
    shutil.rmtree(runner.logs / "check", ignore_errors=True)
    archive.seal()
    return none_failed(archive.failures)
