"""A peer crashes as soon as it is connected, again and again; then one comes that lives.

A service may keep state of peers that have left. That state must not delay the present
peers: each must be served soon after the last crash.
"""

from __future__ import annotations

from bench.faults.breach import BreachKind
from bench.faults.catalogue.strangers import await_newcomer
from bench.faults.fault import Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.participants import NEWCOMER
from bench.hosts import message as msg

LIVES = 20
LIVES_S = 3.0
"""How long so many lives take, with forking and connecting."""
PROMPT_S = 1.0
"""By when those that are there must be served again."""


def flapping(trial: FaultTrial, live: str = NEWCOMER) -> None:
    """Have one more peer live and die many times, and then let another come."""
    name = trial.participants.repeated[0]
    role = trial.participants[name].role
    message = msg.build(0, msg.JOIN_SEQUENCE, msg.WARM_UP_EPOCH, trial.setup.size_bytes)
    peer = trial.network.helper(
        "bench.faults.catalogue.flapper",
        cell=str(trial.case.cell.path),
        search=[str(folder) for folder in trial.case.cell.search],
        role=role.name,
        addresses=[trial.network.addresses[bound] for bound in role.connects],
        drives=role.drives,
        handles=role.handles,
        message=message.hex(),
    )
    trial.fault()
    peer.ask(times=LIVES)
    for newcomer in trial.participants.named([live]):
        trial.start(newcomer)
    trial.healed()
    if not trial.wait_until(trial.serves_again, PROMPT_S):
        trial.breach(BreachKind.NOT_SERVED, f"{PROMPT_S:g} s after the last crash")
    late = trial.participants.newcomer
    if late in trial.participants.late:
        await_newcomer(trial, late)


FAULTS = tuple(
    Fault(
        name,
        "F19",
        f"a {peer} crashes {LIVES} times, each time connected",
        (workload,),
        flapping,
        setup,
        lasts_s=LIVES_S,
    )
    for name, peer, workload, setup in (
        (
            "client_flapping",
            "client",
            "request_reply",
            Setup(instances=3, late=(NEWCOMER,)),
        ),
        (
            "subscriber_flapping",
            "subscriber",
            "fan_out",
            Setup(instances=3, late=(NEWCOMER,)),
        ),
        ("worker_flapping", "worker", "pipeline", Setup()),
    )
)
