"""The hosts of a run, as a user names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from bench.contract.model import Cell
from bench.errors import ResultsError, UsageError

hosts_option = click.option(
    "--hosts",
    metavar="WHERE",
    help="Measure latencies with driver and peers on several hosts too. WHERE is "
    "namespaces (two on this machine), the address of a Dask scheduler, or a file with a "
    "roster of hosts.",
)


def hosts_again(about: Mapping[str, Any], hosts: str | None, same: bool) -> str | None:
    """Return the hosts of a run that is resumed or repeated, None if it has none.

    ``about`` is its run.json, which does not say where a cluster is. ``hosts`` is what the
    user names. ``same`` is whether it has to be of the same kind. Raises UsageError.
    """
    from bench.run.manifest import HOSTED
    from bench.sites.standing import CLUSTER, kind_of

    kind = about.get(HOSTED)
    if kind is None and hosts:
        raise UsageError("that run has all its trials on one host; leave out --hosts")
    if kind == CLUSTER and not hosts:
        raise UsageError("that run has its hosts on a cluster; say with --hosts which one")
    if hosts and same and kind_of(hosts) != kind:
        raise UsageError(f"that run has its hosts on {kind}; leave out --hosts {hosts}")
    return hosts or kind


@contextmanager
def hosting(
    hosts: str | None,
    cells: Sequence[Cell],
    more: Sequence[Path],
    then: Mapping[str, Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """Have trials apart use the hosts that a user names; yield entries of run.json.

    ``then`` is run.json of a run that is resumed. Errors as of ``standing``; ResultsError
    if its hosts are other machines now.
    """
    from bench.run.manifest import SITES
    from bench.run.progress import console
    from bench.sites.standing import standing

    with standing(hosts, cells, more) as facts:
        for fact in facts:
            said = "host {host} plays {plays}: {cpu}, {cpus} CPUs, Linux {kernel}"
            console.print(said.format(**fact), markup=False)
        if then and then.get(SITES, []) != facts:
            raise ResultsError(
                f"the run began with hosts {then.get(SITES)}, and here are {facts}: start "
                "a new run"
            )
        yield {SITES: facts} if facts else {}


def named_again(hosts: str | None) -> str:
    """Return the words with which a command names the same cluster again."""
    from bench.sites.standing import CLUSTER, kind_of

    return f" --hosts {hosts}" if hosts and kind_of(hosts) == CLUSTER else ""
