"""Check that a program keeps the promises in its ``stack.toml``, by trials that can fail.

Promises decide which programs are compared (``bench.contract.alike``), so each is tested:

loses, acknowledges   freeze the consumers: the driver continues or waits
batches               send short bursts, and count the TCP segments of the driver
concurrent            two clients ask, and each handle waits for another one
encrypts              a stranger with keys of its own joins, and must get and give nothing

All trials are over TCP, where each role is a process; a promise holds for every transport.
The project's programs are far from the bounds on both sides.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench.contract.model import ENCRYPTS, Case, Cell
from bench.trial.keys import make_strangers_keys
from bench.trial.process_group import ProcessGroup
from bench.trial.processes import host_program
from bench.trial.record import TrialRecord, Window
from bench.trial.scenario import Scenario, judge
from bench.trial.scratch import scratch_folder
from bench.trial.segments import are_counted, data_segments_from
from bench.trial.trial import READY_S, Trial, run_trial

SMALL_BYTES = 64
STALLED_BYTES = 16 * 1024
STALLED_MESSAGES = 3000
"""48 MiB: more than the kernel's buffers and every queue of a lossless program hold."""
STALLED_TASKS = 300
HANDED_OUT_MAX = 20
"""How many requested tasks two workers may hold that have answered none."""
STALLED_S = 3.0
"""How long a driver may take to give its stream while no consumer reads, in seconds."""
WAITS_S = 0.7
"""A driver that has given nothing for so many seconds waits for its consumers."""
BURST = 8
"""Fewer than the ten segments that TCP may send unasked, so that the kernel joins none."""
BURSTS = 60
BURST_INTERVAL_S = 0.01
ONE_EACH_MIN, JOINED_MAX = 0.8, 0.6
"""Segments for each message: 1.00 to 1.97 without batching, 0.13 to 0.45 with it; on two
CPUs with 78 programs waiting for them, 0.79 to 1.02 and 0.06 to 0.66."""
TRIALS_MAX = 3
"""A busy machine can join or split segments of a program, but not in every trial."""
LOOK_S = 0.02
TOGETHER_S = 0.25
ROUND_TRIPS = 3
STRANGER = 99
"""The number of a role that no trial has."""
STRANGER_S = 1.0
"""How long a stranger may try alone; it also stays while the others are served."""
SERVED_MESSAGES = 60
HANDLE_S = 0.001
"""A handle that waits for another one counts that it was called."""

Probe = Callable[[Cell, Path], str]


def broken_promise(cell: Cell, logs: Path) -> str:
    """Return a sentence that names a broken promise, or an empty string.

    Raises TrialError if a role fails.
    """
    for probe in _probes(cell):
        if reason := probe(cell, logs):
            return reason
    return ""


def _probes(cell: Cell) -> Iterator[Probe]:
    if ENCRYPTS in cell.promise:
        yield _encrypts
    if cell.workload.lockstep:
        yield _concurrent
        return
    yield _waits
    if are_counted():  # a kernel that does not count is no fault of a program
        yield _batches


def _words(cell: Cell, promise: str) -> str:
    if promise in cell.promise:
        return f'it promises "{promise}" in stack.toml'
    return f'it does not promise "{promise}" in stack.toml'


# -- loses, acknowledges ---------------------------------------------------------------


def _waits(cell: Cell, logs: Path) -> str:
    """Freeze the consumers, and find out if the driver continues to give messages."""
    fans_out = cell.workload.name == "fan_out"
    count = STALLED_MESSAGES if fans_out else STALLED_TASKS
    size_bytes = STALLED_BYTES if fans_out else SMALL_BYTES
    window = Window(count, 10, stamp_each=True, sizes_bytes=(size_bytes,))
    instances = 1 if fans_out else 2
    case = Case(cell, "throughput", "tcp", SMALL_BYTES, instances, "free")
    thawed_ns: list[int] = []

    def measure(trial: Trial) -> None:
        # The role with several processes is the first to receive from the driver.
        frozen = [h for h in trial.hosts if h.name.startswith(cell.workload.repeated)]
        for host in frozen:
            host.signal_group(signal.SIGSTOP)
        try:
            trial.open_window()
            expected = cell.lossy or not (fans_out or "acknowledges" in cell.promise)
            trial.give_for(STALLED_S if expected else WAITS_S)
            thawed_ns.append(time.perf_counter_ns())
        finally:
            for host in frozen:
                host.signal_group(signal.SIGCONT)
        trial.await_end()

    trial = run_trial(case, window, logs, random.Random(), measure=measure)
    given = _given_before(trial, thawed_ns[0])
    if cell.lossy and given < count:
        return (
            f"{_words(cell, 'loses')}, but waits for a subscriber that stopped reading: "
            f"it gave {given} of {count} messages in {STALLED_S:g} s"
        )
    if not fans_out:
        asks = given <= HANDED_OUT_MAX
        if asks != ("acknowledges" in cell.promise):
            return (
                f"{_words(cell, 'acknowledges')}, but handed out {given} of {count} tasks "
                "to two workers that had answered none"
            )
    scenario = Scenario("stalled", window, instances, may_lose=cell.lossy)
    reason, _ = judge(case, scenario, trial)
    return f"{_words(cell, 'loses')}, but after a stall {reason}" if reason else ""


