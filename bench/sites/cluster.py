"""Hosts of a Dask cluster as sites: found, proved, and each with an agent.

Dask starts an agent on each host and carries lines to it. It measures nothing. The cluster
is the user's: it is here before a run and after it.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import dask
from distributed import Client, Security

from bench.errors import HostGone, NotMeasurable, UsageError
from bench.sites import quiet
from bench.sites.alike import HARNESS, refuse_differing
from bench.sites.bundle import Bundle
from bench.sites.dask_wire import DaskWire
from bench.sites.far import Far
from bench.sites.roster import Roster, RosterHost, assign, find_worker
from bench.trial.site import Sites
from bench.trial.versions import PYTHON

CONNECT_S = 10.0
GATHER_S = 10.0
"""How long workers may take to join that a roster names."""
BACK_S = 60.0
"""How long a worker that was lost may take to come back."""
LOOK_S = 0.5
ENGINE = ("dask", "distributed", "cloudpickle")
RESOURCE = "nomiddle"
"""The resource of workers that are meant, where there is no roster."""


class Seat(NamedTuple):
    """One host of a run: what it plays, its site, and its worker's processes."""

    player: RosterHost
    site: Far
    processes: tuple[int, ...]


class Laying:
    """Lays the wire to the worker of a name; again if it was lost.

    Raises HostGone if a worker that was lost does not come back in time.
    """

    def __init__(self, client: Client, player: RosterHost, code: Bundle) -> None:
        self._client, self._player, self._code = client, player, code
        self.wire: DaskWire | None = None

    def __call__(self) -> DaskWire:
        wait_s = BACK_S if self.wire else 0.0
        deadline, why = time.monotonic() + wait_s, "it is not there"
        while True:
            workers = workers_of(self._client)
            if name := find_worker(self._player.worker, hosts_of(workers)):
                address = workers[name]["address"]
                try:
                    self.wire = DaskWire(self._client, address, self._code)
                    return self.wire
                except OSError as error:
                    why = str(error)
            if self._client.status == "closed":
                raise HostGone("the scheduler of the hosts was lost")
            if time.monotonic() > deadline:
                raise HostGone(
                    f"host {self._player.name}: no agent could be started on its worker "
                    f"{self._player.worker!r} within {wait_s:g} s ({why})"
                )
            time.sleep(LOOK_S)


def workers_of(client: Client) -> dict[str, dict[str, Any]]:
    """Return what the scheduler knows of its workers, by their names."""
    known = client.scheduler_info(n_workers=-1)["workers"]
    return {str(w["name"]): {**w, "address": address} for address, w in known.items()}


