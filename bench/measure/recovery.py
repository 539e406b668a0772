"""Recovery: what a fault costs, from its moment until everything flows again.

Messages are offered all the while, on a grid of moments that knows nothing of the fault: a
client that waited would hide the outage it is in (Hauer et al., NSDI 2020). The value is
the outage in seconds: from the fault to the first message offered after it that gets
through, at the consumer that waits longest. A trial that never gets there has its time of
watching as its value, is marked censored, and is counted, never dropped.

The measures follow Brown and Patterson (USENIX 2000) and Vieira and Madeira (VLDB 2003);
what became of the messages is told apart as Jepsen does (``bench.faults.history``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.contract.model import Case
from bench.faults.all_faults import all_faults
from bench.faults.breach import Breach, BreachKind, counted, write
from bench.faults.fault import Fault
from bench.faults.history import (
    BESIDE,
    CLASSES,
    REPLY_S,
    Beside,
    FailureRecord,
    Fate,
    Line,
)
from bench.faults.trial import run_failure
from bench.measure.common import Measured, Metadata, Sizing

MEMORY_MAX_BYTES = 128 << 20
"""The memory of one process for messages: 64 MiB to send again, and as much in queues."""
USUAL_S = 4.3
"""The time of a trial beside its fault, on two cores with eight under way: hosts start, run
undisturbed, recover, and write down what happened. Longer where nothing recovers."""
NEVER_ARRIVED_NS = np.iinfo(np.int64).min
"""The time of arrival of a message that never came, in the samples of a run."""


class ContractVerdict(StrEnum):
    """How a program kept its contract in a trial, the best first."""

    KEPT = "kept"
    REPORTED = "reported"
    BROKEN = "broken"


KEPT, REPORTED, BROKEN = VERDICTS = tuple(ContractVerdict)


class Told(StrEnum):
    """Whether the application got a report of a failure, from best to worst."""

    NOTHING_TO_TELL = "nothing to tell"
    YES = "yes"
    NO = "no"
    WRONGLY = "wrongly"


@dataclass(frozen=True)
class Recovery:
    """The times of a trial with a fault in seconds; None if the event never happened.

    ``outage_s`` and ``reconnect_s`` count from the fault, and from its healing, to the
    first message due after the fault that got through; ``settle_s`` from healing to the
    message with which service was back. ``missed`` were not in time, of ``offered``: those
    that were due after the fault, or had not arrived when it came.
    """

    outage_s: float | None
    reconnect_s: float | None
    settle_s: float | None
    missed: int
    offered: int


def _first_s(line: Line, struck_ns: int, from_ns: int) -> float | None:
    through = (line.intended_ns > struck_ns) & (line.arrived_ns > 0)
    if not through.any():
        return None
    return max(0.0, (int(line.arrived_ns[through].min()) - from_ns) / 1e9)


def _settle_s(line: Line, record: FailureRecord) -> float | None:
    back_ns = line.back_ns(record.interval_ns, record.calm_ns, record.healed_ns)
    return None if back_ns is None else (back_ns - record.healed_ns) / 1e9


def recovery(record: FailureRecord) -> Recovery:
    """Return the times of a trial, without the consumers that caused the fault. The slowest
    counts: a service is back when every consumer has it back.
    """
    lines = [line for line in record.lines if line.consumer not in record.affected]
    struck_ns = record.struck_ns
    outage = [_first_s(li, struck_ns, record.fault_ns) for li in lines]
    reconnect = [_first_s(li, struck_ns, record.healed_ns) for li in lines]
    settle = [_settle_s(li, record) for li in lines]
    after = [
        (li.arrived_ns == 0) | (np.maximum(li.arrived_ns, li.intended_ns) > record.fault_ns)
        for li in lines
    ]
    return Recovery(
        _worst(outage),
        _worst(reconnect),
        _worst(settle),
        missed=sum(
            int((~li.in_time[now]).sum()) for li, now in zip(lines, after, strict=True)
        ),
        offered=sum(int(now.sum()) for now in after),
    )


def availability(record: FailureRecord, fault: Fault) -> float:
    """Return the share of what is due within a time that comes in time.

    The time is the fault's, and the same for all: what would have been due after a trial
    that recovered had ended counts as in time.
    """
    lines = [line for line in record.lines if line.consumer not in record.affected]
    until_ns = record.healed_ns + int(fault.watch_s * 1e9)
    offered = len(lines) * (until_ns - record.fault_ns) / record.interval_ns
    missed = sum(
        int(((li.intended_ns > record.fault_ns) & ~li.in_time).sum()) for li in lines
    )
    return max(0.0, 1 - missed / offered) if offered else 0.0


def _worst(times_s: list[float | None]) -> float | None:
    known = [time_s for time_s in times_s if time_s is not None]
    return max(known) if known and len(known) == len(times_s) else None


def told(record: FailureRecord, recovered: bool) -> Told:
    """Say whether the application was told."""
    failed = record.attempted - record.total(Fate.DELIVERED)
    if record.total(Beside.RECOVERED):
        return Told.WRONGLY
    if record.first_told_ns > record.fault_ns:
        return Told.YES
    return Told.NO if failed or not recovered else Told.NOTHING_TO_TELL


def overdue(record: FailureRecord) -> int:
    """Return how many replies came later than the contract's time for a request."""
    most_ns = int(REPLY_S * 1e9)
    return sum(
        int(((li.given_ns > 0) & (li.arrived_ns - li.given_ns > most_ns)).sum())
        for li in record.lines
    )


