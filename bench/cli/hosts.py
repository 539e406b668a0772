"""The command ``hosts``: who plays what on a cluster, and if one can measure there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import all_cells, more_roots
from bench.errors import NotMeasurable, UsageError
from bench.run.progress import console

if TYPE_CHECKING:
    from rich.table import Table

    from bench.sites.cluster import Seat

REST_MS_PER_S = 5.0
"""More than this beside a program that is measured is too much."""


@click.command()
@click.argument("where", required=False, metavar="[WHERE]")
@click.option(
    "--config",
    is_flag=True,
    help="Print the configuration that schedulers, workers and nannies of Dask need.",
)
@more_roots
def hosts(where: str | None, config: bool, more: tuple[Path, ...]) -> None:
    """Show the hosts of a cluster, and whether a run can use them.

    WHERE is the address of a Dask scheduler, or a roster of hosts (docs/many-hosts.md), as
    for `nomiddle run --hosts`. This takes about 15 seconds, and measures no program. The
    exit status is 1 if a run would be refused.

    \b
    Examples:
      nomiddle hosts --config > ~/.config/dask/nomiddle.yaml
      nomiddle hosts tls://10.1.0.1:8786
      nomiddle hosts hosts.toml
    """
    from bench.sites import quiet
    from bench.sites.standing import require_dask

    if config:
        click.echo(quiet.YAML, nl=False)
        return
    if not where:
        raise UsageError("name the address of a scheduler or a file, or give --config")
    require_dask()
    from bench.sites.cluster import seated
    from bench.sites.roster import read_roster

    with ExitStack() as stack:
        seats = stack.enter_context(seated(read_roster(where), more))
        _show_seats(seats)
        alike = _show_versions(seats, more)
        _show_pairs(seats)
        rests = _show_rest(seats)
    sys.exit(0 if alike and rests else 1)


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    return table


def _show_seats(seats: Sequence[Seat]) -> None:
    table = _table("host", "plays", "worker", "address", "CPU", "CPUs of roles", "Linux")
    for seat in seats:
        site, player = seat.site, seat.player
        table.add_row(
            player.name,
            player.plays,
            player.worker,
            site.address,
            site.facts["cpu"],
            " ".join(map(str, site.cpus)),
            site.facts["kernel"],
        )
    console.print(table)


def _show_versions(seats: Sequence[Seat], more: tuple[Path, ...]) -> bool:
    """Print which versions differ; return whether none does."""
    from bench.sites.alike import names_behind, refuse_unlike

    names = names_behind(all_cells(more))
    try:
        refuse_unlike(names, [seat.site for seat in seats])
    except NotMeasurable as error:
        console.print(f"\n{error}", markup=False)
        return False
    console.print(
        f"\nversions of {len(names)} packages are the same on all hosts, and here"
    )
    return True


def _show_pairs(seats: Sequence[Seat]) -> None:
    from bench.sites.looks import pairs

    table = _table("hosts", "round trip, least", "median", "clock of the first is ahead by")
    for pair in pairs([seat.site for seat in seats]):
        ahead = f"{pair.ahead.ns / 1e9:.6f} s, +/- {pair.ahead.bound_ns / 1e3:.1f} us"
        trips = (f"{ns / 1e3:.1f} us" for ns in (pair.least_ns, pair.median_ns))
        table.add_row(f"{pair.one} and {pair.other}", *trips, ahead)
    console.print()
    console.print(table)


def _show_rest(seats: Sequence[Seat]) -> bool:
    """Print what hosts use at rest; return whether that is little everywhere."""
    from bench.sites.looks import REST_S, at_rest

    watched = [(s.site, [s.site.facts["pid"], *s.processes]) for s in seats]
    table = _table("CPU time at rest, ms a second", "agent", "worker", "nanny", "together")
    every = at_rest(watched, REST_S)
    for seat, used in zip(seats, every, strict=True):
        shown = [f"{ms:.2f}" for ms in used] + ["-"] * (3 - len(used))
        table.add_row(seat.player.name, *shown, f"{sum(used):.2f}")
    console.print()
    console.print(table)
    most = max(map(sum, every))
    if most > REST_MS_PER_S:
        console.print(
            f"more than {REST_MS_PER_S:g} ms a second disturb what is measured: start the "
            "workers with the configuration of `nomiddle hosts --config`"
        )
    return most <= REST_MS_PER_S