def _given_before(trial: TrialRecord, moment_ns: int) -> int:
    """Return how many messages the driver had given until a moment."""
    stamps = (r.given_ns for r in trial.roles.values() if r.given_ns is not None)
    return sum(int((given_ns < moment_ns).sum()) for given_ns in stamps)


# -- batches ---------------------------------------------------------------------------


def _batches(cell: Cell, logs: Path) -> str:
    """Count the segments of bursts, in several trials if necessary."""
    promised = "batches" in cell.promise
    for _ in range(TRIALS_MAX):
        found = _segments_for_each(cell, logs)
        if found <= JOINED_MAX if promised else found >= ONE_EACH_MIN:
            return ""
    return (
        f"{_words(cell, 'batches')}, but bursts of {BURST} messages leave as {found:.2f} "
        "segments for each message"
    )


def _segments_for_each(cell: Cell, logs: Path) -> float:
    count = BURST * BURSTS
    window = Window(count, 10, BURST_INTERVAL_S, burst=BURST, sizes_bytes=(SMALL_BYTES,))
    case = Case(cell, "throughput", "tcp", SMALL_BYTES, 1, "free")
    most = 0

    def measure(trial: Trial) -> None:
        port = urlsplit(trial.bound[cell.workload.driver.binds[0]]).port
        assert port
        before = data_segments_from(port)
        over = threading.Event()

        def look() -> None:  # a connection that is closed at the end has no counts
            nonlocal most
            while not over.wait(LOOK_S):
                most = max(most, data_segments_from(port) - before)

        looking = threading.Thread(target=look)
        looking.start()
        try:
            trial.measure()
        finally:
            over.set()
            looking.join()

    run_trial(case, window, logs, random.Random(), measure=measure)
    return most / count


# -- concurrent ------------------------------------------------------------------------


def _concurrent(cell: Cell, logs: Path) -> str:
    """Have two clients ask, and find out if two handles ever work at the same time."""
    window = Window(ROUND_TRIPS, 2, together_s=TOGETHER_S, sizes_bytes=(SMALL_BYTES,))
    case = Case(cell, "throughput", "tcp", SMALL_BYTES, 2, "free")
    trial = run_trial(case, window, logs, random.Random())
    most = max(role.counts.get("most_at_once", 0) for role in trial.roles.values())
    if (most > 1) != ("concurrent" in cell.promise):
        found = "handles two requests at a time" if most > 1 else "handles one at a time"
        return f"{_words(cell, 'concurrent')}, but {found}"
    return ""


# -- encrypts --------------------------------------------------------------------------


def _encrypts(cell: Cell, logs: Path) -> str:
    """Let a stranger join as a client, subscriber or worker, and serve the others."""
    window = Window(SERVED_MESSAGES, 2, sizes_bytes=(SMALL_BYTES,))
    case = Case(cell, "throughput", "tcp", SMALL_BYTES, 1, "free")
    received = False

    def measure(trial: Trial) -> None:
        nonlocal received
        with scratch_folder() as folder:
            make_strangers_keys(cell.variant.security, folder, trial.folder)
            group = ProcessGroup(folder, forgives=lambda: True)  # it may fail as it likes
            try:
                _join_alone(trial, group, folder)
                trial.measure()
                received = _has_received(group)
            finally:
                group.close()

    trial = run_trial(case, window, logs, random.Random(), measure=measure)
    promised = f'its security in stack.toml is "{cell.variant.security}"'
    if received:
        return f"{promised}, but a stranger without its keys received messages"
    reason, _ = judge(case, Scenario("stranger", window, 1), trial)
    return f"{promised}, but beside a stranger without its keys {reason}" if reason else ""


def _join_alone(trial: Trial, group: ProcessGroup, folder: Path) -> None:
    """Start the role that connects once more, with the keys of a folder; let it try."""
    role = next(role for role in trial.workload.roles if role.connects)
    spec = trial.host_spec(trial.case.cell, [trial.role_spec(role, STRANGER)])
    program = host_program(trial.case.cell)
    spec = spec._replace(folder=str(folder), together_s=HANDLE_S)
    group.spawn("stranger", spec, program)
    group.wait_until(group.all_ready, READY_S)
    group.tell_roles("go", [spec.roles[0].id])
    group.hear_for(STRANGER_S)


def _has_received(group: ProcessGroup) -> bool:
    """End a stranger; say whether its role has yielded or handled a message."""
    progress = group.progress
    group.end()
    group.wait_until(lambda: bool(progress.results), READY_S)
    results = [each for left in progress.results.values() for each in left["results"]]
    counts = (each["most_at_once"] + each.get("count", 0) for each in results)
    return bool(progress.seen) or any(counts)
