"""The hosts of a run: started before its first trial, and gone after the last one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.contract.model import Cell
from bench.errors import NotMeasurable
from bench.trial.site import apart_on

NAMESPACES, CLUSTER = "namespaces", "cluster"
KINDS = (NAMESPACES, CLUSTER)

Facts = list[Mapping[str, Any]]
"""Published facts of a run's hosts: no name of a machine, no address."""


def kind_of(hosts: str) -> str:
    """Return the kind of hosts that a user names."""
    return NAMESPACES if hosts == NAMESPACES else CLUSTER


@contextmanager
def standing(
    hosts: str | None,
    cells: Sequence[Cell] = (),
    more: Sequence[Path] = (),
    delay_ms: float | None = None,
) -> Iterator[Facts]:
    """Have trials that are placed apart use some hosts; yield facts of them.

    ``hosts`` is NAMESPACES, the path of a roster, or the address of a scheduler; None is
    for a run without. ``cells`` are its programs, ``more`` its further roots. ``delay_ms``
    is the delay of the link between namespaces in each direction, None without.

    Raises NotMeasurable if this machine refuses them, or if software differs between them.
    Raises UsageError for a cluster that cannot be used.
    """
    # Only where hosts are asked for: each loads the network, or Dask.
    if hosts is None:
        yield []
    elif hosts == NAMESPACES:
        from bench.sites.namespaces import network_of_two, with_agents

        with (
            network_of_two(delay_ms) as network,
            with_agents(network) as sites,
            apart_on(sites),
        ):
            yield []
    else:
        require_dask()
        from bench.sites.alike import names_behind, refuse_unlike
        from bench.sites.cluster import published_facts, seated, sites_of_seats
        from bench.sites.roster import read_roster

        with seated(read_roster(hosts), more) as seats:
            refuse_unlike(names_behind(cells), [seat.site for seat in seats])
            with apart_on(sites_of_seats(seats)):
                yield published_facts(seats)


def require_dask() -> None:
    """Raise NotMeasurable with what to install where Dask is not."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise NotMeasurable(
            "hosts of a cluster need Dask: pip install --constraint constraints.txt "
            "--editable '.[cluster]'"
        ) from error
