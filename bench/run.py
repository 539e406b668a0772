"""A run: check every cell, size every window with a pilot, measure block by block.

Every step leaves its result in the run's archive at once, so a run that is interrupted
anywhere goes on where it stopped.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from bench import archive as archives
from bench.archive import Archive
from bench.check import CheckResult, check_all
from bench.contract import Case, Stack
from bench.errors import NoMiddleError, NotMeasurable
from bench.machine import NATIVE, versions
from bench.measure import latency, throughput
from bench.measure.measured import Measured
from bench.measure.size import size
from bench.placement import cpus_for
from bench.plan import Planned
from bench.processes import require_linux
from bench.progress import console, steps
from bench.schedule import Slot, schedule
from bench.trial import PILOT_QUIET_S, QUIET_S, run_trial
from bench.watch import Watch

QUANTITIES: dict[str, ModuleType] = {"latency": latency, "throughput": throughput}
DISTURBED_S = 0.5
PILOT_BLOCK = -1
"""The block number under which a case is recorded that never got past its pilot."""


def _pace_s(measured: Measured, before_s: float) -> float:
    """Return the pace by which to size the next window of a case.

    From the trial just made, so that a pilot that was disturbed misjudges one window
    and not ten; never from a value's rank or verdict.
    """
    if throughput.PACE in measured.metadata:
        return float(measured.metadata[throughput.PACE])
    closed = "late_p99_ns" not in measured.metadata
    return measured.value_s if closed else before_s


class Runner:
    """Carries a plan out into an archive."""

    def __init__(self, archive: Archive, planned: Sequence[Planned], seed: int) -> None:
        self.archive = archive
        self.planned = list(planned)
        self.seed = seed
        self.logs = archive.folder / "logs"
        self.failed: dict[str, str] = {}

    # -- before any timing ---------------------------------------------------------

    def check(self) -> None:
        """Check each planned cell over each planned transport, unless done before."""
        wanted = {}
        for entry in self.planned:
            cell, transport = entry.case.cell, entry.case.transport
            wanted[(cell.id, transport)] = (cell, transport)
        known = {
            (r["cell"], r["transport"]): r for r in self.archive.read(archives.CHECK) or []
        }
        todo = [pair for key, pair in wanted.items() if key not in known]
        with steps("checking cells", len(todo)) as shown:

            def done(result: CheckResult) -> None:
                self._checked(known, result)
                failed = f"FAILED {result.cell} {result.transport}: {result.reason}"
                shown.done("" if result.passed else failed)

            check_all(todo, self.logs / "check", done)
        for entry in self.planned:
            result = known[(entry.case.cell.id, entry.case.transport)]
            if result["reason"]:
                self._give_up(entry, f"not measured: {result['reason']}")

    def _checked(self, known: dict[tuple[str, str], Any], result: CheckResult) -> None:
        known[(result.cell, result.transport)] = asdict(result)
        self.archive.write(archives.CHECK, list(known.values()))

    def _give_up(self, entry: Planned, reason: str) -> None:
        case = entry.case
        if case.id not in self.failed:
            self.failed[case.id] = reason
            if (case.id, PILOT_BLOCK) not in self.archive.finished():
                self.archive.fail(case, PILOT_BLOCK, reason)

    def pilot(self) -> dict[str, dict[str, float]]:
        """Find out how fast each case is; return seconds per message and per trial."""
        known: dict[str, dict[str, float]] = self.archive.read(archives.PILOT) or {}
        for failure in self.archive.failures:
            if failure["block"] == PILOT_BLOCK:
                self.failed.setdefault(failure["case"], failure["reason"])
        todo = [e for e in self.planned if e.case.id not in {*known, *self.failed}]
        with steps("pilots", len(todo)) as shown:
            for entry in todo:
                shown.now(entry.case.id)
                try:
                    cpus_for(entry.case.placement, drives=True)
                    known[entry.case.id] = self._pilot(entry.case)
                except NoMiddleError as error:
                    self._give_up(entry, str(error))
                    shown.done(f"FAILED {entry.case.id}: {error}")
                else:
                    self.archive.write(archives.PILOT, known)
                    shown.done()
        return known

    def _pilot(self, case: Case) -> dict[str, float]:
        """Make a pilot; one that took far longer than its window was disturbed: twice."""
        first = self._pilot_once(case)
        if first["window_s"] < DISTURBED_S:
            return first
        again = self._pilot_once(case)
        return min(first, again, key=lambda pilot: pilot["seconds_per_message"])

    def _pilot_once(self, case: Case) -> dict[str, float]:
        window = QUANTITIES[case.quantity].pilot(case)
        if window is None:
            window = QUANTITIES[case.quantity].window(case, None)
        rng = random.Random(f"{self.seed}:pilot:{case.id}")
        began = time.monotonic()
        trial = run_trial(case, window, self._log_folder(case, PILOT_BLOCK), rng)
        measured = throughput.measure(case, trial)
        window_s = float(measured.metadata["window_s"])
        overhead_s = time.monotonic() - began - window_s - trial.build_s
        if not case.cell.workload.lockstep:  # a pilot of these ends by silence
            overhead_s += (QUIET_S if case.cell.lossy else 0.0) - PILOT_QUIET_S
        self._forget_logs(case, PILOT_BLOCK)
        return {
            "seconds_per_message": float(measured.metadata[throughput.PACE]),
            "overhead_s": overhead_s,
            "build_s_per_message": trial.build_s / window.messages,
            "window_s": window_s,
        }

    # -- timing --------------------------------------------------------------------

    def slots(self) -> list[Slot]:
        done = self.archive.finished()
        return [
            slot
            for slot in schedule(self.planned, self.seed)
            if (slot.planned.case.id, slot.block) not in done
            and slot.planned.case.id not in self.failed
        ]

    def predict_s(self, pilots: dict[str, dict[str, float]]) -> float:
        """Return how long the remaining trials will take, from what the pilots took."""
        total_s = 0.0
        for slot in self.slots():
            case = slot.planned.case
            pilot = pilots[case.id]
            window = QUANTITIES[case.quantity].window(case, pilot["seconds_per_message"])
            if window.interval_s:
                window_s = window.messages * window.interval_s
            else:
                window_s = window.messages * pilot["seconds_per_message"]
            build_s = window.messages * pilot["build_s_per_message"]
            total_s += pilot["overhead_s"] + build_s + window_s
        return total_s

    def measure(self, pilots: dict[str, dict[str, float]]) -> None:
        """Make every trial that has not been made, in the order of the schedule."""
        slots = self.slots()
        pace_s = {case: pilot["seconds_per_message"] for case, pilot in pilots.items()}
        watch = Watch(self.archive)
        with steps("measuring", len(slots)) as shown:
            again: set[Slot] = set()
            for slot in slots:  # grows: a trial that failed is tried once more, at the end
                case = slot.planned.case
                shown.now(f"block {slot.block + 1}, {case.id}")
                try:
                    with watch.of(slot.block):
                        measured = self._trial(slot, pace_s[case.id])
                except NoMiddleError as error:
                    if slot not in again:
                        again.add(slot)
                        slots.append(slot)
                        console.print(f"once more later: {case.id}: {error}", markup=False)
                        continue
                    self.archive.fail(case, slot.block, str(error))
                    shown.done(f"FAILED {case.id}: {error}")
                else:
                    self.archive.add(case, slot.block, slot.position, measured)
                    pace_s[case.id] = _pace_s(measured, pace_s[case.id])
                    shown.done()

    def _trial(self, slot: Slot, seconds_per_message: float) -> Measured:
        case = slot.planned.case
        quantity = QUANTITIES[case.quantity]
        window = quantity.window(case, seconds_per_message)
        trial = run_trial(case, window, self._log_folder(case, slot.block), slot.rng())
        measured: Measured = quantity.measure(case, trial)
        self._forget_logs(case, slot.block)
        measured.metadata["seed"] = self.seed
        measured.metadata |= self._versions(case.cell.stack)
        return measured

    def _versions(self, stack: Stack) -> dict[str, str]:
        found = versions([stack])
        names = [name for name in (*stack.requirements, *NATIVE) if name in found]
        return {f"{name}_version": found[name] for name in names}

    def _log_folder(self, case: Case, block: int) -> Path:
        return self.logs / f"{case.id}.b{block:02d}"

    def _forget_logs(self, case: Case, block: int) -> None:
        """Logs are for failures; those of a trial with a value go."""
        shutil.rmtree(self._log_folder(case, block), ignore_errors=True)

    def sizes(self) -> None:
        """Add the code size of every planned cell, unless done before."""
        cells = {entry.case.cell.id: entry.case.cell for entry in self.planned}
        for cell in cells.values():
            if cell.is_floor:
                continue
            suite = self.archive.suites.get(f"{cell.stack.name}.{cell.variant.name}")
            known = suite.get_benchmark_names() if suite else []
            try:
                counted = size(cell.path, cell.search)
            except NoMiddleError:
                continue  # it did not pass `check` either, which says why
            for name, unit, value in (
                ("statements", "integer", counted.statements),
                ("tokens", "integer", counted.tokens),
                ("gzip", "byte", counted.gzip_bytes),
            ):
                full_name = f"{cell.workload.name}.size.{name}.{cell.language}"
                if full_name in known:
                    continue
                metadata = {
                    "name": full_name,
                    "unit": unit,
                    "case": cell.id,
                    "cell": cell.id,
                    "block": 0,
                    "files": ",".join(path.name for path in counted.files),
                }
                self.archive.add_run(cell.stack.name, cell.variant.name, [value], metadata)


def make_run(archive: Archive, planned: Sequence[Planned], seed: int) -> bool:
    """Carry a plan out; return whether every case got all its values.

    Raises NotMeasurable where nothing can be measured here at all.
    """
    require_linux()
    runner = Runner(archive, planned, seed)
    runner.check()
    pilots = runner.pilot()
    if not pilots:
        raise NotMeasurable("not one case could be measured: see the reasons above")
    predicted_s = runner.predict_s(pilots)
    trials = len(runner.slots())
    console.print(f"{trials} trials, about {predicted_s / 60:.1f} minutes (seed {seed})")
    began = time.monotonic()
    runner.measure(pilots)
    took_s = time.monotonic() - began
    runner.sizes()
    shutil.rmtree(runner.logs / "check", ignore_errors=True)
    timing = archive.read(archives.TIMING) or []
    timing.append({"trials": trials, "predicted_s": predicted_s, "took_s": took_s})
    archive.write(archives.TIMING, timing)
    archive.seal()
    console.print(
        f"measured in {took_s / 60:.1f} minutes (predicted {predicted_s / 60:.1f})"
    )
    return not archive.failures
