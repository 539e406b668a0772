"""Two hosts on this machine: network namespaces, each with an agent and CPUs of its own.

Packets between them pass a third namespace, the middle, as they would pass a router. So the
cost of a real network card is missing, and so is any distance.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from bench.faults.network.hosts import Network
from bench.sites.far import Far
from bench.sites.pipe import Pipe
from bench.trial.placement import allowed_cpus, halves
from bench.trial.site import Here, Sites

DRIVER, PEER = "a", "b"


@contextmanager
def network_of_two() -> Iterator[Network]:
    """Yield a network of two hosts, ``DRIVER`` and ``PEER``. Raises as ``Network`` does."""
    with Network(DRIVER, PEER) as network:
        yield network


@contextmanager
def with_agents(network: Network) -> Iterator[Sites]:
    """Yield the two hosts as sites with agents."""
    with ExitStack() as stack:
        made = []
        for name, cpus in cpus_of_hosts().items():
            lay = partial(Pipe, network.enter(name))
            made.append(stack.enter_context(Far(name, network.address(name), cpus, lay)))
        yield Sites(made[0], (made[1],))


def without_agents(network: Network) -> Sites:
    """Return the two hosts as sites whose processes the harness starts itself."""
    made = [
        Here(network.enter(name), network.address(name), cpus, name)
        for name, cpus in cpus_of_hosts().items()
    ]
    return Sites(made[0], (made[1],))


def cpus_of_hosts() -> dict[str, tuple[int, ...]]:
    driver, peers = halves(allowed_cpus())
    return {DRIVER: tuple(driver), PEER: tuple(peers)}
