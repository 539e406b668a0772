"""A process dies by SIGKILL: no farewell, the kernel closes its connections."""

from __future__ import annotations

from bench.faults.fault import WORKLOADS, Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.participants import BINDING
from bench.hosts.supervised import SUPERVISOR_S

DOWN_S = 0.5
"""And then some, less than others wait to try again: they must not be met in step."""
IN_HAND_S = 0.25
"""How long a process gathers messages, held up, before it is killed with them."""
HELD_S = 2.0
REST_S = 0.3


def restart(trial: FaultTrial, name: str) -> None:
    """Start a killed process again after a while. The new process has its imports already:
    the recovery of the others is measured, not the start of Python.
    """
    trial.wait(DOWN_S + trial.rng.uniform(0, SUPERVISOR_S))
    trial.start_standby(name)
    trial.healed()


def kill_at_rest(trial: FaultTrial, name: str) -> None:
    """Kill a process while the clients pause, and start it again."""
    for driver in trial.participants.drivers:
        trial.processes.tell(driver, "hold", for_s=REST_S)
    trial.wait(REST_S / 3)
    kill_and_restart(trial, name)


def kill_with_requests(trial: FaultTrial, name: str, held_s: float) -> None:
    """Kill a process while the server holds requests, and start it again.

    The server handles nothing for ``held_s`` seconds.
    """
    trial.processes.tell(trial.participants.binder, "hold", for_s=held_s)
    trial.wait(IN_HAND_S)
    kill_and_restart(trial, name)


def kill_and_restart(trial: FaultTrial, name: str) -> None:
    with trial.fault():
        trial.processes.kill(name)
    restart(trial, name)


def server_killed(trial: FaultTrial) -> None:
    """Kill the server (or publisher, or distributor) while no peer waits for it."""
    kill_at_rest(trial, trial.participants.binder)


def server_killed_busy(trial: FaultTrial) -> None:
    """Kill the server while it has requests in hand."""
    kill_with_requests(trial, trial.participants.binder, HELD_S)


def worker_killed(trial: FaultTrial) -> None:
    """Kill a worker that has tasks in hand, and do not start it again. All workers are held
    up: otherwise an idle one would get the tasks.
    """
    victim, *others = trial.participants.repeated
    trial.processes.tell(victim, "hold", for_s=HELD_S)
    for name in others:
        trial.processes.tell(name, "hold", for_s=IN_HAND_S)
    trial.wait(IN_HAND_S)
    with trial.fault():
        trial.processes.kill(victim)
    trial.healed()


FAULTS = (
    Fault(
        "server_killed",
        "F1",
        "server killed while idle, restarted after 0.5 s",
        WORKLOADS,
        server_killed,
        Setup(standby=(BINDING,)),
        lasts_s=DOWN_S,
    ),
    Fault(
        "server_killed_busy",
        "F1",
        "server killed with requests in hand, restarted after 0.5 s",
        ("request_reply",),
        server_killed_busy,
        Setup(standby=(BINDING,)),
        lasts_s=DOWN_S + IN_HAND_S,
    ),
    Fault(
        "worker_killed",
        "F5",
        "worker killed with tasks in hand",
        ("pipeline",),
        worker_killed,
        lasts_s=IN_HAND_S,
    ),
)
