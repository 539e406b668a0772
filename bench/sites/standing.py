"""The hosts of a run: started before its first trial, and gone after the last one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.trial.site import apart_on


@contextmanager
def standing(kind: str | None) -> Iterator[None]:
    """Have trials that are placed apart use hosts of a kind: namespaces, or none.

    Raises NotMeasurable if this machine refuses them.
    """
    if kind is None:
        yield
        return
    # Only where hosts are asked for: it loads the network.
    from bench.sites.namespaces import network_of_two, with_agents

    with network_of_two() as network, with_agents(network) as sites, apart_on(sites):
        yield
