"""The link between the hosts fails: silently for some seconds, or with resets.

Packets are dropped between the hosts. If the sender's own firewall dropped a packet, its
TCP would notice, as it cannot on a real network.
"""

from __future__ import annotations

from functools import partial

from bench.faults.fault import WORKLOADS, Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.participants import BINDING
from bench.hosts.supervised import SUPERVISOR_S

CUTS_S = (1, 2, 4, 8, 16)
POWER_S = 0.5
RESET_S = 0.5
"""And then some, less than others wait to try again: they must not be met in step."""


def link_cut(trial: FaultTrial, for_s: float) -> None:
    """Drop every packet of both directions, and later none."""
    with trial.fault():
        trial.network.link.cut()
    trial.wait(for_s)
    trial.network.link.heal()
    trial.healed()


def link_reset(trial: FaultTrial) -> None:
    """Answer every packet between the hosts with a reset for a while: both ends see it."""
    with trial.fault():
        trial.network.link.reset()
    trial.wait(RESET_S + trial.rng.uniform(0, SUPERVISOR_S))
    trial.network.link.heal()
    trial.healed()


def link_refused(trial: FaultTrial) -> None:
    """Reset all connections, and have ICMP refuse new ones for a while."""
    with trial.fault():
        trial.network.link.refuse()
    trial.wait(RESET_S + trial.rng.uniform(0, SUPERVISOR_S))
    trial.network.link.heal()
    trial.healed()


def power_lost(trial: FaultTrial) -> None:
    """Take a host away: its link first, so that no peer is notified, then its processes."""
    server = trial.participants.binder
    with trial.fault():
        trial.network.link.cut()
        trial.processes.kill(server)
    trial.wait(POWER_S + trial.rng.uniform(0, SUPERVISOR_S))
    trial.network.link.heal()
    trial.start_standby(server)
    trial.healed()


FAULTS = (
    *(
        Fault(
            f"link_cut_{seconds}s",
            "F6",
            f"link cut silently for {seconds} s",
            WORKLOADS,
            partial(link_cut, for_s=seconds),
            Setup(link=True),
            lasts_s=seconds,
            watch_s=8.0 + seconds,
        )
        for seconds in CUTS_S
    ),
    Fault(
        "link_reset",
        "F7",
        "connections reset, and refused for 0.5 s",
        WORKLOADS,
        link_reset,
        Setup(link=True),
        lasts_s=RESET_S,
    ),
    Fault(
        "link_refused",
        "F20",
        "new connections refused by ICMP for 0.5 s, after a reset",
        WORKLOADS,
        link_refused,
        Setup(link=True),
        lasts_s=RESET_S,
    ),
    Fault(
        "power_lost",
        "F1",
        "server's host lost without a word, back after 0.5 s",
        WORKLOADS,
        power_lost,
        Setup(link=True, standby=(BINDING,)),
        lasts_s=POWER_S,
    ),
)
