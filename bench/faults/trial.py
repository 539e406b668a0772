"""One trial with a fault: it happens to a running service, and recovery is timed.

Roles start and join as in any trial. Then messages are offered on a fixed schedule, and the
fault happens at a random moment of it. The trial ends when traffic has recovered, or at its
time limit. Hosts are killed at the end; their ledgers hold what they did.
"""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from pathlib import Path

from bench.contract.model import APART, Case
from bench.errors import NotMeasurable
from bench.faults.fault import Fault
from bench.faults.fault_trial import FaultTrial
from bench.faults.history import REPLY_S, FailureRecord, Fate
from bench.faults.ledger_page import NEVER_NS
from bench.faults.network.hosts import Network
from bench.faults.processes import JOIN_S, LOOK_S
from bench.faults.trial_network import FAR, NEAR
from bench.trial.ceilings import blames_ceilings
from bench.trial.scratch import scratch_folder
from bench.trial.specs import pairs_to_see

STEADY_S = 0.8
"""How long messages flow before the fault."""
PHASE_S = 0.3
"""The fault comes at a random moment within this time: it must not be in step."""
STARTING = ((True, False), (True, True), (False, True), (False, False))
"""In which order roles start: whether they bind, and whether they drive."""


@blames_ceilings
def run_failure(case: Case, fault: Fault, logs: Path, rng: random.Random) -> FailureRecord:
    """Run one trial with a fault in fresh processes, in a network of its own.

    Raises TrialError when the trial did not get as far as its fault, NotMeasurable where
    the machine does not permit what the fault needs; nothing of it lives on either way.
    """
    began = time.monotonic()
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        network = None if case.placement == APART else _network(fault, stack)
        trial = FaultTrial(case, fault, folder, logs, rng, network)
        stack.callback(trial.close)
        record = _run(trial, fault)
    record.total_s = time.monotonic() - began
    return record


def _network(fault: Fault, stack: ExitStack) -> Network | None:
    """Return a network for one trial: two hosts if the fault is of a link, else one.

    Without a link a namespace only keeps trials apart that go on side by side, so that a
    machine that permits none does without, unless something could get out.
    """
    if fault.setup.link:
        return stack.enter_context(Network(NEAR, FAR))
    try:
        return stack.enter_context(Network(NEAR))
    except NotMeasurable:
        if fault.setup.isolated:
            raise
        return None


def _run(trial: FaultTrial, fault: Fault) -> FailureRecord:
    """Let messages flow, inject the fault, and watch until it is over."""
    participants, schedule = trial.participants, trial.schedule
    _start(trial)
    joined = _join(trial)
    _begin(trial)
    if any(participant.started for participant in participants.values()):
        trial.wait(STEADY_S + trial.rng.uniform(0, PHASE_S))
    trial.calm_ns = time.perf_counter_ns()
    if joined:
        trial.refresh()
        started = [name for name in participants.consumers if participants[name].started]
        trial.ledgers.require_service(started, trial.calm_ns, schedule.owed_from_ns)
    fault.inject(trial)
    witnesses = [name for name in participants.consumers if name not in trial.affected]
    trial.wait_until(lambda: trial.has_recovered(witnesses), fault.watch_s)
    schedule.stop_ns = schedule.stop_ns or time.perf_counter_ns()
    for name, participant in participants.items():
        if participant.started and trial.processes.is_there(name):
            trial.processes.tell(name, "stop", stop_ns=schedule.stop_ns)
    _drain(trial)
    for name in participants.service:
        trial.group.note_peak(trial.processes.of(name))
    return _record(trial)


def _start(trial: FaultTrial) -> None:
    """Start every process, and every role that the fault does not start itself."""
    if trial.setup.relayed:
        trial.network.start_relays(seed=trial.rng.getrandbits(32))
    trial.start_database()
    trial.processes.start()
    late = trial.participants.late
    for kind in STARTING:
        for name, participant in trial.participants.items():
            role = participant.role
            if kind == (bool(role.binds), role.drives) and name not in late:
                trial.start(name)


def _join(trial: FaultTrial) -> bool:
    """Wait until each started process has been seen by its peers, and warm up. Return
    whether that was possible: if all of a role are late, nothing can flow yet.
    """
    participants, progress = trial.participants, trial.group.progress
    late = participants.late
    roles = trial.workload.roles
    if any(set(participants.named([role.name])) <= late for role in roles):
        return False
    there = {name: each for name, each in participants.items() if name not in late}
    clients = {name for name in participants.consumers if name in there}
    peers = {each.signature for each in there.values() if each.role.handles}
    awaited = pairs_to_see(clients, peers)

    def joined() -> bool:
        if not trial.setup.counts:
            return progress.seen >= awaited
        # The middle decides which client meets which server: each has to be met once.
        seen = list(zip(*progress.seen, strict=True))
        return bool(seen) and {*seen[0]} >= clients and {*seen[1]} >= peers

    expect = trial.processes.expect
    expect("not every peer was seen", JOIN_S, joined)
    for name in there:
        trial.processes.tell(name, "warm")
    drivers = {name for name in participants.drivers if name in there}
    expect("warm-up did not end", JOIN_S, lambda: progress.warmed >= drivers)
    return True


def _begin(trial: FaultTrial) -> None:
    """Offer messages from now on. Until a late driver starts, its messages are due to no
    consumer.
    """
    late, owed_from_ns = trial.participants.late, trial.schedule.owed_from_ns
    trial.schedule.begin()
    for name in trial.participants.drivers:
        if name not in late:
            trial.begin(name)
        else:
            owed_from_ns.update(dict.fromkeys(trial.consumers_new_with(name), NEVER_NS))


def _drain(trial: FaultTrial) -> None:
    """Wait until everything offered has an outcome, or its time is over. A driver that
    waits for each reply gets no further message, and time for the last one.
    """
    drain_s = trial.setup.drain_s
    drained = trial.wait_until(lambda: trial.none_is(Fate.SILENT, Fate.HELD), drain_s)
    if not drained and trial.workload.lockstep:
        for name in trial.participants.drivers:
            if trial.processes.is_there(name):
                trial.processes.tell(name, "cease")
        trial.wait_until(lambda: trial.none_is(Fate.SILENT), min(REPLY_S, drain_s))
    trial.group.hear(2 * LOOK_S)  # is there one too many?


def _record(trial: FaultTrial) -> FailureRecord:
    trial.refresh()
    record = trial.ledgers.record(
        trial.calm_ns,
        trial.fault_ns,
        trial.struck_ns,
        trial.healed_ns,
        trial.schedule.stop_ns,
        trial.schedule.owed_from_ns,
        trial.affected,
    )
    record.breaches, record.remarks = trial.breaches, trial.remarks
    for name in [*record.handled_ns]:
        if not trial.participants[name].role.handles:  # a proxy
            del record.handled_ns[name]
    record.peaks_bytes = trial.group.peaks_bytes
    return record