def hosts_of(workers: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the host of each worker, by its name."""
    return {name: urlsplit(w["address"]).hostname or "" for name, w in workers.items()}


@contextmanager
def connected(roster: Roster) -> Iterator[Client]:
    """Yield a client of a cluster. Raises UsageError if it cannot be reached or trusted."""
    address = roster.scheduler or _address_in(roster.scheduler_file)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors here say it once
    rare = {"distributed.client.scheduler-info-interval": "1h"}
    with dask.config.set(rare):
        try:
            client = Client(
                address,
                security=_security(roster, address),
                timeout=CONNECT_S,
                set_as_default=False,
                name="nomiddle",
            )
        except (OSError, ValueError) as error:
            raise UsageError(
                f"no scheduler answers at {address}: {_root(error)}"
            ) from error
    try:
        yield client
    finally:
        # Without its scheduler it is connecting again, and fails to close in several ways.
        with suppress(OSError, ValueError):
            client.close()


def _address_in(file: str) -> str:
    try:
        return str(json.loads(Path(file).read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"scheduler_file {file} names no scheduler ({type(error).__name__}); start one "
            "with dask scheduler --scheduler-file"
        ) from error


def _security(roster: Roster, address: str) -> Security | None:
    """Return the certificates with which this harness proves who it is."""
    if not address.startswith("tls://"):
        return None
    named = {"ca": "ca_file", "certificate": "client_cert", "key": "client_key"}
    given = {f"tls_{named[key]}": path for key, path in roster.tls.items()}
    security = Security(require_encryption=True, **given)
    for what, path in (
        ("an authority", security.tls_ca_file),
        ("a certificate", security.tls_client_cert),
    ):
        if not path:
            raise UsageError(
                f"{address} wants {what}: name its file in hosts.toml, [tls], or in Dask's "
                "own configuration (docs/many-hosts.md)"
            )
    try:
        security.get_connection_args("client")
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(map(str, given.values())) or "those of Dask's configuration"
        raise UsageError(f"the certificates ({files}) cannot be read: {error}") from error
    return security


def _root(error: BaseException) -> str:
    """Return the text of the error behind an error."""
    while error.__cause__:
        error = error.__cause__
    return str(error) or type(error).__name__


def refuse_open(addresses: Sequence[str]) -> None:
    """Raise UsageError if who reaches one of these addresses may run programs there.

    An address without TLS is allowed on loopback alone.
    """
    for address in addresses:
        url = urlsplit(address)
        if url.scheme != "tls" and not _is_loopback(url.hostname or ""):
            raise UsageError(
                f"{address} has no TLS: any process that reaches it may run programs. "
                "Start scheduler and workers with certificates (docs/many-hosts.md)"
            )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def seated(roster: Roster, more: Sequence[Path] = ()) -> Iterator[list[Seat]]:
    """Yield the hosts of a roster, the driver's first, each with an agent.

    ``more`` are further implementations roots. Raises UsageError if the cluster is not as
    the roster says or as measurements need it, NotMeasurable if a host is taken.
    """
    with connected(roster) as client, ExitStack() as stack:
        players = _gather(client, roster)
        workers = workers_of(client)
        named = [find_worker(p.worker, hosts_of(workers)) for p in players]
        addresses = [workers[name]["address"] for name in named if name]
        refuse_open([client.scheduler.address, *addresses])
        _refuse_unlike_engines(client, dict(zip(addresses, players, strict=True)))
        code = Bundle(more)
        seats: list[Seat] = []
        for player, address in zip(players, addresses, strict=True):
            laying = Laying(client, player, code)
            host = player.address or str(urlsplit(address).hostname)
            try:
                site = stack.enter_context(Far(player.name, host, lay=laying, paths=code))
            except HostGone as error:  # it was never there
                raise NotMeasurable(str(error)) from error
            seats.append(_seat(player, site, laying))
        _refuse_one_host(seats)
        for seat in seats:
            seat.site.be_alone()
        yield seats


def _refuse_unlike_engines(client: Client, players: Mapping[str, RosterHost]) -> None:
    """Raise NotMeasurable with a table if Python or Dask differs: actors would fail.

    ``players`` are by the addresses of their workers.
    """

    def versions(said: Mapping[str, Any]) -> dict[str, str | None]:
        python = ".".join(str(said["host"]["python"]).split(".")[:3])
        return {PYTHON: python, **{name: said["packages"].get(name) for name in ENGINE}}

    said = client.get_versions()
    found = {HARNESS: versions(said["client"]), "scheduler": versions(said["scheduler"])}
    for address, player in players.items():
        found[player.name] = versions(said["workers"][address])
    refuse_differing([PYTHON, *ENGINE], found)


def _gather(client: Client, roster: Roster) -> list[RosterHost]:
    """Return the players once their workers are there."""
    deadline = time.monotonic() + GATHER_S
    while True:
        workers = workers_of(client)
        marked = [name for name, w in workers.items() if RESOURCE in w["resources"]]
        try:
            return assign(roster, hosts_of(workers), marked)
        except UsageError:
            if time.monotonic() > deadline:
                raise
        time.sleep(LOOK_S)


def _seat(player: RosterHost, site: Far, laying: Laying) -> Seat:
    """Give a site its address and its CPUs. Raises UsageError if its worker is loud."""
    assert laying.wire
    worker = laying.wire.worker(list(quiet.LOOKED_AT))
    if said := quiet.loud(worker["settings"]):
        raise UsageError(
            f"worker {player.worker!r} would disturb what it is near: {', '.join(said)}. "
            "Start scheduler and workers with the configuration that `nomiddle hosts "
            "--config` prints"
        )
    if player.interface:
        site.address = site.ask("address", interface=player.interface)
    cpus = site.facts["cpus"]
    site.cpus = tuple(cpus[:-1] or cpus)  # the last one is Dask's and the agent's
    return Seat(player, site, tuple(worker["processes"]))


def _refuse_one_host(seats: Sequence[Seat]) -> None:
    """Raise UsageError if two workers share a network, and so measure no link."""
    known: dict[tuple[str, int], RosterHost] = {}
    for seat in seats:
        where = (seat.site.facts["boot"], seat.site.facts["network"])
        if other := known.get(where):
            raise UsageError(
                f"workers {other.worker!r} and {seat.player.worker!r} are on one host: "
                "start each on a host of its own"
            )
        known[where] = seat.player


def sites_of_seats(seats: Sequence[Seat]) -> Sites:
    """Return the sites of a trial: the driver's is the first."""
    driver, *peers = (seat.site for seat in seats)
    return Sites(driver, tuple(peers))


def published_facts(seats: Sequence[Seat]) -> list[Mapping[str, Any]]:
    """Return what run.json says of each host: no name, no address."""
    return [
        {
            "host": seat.player.name,
            "plays": seat.player.plays,
            "cpu": seat.site.facts["cpu"],
            "cpus": len(seat.site.facts["cpus"]),
            "kernel": seat.site.facts["kernel"],
        }
        for seat in seats
    ]
