"""The proxy is killed. All messages pass through it, and it keeps none."""

from __future__ import annotations

from bench.faults.catalogue.killed import (
    DOWN_S,
    IN_HAND_S,
    kill_at_rest,
    kill_with_requests,
)
from bench.faults.fault import Fault, Setup
from bench.faults.fault_trial import FaultTrial

PROXY = "proxy.0"


def middle_killed(trial: FaultTrial) -> None:
    """Kill the proxy while it has nothing to pass on."""
    kill_at_rest(trial, PROXY)


def middle_killed_busy(trial: FaultTrial) -> None:
    """Kill the proxy while requests are with the server, and replies to come."""
    kill_with_requests(trial, PROXY, 2 * IN_HAND_S)


FAULTS = (
    Fault(
        "middle_killed",
        "F17",
        "proxy killed while idle, restarted after 0.5 s",
        ("request_reply", "fan_out"),
        middle_killed,
        Setup(standby=(PROXY,), middle=True),
        variant="proxied",
        lasts_s=DOWN_S,
    ),
    Fault(
        "middle_killed_busy",
        "F17",
        "proxy killed with requests in hand, restarted after 0.5 s",
        ("request_reply",),
        middle_killed_busy,
        Setup(standby=(PROXY,), middle=True),
        variant="proxied",
        lasts_s=DOWN_S + IN_HAND_S,
    ),
)
