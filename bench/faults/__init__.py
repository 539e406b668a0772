"""The faults: one function each, which does something to a trial that is under way.

Every module in here that defines ``FAULTS`` adds to them. A fault is given the ``Scene``:
the processes of the trial and the link between them. It says ``scene.fault()`` at the
moment of the fault and ``scene.healed()`` when whatever it broke is whole again, and
touches nothing but the trial's own processes and namespaces.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.scene import Scene

WORKLOADS = ("request_reply", "fan_out", "pipeline")


@dataclass(frozen=True)
class Setup:
    """What a trial needs before its fault: see ``bench.stage`` for how it is used.

    ``standby``      roles that stand by to be started again, with everything imported
    ``late``         roles that the fault itself starts
    ``extra``        roles of which there is one more, for the fault alone
    ``leaves``       roles whose process ends with the role, as that of a script does
    ``relayed``      whether the extra ones reach the others through a relay of the fault's
    ``link``         whether drivers and peers are on two hosts with a link between them
    ``middle``       whether peers reach who binds through the cell's ``proxy(front, back)``
    ``isolated``     whether nothing may get out of the network of the trial
    ``look_up``      the host name by which peers look for who binds
    ``descriptors``  how many files the process of who binds may have open
    ``work_s``       how long a handle takes for each message

    Roles are named by id, by name, or in general as in ``bench.cast``.
    """

    instances: int = 2
    standby: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    relayed: bool = False
    link: bool = False
    isolated: bool = False
    middle: bool = False
    look_up: str = ""
    descriptors: int | None = None
    work_s: float = 0.0
    rate_hz: float = 50.0
    size_bytes: int = 64


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: ``number`` is its place in the catalogue, F1 to F18.

    ``hopeless`` is true where nothing can get through, so that the best a program can do
    is to say so. ``refusals`` is how many messages a program keeps its contract by
    refusing, if it says so. ``lasts_s`` is how long it takes to inject, ``watch_s`` for how
    long after healing a recovery is waited for. ``transport`` is where it happens, if that
    matters: to cells that have it; ``variant`` the one to whose cells it happens.
    """

    name: str
    number: str
    title: str
    workloads: tuple[str, ...]
    inject: Callable[[Scene], None]
    setup: Setup = field(default_factory=Setup)
    hopeless: bool = False
    refusals: int = 0
    transport: str | None = None
    variant: str | None = None
    lasts_s: float = 0.0
    watch_s: float = 8.0


@cache
def _find() -> dict[str, Fault]:
    modules = (
        importlib.import_module(f"{__name__}.{info.name}")
        for info in pkgutil.iter_modules(__path__)
    )
    found = [fault for module in modules for fault in getattr(module, "FAULTS", ())]
    return {fault.name: fault for fault in sorted(found, key=lambda f: int(f.number[1:]))}


def all_faults() -> dict[str, Fault]:
    """Return every fault by its name, in the order of the catalogue."""
    return _find()
