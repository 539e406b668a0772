"""Conformance: a cell keeps its workload's contract, or it is not timed.

Every scenario is a trial like the timed ones, in the same hosts, with real peers. There are
three differences. Messages have awkward sizes and every byte value, and there are thousands
of them. The handle returns the complement, so that a reply depends on its request. Every
message is checked.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

from bench.contract.model import APART, DIRECT, SLIDE, Case, Cell
from bench.errors import NoMiddleError, NotMeasurable
from bench.trial.build import build
from bench.trial.interop import Mixture, mixtures
from bench.trial.kept_checks import Kept, KeptChecks, depends_on, harness_digest
from bench.trial.limits import broken_limit
from bench.trial.processes import kill_all
from bench.trial.promises import broken_promise
from bench.trial.record import TrialRecord, Window
from bench.trial.relay import Relay
from bench.trial.requirements import needs
from bench.trial.scenario import Scenario, judge
from bench.trial.scratch import scratch_folder
from bench.trial.trial import run_trial

AWKWARD_BYTES = (0, 1, 2, 31, 32, 33, 255, 256, 1000, 4096, 65535, 65536, 65537, 524288)
SMALL_BYTES = 64
THOUSANDS = 3000
"""Well above ZeroMQ's high-water mark of 1000."""
ROUND_TRIPS = 700
DRIBBLED_BYTES = (0, 1, 33, 64, 10, 300, 256)
DRIBBLED = 21
GLUED = 300
GLUED_ROUND_TRIPS = 28
PACED_S = 0.0005
AT_ONCE = 4
"""How many checks run at a time: they mostly wait for silence or for a full queue."""


Step = Callable[[Path], tuple[str, int]]
"""Runs a trial with its logs in a folder; returns why it failed, or '', and its losses."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one program over one transport; ``reason`` is empty when it passed.

    ``made`` is the moment in UTC at which it was checked, empty if it was skipped.
    ``first_failure`` is why it failed beside other checks, empty if it did not.
    """

    cell: str
    transport: str
    reason: str
    skipped: bool = False
    losses: int = 0
    made: str = ""
    first_failure: str = ""

    @property
    def passed(self) -> bool:
        return not self.reason


def _sizes(messages: int) -> tuple[int, ...]:
    """Return the sizes of a stream in bytes: awkward sizes first, then small ones."""
    return AWKWARD_BYTES + (SMALL_BYTES,) * (messages - len(AWKWARD_BYTES))


def scenarios(cell: Cell, transport: str) -> Iterator[Scenario]:
    """Yield the scenarios that a cell must pass over a transport."""
    lockstep = cell.workload.lockstep
    many = ROUND_TRIPS if lockstep else THOUSANDS
    instances = 1 if transport == DIRECT else 3
    pace_s = PACED_S if cell.lossy else None
    sizes = _sizes(many)
    yield Scenario(
        "all sizes, many, several at once",
        Window(many, 10, pace_s, bool(pace_s), sizes_bytes=sizes),
        instances,
    )
    if cell.lossy:
        blast = Window(THOUSANDS, 10, sizes_bytes=(SMALL_BYTES,))
        yield Scenario("blast", blast, instances, may_lose=True)
    if transport != "tcp":
        return
    dribble = Window(DRIBBLED, 3, pace_s, bool(pace_s), sizes_bytes=DRIBBLED_BYTES)
    yield Scenario("one byte at a time", dribble, 1, relay="one_byte")
    glued = GLUED_ROUND_TRIPS if lockstep else GLUED
    together = Window(
        glued, 10, pace_s, bool(pace_s), sizes_bytes=(*DRIBBLED_BYTES, SMALL_BYTES)
    )
    yield Scenario("several in one segment", together, 2, relay="glued")


def _run(
    cell: Cell,
    transport: str,
    scenario: Scenario,
    mixture: Mixture,
    logs: Path,
    placement: str = "free",
) -> tuple[str, int]:
    case = Case(cell, "throughput", transport, SMALL_BYTES, scenario.instances, placement)
    rng = random.Random()

    def trial(relay: Relay | None) -> TrialRecord:
        return run_trial(case, scenario.window, logs, rng, relay, mixture.played_by)

    if scenario.relay is None:
        return judge(case, scenario, trial(None))
    with scratch_folder() as folder:
        relay = Relay(scenario.relay, transport, folder, rng)
        try:
            return judge(case, scenario, trial(relay))
        finally:
            relay.close()


def check(
    cell: Cell, transport: str, logs: Path, stop: threading.Event | None = None
) -> CheckResult:
    """Run every scenario of a cell over one transport; the first failure ends the check.

    A program in C is built if necessary. It also runs each scenario with the program in
    Python.

    ``stop`` ends the check before its next scenario, if the result is no longer wanted.
    """
    return _impossible(cell, transport) or _try(
        cell, transport, logs, _steps(cell, transport), stop
    )


