"""The specifications of hosts, in trials of speed and of failure alike.

This module also has the numbers that sign messages, and the pairs of consumer and sender
that must be connected before a trial begins.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.contract.model import Cell, Role
from bench.hosts.spec import HostSpec, RoleSpec

FIRST_WORKER = 1000
"""Workers sign warm-up results with numbers that no driver has."""


def signature(role: Role, number: int) -> int:
    """Return the number that the messages of a role carry, or its early replies."""
    return number if role.drives else FIRST_WORKER + number


def pairs_to_see(
    consumers: Iterable[str], signatures: Iterable[int]
) -> set[tuple[str, int]]:
    """Return the pairs of consumer and sender that must be seen before the window.

    ``signatures`` are those of workers; where there are none, the first driver counts.
    """
    senders = [*signatures] or [0]
    return {(consumer, sender) for consumer in consumers for sender in senders}


def role_spec(
    role: Role, number: int, urls: Sequence[str | tuple[str, ...]], **more: Any
) -> RoleSpec:
    """Return the specification of one role; ``urls`` are those that it binds, first."""
    return RoleSpec(
        f"{role.name}.{number}",
        role.name,
        tuple(urls),
        role.drives,
        role.handles,
        role.consumes,
        sender=signature(role, number),
        **more,
    )


def host_spec(
    cell: Cell, roles: Sequence[RoleSpec], folder: Path, transport: str, **more: Any
) -> HostSpec:
    """Return the specification of a host that runs some roles of a cell."""
    return HostSpec(
        parent=os.getpid(),
        folder=str(folder),
        roles=tuple(roles),
        cell=str(cell.path),
        search=tuple(map(str, cell.search)),
        loop=cell.loop,
        transforms=any(role.handles for role in cell.workload.roles),
        stays_open=bool(more.get("connections")) or transport in cell.variant.stays_open,
        **more,
    )
