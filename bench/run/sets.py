"""Comparison sets: the cases of a block that live side by side and take turns.

A set has the same workload, quantity, size, transport, placement and number of peers, so
its cases may be compared. A set that does not fit is cut into ensembles. All of them have
the programs that others are compared with: those of the subject that have an A/A copy, with
the copy, and the programs of the baseline that are declared. Such a program is measured in
each ensemble.

Some cases are measured alone. Programs that survive faults have time-outs, which would run
while they wait. Open loops, paced messages and searches need long undisturbed windows. The
null stack has one thread, in which nobody can wait. Memory cannot hold one of the largest
messages for each turn.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from fnmatch import fnmatch
from itertools import chain

from bench.contract.alike import BASELINE, SUBJECT
from bench.contract.model import DIRECT, Case
from bench.contract.rows import original_name
from bench.measure.common import (
    BYTES_IN_TURNS_MAX,
    bytes_per_message,
    fits_in_turns,
)
from bench.measure.held import HELD
from bench.measure.quantities import IN_TURNS
from bench.run.declared import Declared
from bench.run.plan import SURVIVORS, Planned
from bench.run.rounds import repeats_of

PROCESSES_MAX = 128
"""The most processes of an ensemble."""
PROCESS_BYTES = 48 << 20
"""The memory of a process that has loaded its library."""
MEMORY_SHARE = 0.5
"""How much of the machine's memory an ensemble may take."""

Set = tuple[Planned, ...]
Kind = tuple[str, str, int, str, str, int, str]


def takes_turns(case: Case) -> bool:
    """Return whether a case can wait for its turn among others."""
    if case.quantity not in IN_TURNS or case.load:
        return False
    is_paced = case.quantity == "latency" and bool(case.cell.workload.paced_rate_hz)
    survives = any(fnmatch(case.cell.id, pattern) for pattern in SURVIVORS)
    rounds = IN_TURNS[case.quantity].rounds(case)
    fits_in = fits_in_turns(case, rounds + repeats_of(rounds))
    return fits_in and not (is_paced or survives or case.transport == DIRECT)


def kind(case: Case) -> Kind:
    """Return what the cases of a set have in common."""
    return (
        case.cell.workload.name,
        case.quantity,
        case.size_bytes,
        case.transport,
        case.placement,
        case.instances,
        case.load,
    )


def processes(case: Case) -> int:
    """Return how many hosts a case has."""
    workload = case.cell.workload
    if case.quantity in HELD:  # the connections of one client
        return len(workload.roles)
    repeated = sum(role.name == workload.repeated for role in workload.roles)
    return len(workload.roles) + repeated * (case.instances - 1)


def memory_bytes(case: Case) -> int:
    """Return a bound of the memory that a case takes while it lives in an ensemble."""
    quantity = IN_TURNS[case.quantity]
    rounds = quantity.rounds(case)
    turns = rounds + repeats_of(rounds)
    messages_bytes = turns * quantity.TURN_MESSAGES_MAX * bytes_per_message(case)
    return processes(case) * PROCESS_BYTES + min(messages_bytes, BYTES_IN_TURNS_MAX)


def fits(cases: Collection[Case], memory: int) -> bool:
    """Return whether an ensemble of these cases fits into so many bytes of memory."""
    return (
        sum(map(processes, cases)) <= PROCESSES_MAX
        and sum(map(memory_bytes, cases)) <= memory
    )


def allowed_bytes() -> int:
    """Return the memory that an ensemble may take on this machine."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(MEMORY_SHARE * total)


def _shared(entries: Sequence[Planned], declared: Collection[Declared]) -> list[Planned]:
    """Return the entries of a set that each of its ensembles has."""
    copied = {
        e.case.cell.id for e in entries if e.case.copy and e.case.cell.stack.name == SUBJECT
    }
    known = {(name.split(".")[0], key) for name, *keys in declared for key in keys}
    return [
        entry
        for entry in entries
        if (cell := entry.case.cell).id in copied
        or (
            cell.stack.name == BASELINE
            and not entry.case.copy
            and (cell.workload.name, cell.key) in known
        )
    ]


def _together(
    entries: Sequence[Planned], declared: Collection[Declared]
) -> list[list[Planned]]:
    """Return entries in units that are not cut: a copy and its original, declared pairs."""
    pairs = {(name, frozenset(keys)) for name, *keys in declared}
    units: list[list[Planned]] = []
    for entry in entries:
        cell = entry.case.cell
        mine: list[list[Planned]] = []
        others: list[list[Planned]] = []
        for unit in units:
            keys = {other.case.cell.key for other in unit}
            known = [(entry.case.name, frozenset((cell.key, key))) for key in keys]
            belongs = cell.key in keys or not pairs.isdisjoint(known)
            (mine if belongs else others).append(unit)
        units = [*others, [*(one for unit in mine for one in unit), entry]]
    return units


def _cut(
    entries: Sequence[Planned], declared: Collection[Declared], memory: int
) -> list[Set]:
    """Return a set as the ensembles that fit, one if it does."""
    if fits([e.case for e in entries], memory):
        return [tuple(entries)]
    shared = _shared(entries, declared)
    parts: list[list[Planned]] = [list(shared)]
    for more in _together([e for e in entries if e not in shared], declared):
        wanted = [*parts[-1], *more]
        if len(parts[-1]) > len(shared) and not fits([e.case for e in wanted], memory):
            parts.append(list(shared))
        parts[-1] += more
    return [tuple(part) for part in parts]


def sets_of(
    entries: Sequence[Planned],
    declared: Collection[Declared] = (),
    memory: int | None = None,
) -> list[Set]:
    """Return the ensembles of a block, and its other cases, each alone.

    ``memory`` is what an ensemble may take, in bytes; None for what this machine permits.
    """
    alone = [(entry,) for entry in entries if not takes_turns(entry.case)]
    kinds: dict[Kind, list[Planned]] = {}
    for entry in entries:
        if takes_turns(entry.case):
            kinds.setdefault(kind(entry.case), []).append(entry)
    allowed = allowed_bytes() if memory is None else memory
    cut = [part for each in kinds.values() for part in _cut(each, declared, allowed)]
    return [*cut, *alone]


def groups_of(cases: Sequence[Case], declared: Collection[Declared]) -> list[list[int]]:
    """Return groups of an ensemble's cases, by their numbers: who is compared first.

    Cases that a declared comparison names together are in one group, and so are an A/A
    copy and its original. Every other case is alone. The nearer two turns are, the less a
    machine changes between them.
    """
    found: list[list[int]] = []
    for number, case in enumerate(cases):
        beside = [g for g in found if any(_belong(cases[o], case, declared) for o in g)]
        found = [group for group in found if group not in beside]
        found.append([*chain.from_iterable(beside), number])
    return found


def _belong(one: Case, other: Case, declared: Collection[Declared]) -> bool:
    """Return whether two cases are copies of one program, or declared to be compared."""
    if one.cell == other.cell:
        return True
    keys = {one.cell.key, other.cell.key}
    names = {original_name(case.name, case.copy) for case in (one, other)}
    return any({name} == names and {*pair} == keys for name, *pair in declared)
