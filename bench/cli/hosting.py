"""The hosts of a run, as a user names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from bench.contract.model import Cell
from bench.errors import ResultsError, UsageError

DELAY_MS_MAX = 100.0
"""The longest delay of a run: then a round trip takes a fifth of a second."""

hosts_option = click.option(
    "--hosts",
    metavar="WHERE",
    help="Measure latencies with driver and peers on several hosts too. WHERE is "
    "namespaces (two on this machine), the address of a Dask scheduler, or a file with a "
    "roster of hosts.",
)


delay_option = click.option(
    "--delay-ms",
    type=click.FloatRange(0, DELAY_MS_MAX),
    metavar="MS",
    help="With --hosts namespaces: have the link hold each packet for MS milliseconds in "
    "each direction. A round trip takes twice as long.",
)


def refuse_delay(hosts: str | None, delay_ms: float | None) -> None:
    """Raise UsageError if a delay was asked for where the project has no link."""
    from bench.sites.standing import NAMESPACES

    if delay_ms is not None and hosts != NAMESPACES:
        raise UsageError(
            f"--delay-ms is for the link between namespaces; add --hosts {NAMESPACES}"
        )


def delay_again(about: Mapping[str, Any], hosts: str | None) -> float | None:
    """Return the delay of a run that is resumed or repeated, None if it has none.

    ``about`` is its run.json, ``hosts`` what ``hosts_again`` has returned.
    """
    from bench.run.manifest import DELAY
    from bench.sites.standing import NAMESPACES

    return about.get(DELAY) if hosts == NAMESPACES else None


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
    delay_ms: float | None = None,
) -> Iterator[dict[str, Any]]:
    """Have trials apart use the hosts that a user names; yield entries of run.json.

    ``then`` is run.json of a run that is resumed. ``delay_ms`` is the delay of the link in
    each direction. Errors as of ``standing``; ResultsError if its hosts are other machines
    now.
    """
    from bench.run.manifest import DELAY, SITES
    from bench.run.progress import console
    from bench.sites.standing import standing

    with standing(hosts, cells, more, delay_ms) as facts:
        for fact in facts:
            said = "host {host} plays {plays}: {cpu}, {cpus} CPUs, Linux {kernel}"
            console.print(said.format(**fact), markup=False)
        if then and then.get(SITES, []) != facts:
            raise ResultsError(
                f"the run began with hosts {then.get(SITES)}, and here are {facts}: start "
                "a new run"
            )
        delayed = {} if delay_ms is None else {DELAY: delay_ms}
        yield {**({SITES: facts} if facts else {}), **delayed}


def named_again(hosts: str | None) -> str:
    """Return the words with which a command names the same cluster again."""
    from bench.sites.standing import CLUSTER, kind_of

    return f" --hosts {hosts}" if hosts and kind_of(hosts) == CLUSTER else ""
