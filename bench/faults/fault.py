"""The definition of a fault, and its requirements of a trial.

A fault is given the ``FaultTrial``: its participants, their processes and the network
between these. It says ``trial.fault()`` at the moment of the fault and ``trial.healed()``
when whatever it broke is whole again, and touches nothing but the trial's own processes and
namespaces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.faults.fault_trial import FaultTrial

WORKLOADS = ("request_reply", "fan_out", "pipeline")
DRAIN_S = 5.0
"""How long messages may still arrive, or be reported, after the last one was offered: the
contract's time. A driver that gives up may use all of it, and a client that was behind must
have time to catch up."""
CONTROL = "F0"
"""The place in the catalogue of a trial in which nothing breaks."""


@dataclass(frozen=True)
class Setup:
    """The preparation of a trial for its fault: see ``faults.processes`` for its use.

    ``standby``      roles that stand by to be started again, with everything imported
    ``late``         roles that the fault itself starts
    ``extra``        roles of which there is one more, for the fault alone
    ``leaves``       roles whose process ends with the role, as that of a script does
    ``relayed``      whether the extra ones reach the others through a relay of the fault's
    ``link``         whether drivers and peers are on two hosts with a link between them
    ``apart``        the one participant on the second host instead, by id
    ``middle``       whether peers reach who binds through the cell's ``proxy(front, back)``
    ``isolated``     whether nothing may get out of the network of the trial
    ``look_up``      the host name by which peers look for who binds
    ``descriptors``  how many files the process of who binds may have open
    ``work_s``       how long a handle takes for each message
    ``counts``       how many of some roles there are, each at addresses of its own
    ``together``     how many drivers share a process, a thread each
    ``at_random``    whether messages are due as those of independent senders are
    ``store``        the database that handles use: sqlite, postgres, or none
    ``drain_s``      how long messages may still arrive after the last was offered

    Roles are named by id, by name, or in general as in ``bench.faults.participants``.
    """

    instances: int = 2
    standby: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    relayed: bool = False
    link: bool = False
    apart: str = ""
    isolated: bool = False
    middle: bool = False
    look_up: str = ""
    descriptors: int | None = None
    work_s: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict, hash=False)
    together: int = 1
    at_random: bool = False
    store: str = ""
    drain_s: float = DRAIN_S
    rate_hz: float = 50.0
    size_bytes: int = 64


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: ``number`` is its place in the catalogue; see ``CONTROL``.

    ``hopeless`` is true if nothing can get through; the best that a program can do is to
    report it. ``refusals`` is how many messages a program may refuse within its contract,
    if it reports them. ``lasts_s`` is how long it takes to inject. ``watch_s`` is how long
    a trial waits for a recovery after healing. ``transport`` limits the fault to cells with
    that transport, and ``variant`` to cells of that variant.
    """

    name: str
    number: str
    title: str
    workloads: tuple[str, ...]
    inject: Callable[[FaultTrial], None]
    setup: Setup = field(default_factory=Setup)
    hopeless: bool = False
    refusals: int = 0
    transport: str | None = None
    variant: str | None = None
    lasts_s: float = 0.0
    watch_s: float = 8.0
