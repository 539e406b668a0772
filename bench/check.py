"""Conformance: a cell keeps its workload's contract, or it is not timed.

Every scenario is a trial like the timed ones, in the same hosts, with real peers; only
the messages differ (awkward sizes, every byte value, thousands of them), the handle
(a complement, so that a reply depends on its request) and the checks (every message).
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from bench import message as msg
from bench.build import build
from bench.castings import Casting, castings
from bench.contract import DIRECT, SLIDE, Case, Cell
from bench.errors import NoMiddleError, NotMeasurable
from bench.measure.measured import consumed
from bench.needs import needs
from bench.processes import kill_all
from bench.records import RoleRecord, TrialRecord, Window
from bench.relay import Relay
from bench.scratch import scratch_folder
from bench.tally import NOTHING, tally
from bench.trial import run_trial

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
AT_ONCE = 2


@dataclass(frozen=True)
class Scenario:
    """One conformance trial: what is sent, to how many, through what."""

    name: str
    window: Window
    instances: int
    relay: str | None = None
    may_lose: bool = False


@dataclass(frozen=True)
class CheckResult:
    """What became of one cell over one transport; ``reason`` is empty when it passed."""

    cell: str
    transport: str
    reason: str
    skipped: bool = False
    losses: int = 0

    @property
    def passed(self) -> bool:
        return not self.reason


def _sizes(messages: int) -> tuple[int, ...]:
    """Return awkward sizes first, then small ones: all in one stream."""
    return AWKWARD_BYTES + (SMALL_BYTES,) * (messages - len(AWKWARD_BYTES))


def scenarios(cell: Cell, transport: str) -> Iterator[Scenario]:
    """Yield what a cell must pass over a transport."""
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


def _bare_expected(window: Window) -> Counter[str]:
    sizes = window.sizes_bytes
    bare = (
        msg.build(0, number, msg.WINDOW_EPOCH, sizes[number % len(sizes)]).hex()
        for number in range(window.messages)
        if sizes[number % len(sizes)] < msg.SMALLEST_WITH_HEADER
    )
    return Counter(bare)


def _faults(
    case: Case, window: Window, consumer: RoleRecord, driver: RoleRecord
) -> tuple[dict[str, int], str]:
    """Return the counts of each kind of fault at one consumer, and an example."""
    assert consumer.heads is not None
    given = driver.counts["given"]
    sender = int(driver.id.rsplit(".", 1)[1])
    heads = consumer.heads
    total = NOTHING + tally(heads["sender"], heads["sequence"], sender, given)
    expected, got = _bare_expected(window), Counter(consumer.counts["bare"])
    in_lockstep = case.cell.workload.lockstep
    bare_lost = 0 if in_lockstep else (expected - got).total()
    with_header_lost = total.lost - expected.total()
    if in_lockstep:
        with_header_lost = given - consumer.counts["count"]
    return {
        "lost": max(0, with_header_lost + bare_lost),
        "wrong": consumer.counts["wrong"] + total.unexpected,
        "duplicated": total.duplicated + (got - expected).total(),
        "reordered": total.reordered if case.cell.workload.ordered else 0,
        "not given": window.messages - given,
    }, "; ".join(consumer.counts["wrong_first"])


def judge(case: Case, scenario: Scenario, trial: TrialRecord) -> tuple[str, int]:
    """Return why a scenario failed (empty: it passed) and how many losses it counted."""
    losses = 0
    for record in trial.roles.values():
        unclean = record.counts.get("unclean")
        if unclean and case.cell.variant.name != SLIDE:
            return f"{record.id} {unclean}", losses
    for consumer, driver in consumed(case, trial):
        faults, example = _faults(case, scenario.window, consumer, driver)
        losses += faults["lost"]
        if scenario.may_lose:
            faults["lost"] = 0
            if not consumer.counts["count"]:
                return f"{consumer.id} received nothing at all", losses
        if any(faults.values()):
            what = ", ".join(
                f"{number} {name}" for name, number in faults.items() if number
            )
            reason = f"{consumer.id}: {what} of {scenario.window.messages} messages"
            return reason + (f" ({example})" if example else ""), losses
    return "", losses


def _run(
    cell: Cell, transport: str, scenario: Scenario, casting: Casting, logs: Path
) -> tuple[str, int]:
    case = Case(cell, "throughput", transport, SMALL_BYTES, scenario.instances, "free")
    rng = random.Random()

    def trial(relay: Relay | None) -> TrialRecord:
        return run_trial(case, scenario.window, logs, rng, relay, casting.played_by)

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
    """Run every scenario of a cell over one transport; the first failure ends it.

    One in C is built if need be, and runs each scenario with its twin in Python as well.

    ``stop`` ends it too, before its next scenario: whoever set it wants no result.
    """
    if reason := needs(cell):
        return CheckResult(cell.id, transport, reason, skipped=True)
    if cell.language == "c":
        try:
            build(cell)
        except NoMiddleError as error:
            return CheckResult(cell.id, transport, str(error))
    losses = 0
    trials = product(castings(cell), scenarios(cell, transport))
    for number, (casting, scenario) in enumerate(trials):
        if stop and stop.is_set():
            return CheckResult(cell.id, transport, "interrupted", skipped=True)
        folder = logs / f"{cell.id.replace('/', '.')}.{transport}.{number}"
        try:
            reason, lost = _run(cell, transport, scenario, casting, folder)
        except NotMeasurable as error:
            return CheckResult(cell.id, transport, str(error), skipped=True)
        except NoMiddleError as error:
            reason, lost = f"{error}\n  logs: {folder}", 0
        losses += 0 if casting.played_by else lost
        if reason:
            return CheckResult(
                cell.id,
                transport,
                f"{scenario.name}{casting.name}: {reason}",
                losses=losses,
            )
    return CheckResult(cell.id, transport, "", losses=losses)


def check_all(
    wanted: Sequence[tuple[Cell, str]],
    logs: Path,
    done: Callable[[CheckResult], None],
) -> list[CheckResult]:
    """Check cells over transports, two at a time; nothing here is timed."""
    stop = threading.Event()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(check, *pair, logs, stop) for pair in wanted]
        results = []
        try:
            for future in futures:
                results.append(future.result())
                done(results[-1])
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            kill_all()
            raise
    return results