def judge(
    record: FailureRecord, fault: Fault, recovered: bool, exactly_once: bool, ordered: bool
) -> tuple[ContractVerdict, list[Breach]]:
    """Return a verdict on the contract, and the breaches that it rests on.

    Kept: everything arrived, in place, except messages that the contract requires to be
    refused; or nothing could get through, and the application was told. Reported: something
    was lost or a role raised, and the application knows; or a message was reported lost
    that arrived; or a reply came after its deadline, which counts as reported. Broken: a
    silent loss, a wrong or unexpected message, a doubled effect, a hang, or more memory
    than the bound.
    """
    knows = fault.hopeless and record.first_told_ns > 0
    wrong = counted(
        {
            BreachKind.WRONG_ANSWERS: record.total(Fate.WRONG),
            BreachKind.UNEXPECTED: record.total(Beside.UNEXPECTED),
            BreachKind.LOST_IN_SILENCE: record.total(Fate.SILENT),
            BreachKind.DELIVERED_TWICE: record.total(Beside.DUPLICATED),
            BreachKind.EXECUTED_TWICE: record.executed_twice if exactly_once else 0,
            BreachKind.OUT_OF_ORDER: record.total(Beside.REORDERED) if ordered else 0,
            BreachKind.KEPT_WAITING: 0 if knows else record.total(Fate.HELD),
        }
    )
    if not recovered and not fault.hopeless:
        wrong.insert(0, Breach(BreachKind.NOT_RECOVERED))
    if record.peak_bytes > MEMORY_MAX_BYTES:
        wrong.append(Breach(BreachKind.MEMORY, record.peak_bytes >> 20))
    wrong += record.breaches
    if wrong:
        return BROKEN, wrong
    senders = {line.sender for line in record.lines}
    may_refuse = fault.refusals * len(record.lines) // max(1, len(senders))
    trouble = counted(
        {
            BreachKind.REPORTED_LOST: max(0, record.total(Fate.REPORTED) - may_refuse),
            BreachKind.DIED: record.total(Fate.DIED),
            BreachKind.REPORTED_BUT_ARRIVED: record.total(Beside.RECOVERED),
            BreachKind.LATE: overdue(record) if exactly_once else 0,
            BreachKind.RAISED: record.raised,
            BreachKind.ENDED: record.ended,
        }
    )
    return (KEPT if knows or not trouble else REPORTED), trouble


def pilot(case: Case) -> None:
    """Return None: a failure trial needs no pilot, since its pace is declared."""
    del case


def cost_s(case: Case, sizing: Sizing | None, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial usually takes: longer where nothing recovers."""
    del sizing, pilot
    return all_faults()[case.fault].lasts_s + USUAL_S


def take(case: Case, sizing: Sizing | None, logs: Path, rng: Random) -> Measured:
    """Make one trial with the case's fault; errors as of ``run_failure``."""
    del sizing
    fault = all_faults()[case.fault]
    return measure(case, fault, run_failure(case, fault, logs, rng))


def measure(case: Case, fault: Fault, record: FailureRecord) -> Measured:
    """Return the outage of a trial in seconds, with all that it came to."""
    found = recovery(record)
    recovered = found.settle_s is not None
    workload = case.cell.workload
    verdict, breaches = judge(record, fault, recovered, workload.lockstep, workload.ordered)
    watched_s = (record.stop_ns - record.fault_ns) / 1e9
    metadata: Metadata = {
        "fault": fault.name,
        "fault_number": fault.number,
        "hopeless": int(fault.hopeless),
        "censored": int(found.outage_s is None),
        "settled": int(recovered),
        "attempted": record.attempted,
        **{str(fate): record.total(fate) for fate in CLASSES},
        **{str(name): record.total(name) for name in BESIDE},
        "executed_twice": record.executed_twice,
        "overdue": overdue(record) if workload.lockstep else 0,
        "missed": found.missed,
        "offered_after_fault": found.offered,
        "availability": availability(record, fault),
        "watched_s": watched_s,
        "healed_s": (record.healed_ns - record.fault_ns) / 1e9,
        "interval_s": record.interval_ns / 1e9,
        "raised": record.raised,
        "ended": record.ended,
        "told": str(told(record, recovered or (fault.hopeless and verdict != BROKEN))),
        "verdict": str(verdict),
        "against": write(breaches),
        "memory_peak_bytes": record.peak_bytes,
        **{f"remark_{name}": value for name, value in record.remarks.items()},
    }
    for name in ("reconnect_s", "settle_s"):
        value = getattr(found, name)
        if value is not None:
            metadata[name] = value
    if record.first_told_ns > record.fault_ns:
        metadata["told_after_s"] = (record.first_told_ns - record.fault_ns) / 1e9
    value_s = watched_s if found.outage_s is None else found.outage_s
    return Measured(max(value_s, 1e-9), metadata, _samples(record))


def _samples(record: FailureRecord) -> dict[str, NDArray[np.int64]]:
    """Return for each consumer when messages were due and arrived, and their class.

    Nanoseconds from the fault; NEVER_ARRIVED_NS where nothing arrived.
    """
    samples = {}
    for line in record.lines:
        name = f"{line.consumer}.{line.sender}"
        arrived_ns = np.where(
            line.arrived_ns > 0, line.arrived_ns - record.fault_ns, NEVER_ARRIVED_NS
        )
        samples[f"{name}.due"] = line.intended_ns - record.fault_ns
        samples[f"{name}.arrived"] = arrived_ns
        samples[f"{name}.state"] = line.state.astype(np.int64)
    return samples
