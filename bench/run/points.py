"""A user's own points: the cases of a profile at other sizes and numbers of peers.

A point replaces the size of every case of speed, or the number of its peers. The results
are cases like any other. Trials with a fault are left out, because each fault sets both.
Where a number is named, only its workload is measured. The null stack and wrk are left out
then, because they have one connection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from bench.contract.alike import alike
from bench.contract.model import Case
from bench.contract.rows import case_named
from bench.errors import UsageError
from bench.hosts.message import HEADER_BYTES, SMALLEST_WITH_HEADER
from bench.measure.common import BYTES_MAX, MESSAGES_MAX
from bench.run.declared import MOST, Declared
from bench.run.plan import Planned, once
from bench.run.sets import PROCESS_BYTES, allowed_bytes, processes

OF_ONE_CONNECTION = ("wrk",)
"""Quantities whose number of peers cannot be chosen."""
FILES_BESIDE = 64
"""The files that a process has open beside those of its hosts or peers."""
FILES_EACH = 4
"""The files of the harness for a host: two pipes, both ends of each while it starts."""
MIB = 1 << 20


@dataclass(frozen=True)
class Points:
    """Sizes in bytes, and numbers by the name of what is repeated, such as "clients".

    Nothing is as in the profile.
    """

    sizes_bytes: tuple[int, ...] = ()
    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, tuple[int, ...]]:
        """The numbers that were named."""
        return {label: known for label, known in self.numbers.items() if known}

    def __bool__(self) -> bool:
        return bool(self.sizes_bytes or self.named)

    def of(self, case: Case) -> Iterator[Case]:
        """Yield a case at each point; none if it cannot be there."""
        numbers = self.named.get(case.cell.workload.repeated_label, ())
        alone = case.cell.is_floor or case.quantity in OF_ONE_CONNECTION
        if case.fault or (self.named and (alone or not numbers)):
            return
        for size_bytes, number in product(
            self.sizes_bytes or (case.size_bytes,), numbers or (case.instances,)
        ):
            yield replace(case, size_bytes=size_bytes, instances=number)


def at_points(planned: Sequence[Planned], points: Points) -> list[Planned]:
    """Return a plan with its cases at a user's own points, each once.

    Raises UsageError for a point that no trial can have, with the limit and what to do.
    """
    if not points:
        return list(planned)
    _refuse_numbers_below_one(points)
    _refuse_sizes(points.sizes_bytes)
    made = once(
        Planned(case, entry.blocks) for entry in planned for case in points.of(entry.case)
    )
    _refuse_beyond_limits(made)
    for entry in made:
        _refuse_beyond_machine(entry.case)
    return made


def _refuse_numbers_below_one(points: Points) -> None:
    for label, numbers in points.named.items():
        if min(numbers) < 1:
            raise UsageError(f"--{label} {min(numbers)}: a trial has at least 1")


def _refuse_sizes(sizes_bytes: Collection[int]) -> None:
    for size_bytes in sizes_bytes:
        if size_bytes < SMALLEST_WITH_HEADER:
            raise UsageError(
                f"--size {size_bytes}: a timed message has at least "
                f"{SMALLEST_WITH_HEADER} bytes, of which {HEADER_BYTES} are the header by "
                "which losses are found; `check` sends smaller ones"
            )
        if size_bytes > BYTES_MAX:
            raise UsageError(
                f"--size {size_bytes}: a driver builds its messages beforehand, in at most "
                f"{BYTES_MAX} bytes ({BYTES_MAX // MIB} MiB); name a smaller size"
            )


def _refuse_beyond_limits(planned: Sequence[Planned]) -> None:
    """Raise UsageError if a program takes no message of the size of its case."""
    largest: dict[str, int] = {}
    limited: dict[str, int] = {}
    for case in (entry.case for entry in planned):
        limit_bytes = case.cell.variant.limit_bytes
        if limit_bytes is not None and case.size_bytes > limit_bytes:
            limited[case.cell.id] = limit_bytes
            largest[case.cell.id] = max(largest.get(case.cell.id, 0), case.size_bytes)
    if limited:
        name, limit_bytes = min(limited.items(), key=lambda item: item[1])
        others = f", as do {len(limited) - 1} more programs" if len(limited) > 1 else ""
        raise UsageError(
            f"--size {largest[name]}: {name} takes at most {limit_bytes} bytes "
            f"(limit_bytes in its stack.toml){others}; name a size of at most "
            f"{limit_bytes}, or choose programs without a limit with --only, such as "
            "'zmq/minimal/*'"
        )


def _memory_bytes(case: Case) -> int:
    """Return a bound of the memory of a trial: its processes, and the drivers' messages."""
    workload = case.cell.workload
    drivers = case.instances if workload.repeated == workload.driver.name else 1
    messages_bytes = min(BYTES_MAX, MESSAGES_MAX * case.size_bytes)
    return processes(case) * PROCESS_BYTES + drivers * messages_bytes


def _refuse_beyond_machine(case: Case) -> None:
    """Raise UsageError if a trial needs more files or memory than there is.

    Every peer is a process of its own.
    """
    import resource  # reports are read where there is none

    option = f"--{case.cell.workload.repeated_label} {case.instances}"
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = FILES_BESIDE + FILES_EACH * processes(case)
    if files != resource.RLIM_INFINITY and needed > files:
        most = case.instances - -(-(needed - files) // FILES_EACH)
        raise UsageError(
            f"{option}: the harness would need {needed} open files, and may have {files}; "
            f"raise the limit with `ulimit -n {needed}`, or name at most {max(1, most)}"
        )
    allowed, wanted = allowed_bytes(), _memory_bytes(case)
    if wanted > allowed:
        one = _memory_bytes(replace(case, instances=1))
        each = _memory_bytes(replace(case, instances=2)) - one
        most = 1 + (allowed - one) // each
        raise UsageError(
            f"{option}: {processes(case)} processes may take {wanted // MIB:,} MiB, and "
            f"a trial may have {allowed // MIB:,} MiB, half of this machine's memory; name "
            f"at most {max(1, most)}"
        )


def declared_at(planned: Sequence[Planned], declared: Sequence[Declared]) -> list[Declared]:
    """Return the declared comparisons at the points of a plan, at most ``MOST``.

    The first points come first. Programs that promise different things at a point
    are no comparison there: with several clients, handling them at once counts.
    """
    rows = {
        (entry.case.name, entry.case.cell.key): replace(
            case_named(entry.case.name), **entry.case.cell.as_row()
        )
        for entry in planned
        if not entry.case.copy
    }
    names = list(dict.fromkeys(name for name, _ in rows))
    found: list[Declared] = []
    for name in names:
        here = _shape(name)
        for original, first, second in declared:
            a, b = rows.get((name, first)), rows.get((name, second))
            if _shape(original) == here and a and b and alike(a, b):
                found.append((name, first, second))
    return found[:MOST]


def _shape(name: str) -> tuple[str, ...]:
    """Return what a name says beside the size and the number of peers."""
    row = case_named(name)
    return row.workload, row.quantity, row.transport, row.placement, row.load
