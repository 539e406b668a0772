"""Ports of loopback, for servers that do not choose one themselves."""

from __future__ import annotations

import random
import time

from bench.errors import TrialError
from bench.surveys.experiments.processes import START_S
from bench.trial import addresses

LOOK_S = 0.02


def free_ports(count: int) -> list[int]:
    """Return ports that are free now, and that the kernel gives to no client."""
    rng = random.Random()
    found: list[int] = []
    for _ in range(count):
        found.append(addresses.free_port(rng, found))
    return found


def await_listening(port: int) -> None:
    """Wait until a server listens at a port. Raises TrialError if none does."""
    ends_s = time.monotonic() + START_S
    while not addresses.listens(f"tcp://127.0.0.1:{port}"):
        if time.monotonic() > ends_s:
            raise TrialError(f"nobody listens at port {port} after {START_S:g} s")
        time.sleep(LOOK_S)
