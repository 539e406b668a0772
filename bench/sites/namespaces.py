"""Two hosts on this machine: network namespaces, each with an agent and CPUs of its own.

Packets between them pass a third namespace, the middle, as they would pass a router. So the
cost of a real network card is missing, and so is any distance. With a delay, a link holds
every packet for that time instead (``bench.faults.network.delayed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from bench.faults.network.delayed import DelayedNetwork
from bench.faults.network.hosts import Network
from bench.sites.far import Far
from bench.sites.pipe import Pipe
from bench.trial.placement import allowed_cpus, halves
from bench.trial.site import Here, Sites

DRIVER, PEER = "a", "b"


@contextmanager
def network_of_two(delay_ms: float | None = None) -> Iterator[Network]:
    """Yield a network of two hosts, ``DRIVER`` and ``PEER``.

    ``delay_ms`` is how long the link between them holds a packet in each direction; None is
    for virtual cables. Raises as ``Network`` does, and with a delay as ``DelayedNetwork``.
    """
    with (
        Network(DRIVER, PEER)
        if delay_ms is None
        else DelayedNetwork(DRIVER, PEER, delay_ms)
    ) as network:
        yield network


@contextmanager
def with_agents(network: Network) -> Iterator[Sites]:
    """Yield the two hosts as sites with agents."""
    with ExitStack() as stack:
        made = []
        for name, cpus in cpus_of_hosts().items():
            lay = partial(Pipe, network.enter(name))
            made.append(stack.enter_context(Far(name, network.address(name), cpus, lay)))
        link = network.counts if isinstance(network, DelayedNetwork) else None
        yield Sites(made[0], (made[1],), link)


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
