"""The address is taken by another process, or no process is there."""

from __future__ import annotations

from bench.faults.breach import BreachKind
from bench.faults.catalogue.strangers import await_newcomer
from bench.faults.fault import WORKLOADS, Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.participants import BINDING, NEWCOMER, REPEATED

TWO_S = 1.0
"""How long a second process may try to have the address."""
TOLD_S = 4.0
"""The time within which the application must be told: a request has three seconds."""
HEARD_S = 0.1
"""By when what a host says was heard."""


def address_taken(trial: FaultTrial) -> None:
    """Start a second server while the first lives; end it, and let a peer connect."""
    second = trial.participants.extra
    trial.fault()
    trial.go(second)
    trial.wait_until(lambda: trial.processes.error_of(second) is not None, TWO_S)
    error = trial.processes.error_of(second)
    trial.remarks["second_was_told"] = error or "nothing"
    if error is None:
        trial.breach(BreachKind.SECOND_NOT_TOLD)
    trial.processes.kill(second)
    trial.healed()
    if newcomer := trial.participants.newcomer:
        trial.start(newcomer)
        await_newcomer(trial, newcomer)


def nobody_there(trial: FaultTrial) -> None:
    """Start the peers only: no process is at the address that they were given."""
    with trial.fault():
        for name in trial.participants.repeated:
            trial.start(name)
    trial.healed()
    if not trial.wait_until(trial.was_told, TOLD_S):
        trial.breach(BreachKind.NOBODY_TOLD, f"within {TOLD_S:g} s")
    trial.wait(HEARD_S)
    raised = (trial.processes.error_of(name) for name in trial.participants.repeated)
    trial.remarks["said"] = next((error for error in raised if error), "nothing")


FAULTS = (
    *(
        Fault(
            name,
            "F15",
            title,
            WORKLOADS,
            address_taken,
            Setup(instances=3, extra=(BINDING,), late=(NEWCOMER,)),
            transport=transport,
            lasts_s=TWO_S,
        )
        for name, title, transport in (
            ("port_taken", "a second server at a port in use", "tcp"),
            ("path_taken", "a second server at a socket path in use", "ipc"),
        )
    ),
    *(
        Fault(
            name,
            "F16",
            title,
            WORKLOADS,
            nobody_there,
            Setup(late=(BINDING, REPEATED), isolated=True, look_up=look_up),
            hopeless=True,
            transport="tcp",
            watch_s=0.0,
            lasts_s=TOLD_S,
        )
        for name, title, look_up in (
            ("server_absent", "nobody listens", ""),
            ("name_unknown", "the server's name is not known", "nobody.invalid"),
        )
    ),
)