def check_apart(cell: Cell, logs: Path) -> CheckResult:
    """Run the scenarios of a cell with its driver and peers on the hosts of a run.

    Scenarios with a relay are left out: it is on one machine. Raises NotMeasurable where no
    hosts are known.
    """
    if impossible := _impossible(cell, "tcp"):
        return impossible
    direct = [each for each in scenarios(cell, "tcp") if not each.relay]
    steps = (
        (each.name, partial(_run, cell, "tcp", each, Mixture(), placement=APART))
        for each in direct
    )
    return _try(cell, "tcp", logs, steps)


def _impossible(cell: Cell, transport: str) -> CheckResult | None:
    """Return why a cell cannot run here; None if it can, and is built where it is in C."""
    if reason := needs(cell):
        return CheckResult(cell.timed_id, transport, reason, skipped=True)
    if cell.language == "c":
        try:
            build(cell)
        except NoMiddleError as error:
            return CheckResult(cell.timed_id, transport, str(error))
    return None


def _try(
    cell: Cell,
    transport: str,
    logs: Path,
    steps: Iterable[tuple[str, Step]],
    stop: threading.Event | None = None,
) -> CheckResult:
    losses = 0
    for number, (title, trial) in enumerate(steps):
        if stop and stop.is_set():
            return CheckResult(cell.timed_id, transport, "interrupted", skipped=True)
        name = cell.timed_id.replace("/", ".").replace(" ", "_")
        folder = logs / f"{name}.{transport}.{number}"
        try:
            reason, lost = trial(folder)
        except NotMeasurable as error:
            return CheckResult(cell.timed_id, transport, str(error), skipped=True)
        except NoMiddleError as error:
            reason, lost = f"{error}\n  logs: {folder}", 0
        losses += lost
        if reason:
            said = f"{title}: {reason}"
            return CheckResult(cell.timed_id, transport, said, losses=losses)
    return CheckResult(cell.timed_id, transport, "", losses=losses)


def _steps(cell: Cell, transport: str) -> Iterator[tuple[str, Step]]:
    """Yield the steps that a cell must pass over a transport, each with its name."""
    for mixture, scenario in product(mixtures(cell), scenarios(cell, transport)):
        yield f"{scenario.name}{mixture.name}", _in_turn(cell, transport, scenario, mixture)
    if cell.sanitized or cell.variant.name == SLIDE:
        return  # a look at memory, and a program that is shown and never timed
    yield "size limit", lambda logs: (broken_limit(cell, transport, logs), 0)
    if transport == "tcp" and not cell.is_floor:
        yield "promise", lambda logs: (broken_promise(cell, logs), 0)


def _in_turn(cell: Cell, transport: str, scenario: Scenario, mixture: Mixture) -> Step:
    def run(logs: Path) -> tuple[str, int]:
        reason, lost = _run(cell, transport, scenario, mixture, logs)
        return reason, 0 if mixture.played_by else lost

    return run


def _check_once(
    cell: Cell, transport: str, logs: Path, stop: threading.Event, kept: KeptChecks
) -> CheckResult:
    """Return the kept result of a check, or check a cell and keep that it passed."""
    if impossible := _impossible(cell, transport):
        return impossible
    causes = kept.depends_on(cell, transport)
    if found := kept.find(causes):
        return CheckResult(cell.timed_id, transport, "", False, found.losses, found.made)
    result = _try(cell, transport, logs, _steps(cell, transport), stop)
    if result.skipped:
        return result
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if result.passed and causes == depends_on(cell, transport, harness_digest()):
        kept.keep(causes, Kept(made, result.losses))
    return replace(result, made=made)


def check_all(
    wanted: Sequence[tuple[Cell, str]],
    logs: Path,
    done: Callable[[CheckResult], None],
    kept: KeptChecks,
) -> list[CheckResult]:
    """Check cells over transports, several at a time, unless ``kept`` has the result.

    A check that fails beside others is made once more, alone and after the others: other
    work can stop a program for longer than it has time. Nothing here is timed.
    """
    stop = threading.Event()
    results: dict[int, CheckResult] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(_check_once, *pair, logs, stop, kept) for pair in wanted]
        try:
            for number, future in enumerate(futures):
                results[number] = future.result()
                if not _failed(results[number]):
                    done(results[number])
            for number in [n for n, result in results.items() if _failed(result)]:
                first = results[number].reason
                again = _check_once(*wanted[number], logs / "again", stop, kept)
                results[number] = replace(again, first_failure=first)
                done(results[number])
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            kill_all()
            raise
    return list(results.values())


def _failed(result: CheckResult) -> bool:
    return not (result.passed or result.skipped)
