"""The roster of a cluster: which worker plays what. A file has it, or workers decide.

    scheduler = "tls://10.1.0.1:8786"   or: scheduler_file = "cluster.json"

    [tls]                               default: as Dask's own configuration says
    ca = "ca.pem"                       paths are relative to this file
    certificate = "me.pem"
    key = "me.key"                      default: the certificate's file has it too

    [hosts.a]
    worker = "alpha"                    the name of a worker, or its host where it has none
    plays = "driver"                    or "peers"
    address = "10.1.0.1"                where measured sockets are bound; interface = "eth1"
                                        says it too; default: the worker's own address

A host is called by one letter, because its name is published with a run. The names of
workers, addresses and files are not.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import UsageError, near

DRIVER, PEERS = "driver", "peers"
KEYS = ("scheduler", "scheduler_file", "tls", "hosts")
TLS_KEYS = ("ca", "certificate", "key")
HOST_KEYS = ("worker", "plays", "address", "interface")
SCHEMES = ("tls", "tcp")
LETTERS = string.ascii_lowercase


Workers = Mapping[str, str]
"""The workers of a cluster: the host of each, by its name."""


class RosterHost(NamedTuple):
    """One host: its name, its worker's, and what it plays."""

    name: str
    worker: str
    plays: str
    address: str = ""
    interface: str = ""


class Roster(NamedTuple):
    """A cluster and its hosts. ``tls`` has the files of ``TLS_KEYS`` that are named.

    Without ``players`` the workers that are there decide (``assign``).
    """

    scheduler: str = ""
    scheduler_file: str = ""
    tls: Mapping[str, str] = {}
    players: tuple[RosterHost, ...] = ()


def is_address(where: str) -> bool:
    """Say whether a word is the address of a scheduler, and no path."""
    return "://" in where


def read_roster(where: str) -> Roster:
    """Return the roster of a file, or of a scheduler's address.

    Raises UsageError for a file that does not follow the form above.
    """
    if is_address(where):
        return Roster(scheduler=_address(where, "--hosts"))
    path = Path(where)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"--hosts {where}: {error.strerror}; name a file, the address of a scheduler "
            "(tls://10.1.0.1:8786), or namespaces"
        ) from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error
    _refuse_unknown(path, table, KEYS)
    tls = _table(path, table, "tls")
    _refuse_unknown(path, tls, TLS_KEYS, "[tls] ")
    scheduler, file = _word(path, table, "scheduler"), _word(path, table, "scheduler_file")
    if bool(scheduler) == bool(file):
        raise UsageError(
            f'{path}: write one of scheduler = "tls://10.1.0.1:8786" and scheduler_file = '
            '"cluster.json"'
        )
    return Roster(
        _address(scheduler, str(path)) if scheduler else "",
        str(path.parent / file) if file else "",
        {key: str(path.parent / _word(path, tls, key)) for key in tls},
        _players(path, _table(path, table, "hosts")),
    )


def _players(path: Path, hosts: Mapping[str, Any]) -> tuple[RosterHost, ...]:
    found = []
    for name in hosts:
        where, row = f"[hosts.{name}] ", _table(path, hosts, name)
        if name not in [*LETTERS]:
            raise UsageError(
                f"{path}: {where}is published with a run: call the host a, b or c"
            )
        _refuse_unknown(path, row, HOST_KEYS, where)
        words = {key: _word(path, row, key, where) for key in row}
        if not words.get("worker") or words.get("plays") not in (DRIVER, PEERS):
            raise UsageError(
                f'{path}: {where}needs worker = "its name" and plays = "driver" or "peers"'
            )
        if {"address", "interface"} <= words.keys():
            raise UsageError(f"{path}: {where}needs an address or an interface, not both")
        found.append(RosterHost(name, **words))
    drivers = sum(player.plays == DRIVER for player in found)
    if found and (drivers != 1 or len(found) < 2):
        raise UsageError(
            f"{path}: write one host that plays the driver, and at least one for the peers"
        )
    workers = [player.worker for player in found]
    if len(set(workers)) < len(workers):
        raise UsageError(f"{path}: each host needs a worker of its own")
    return tuple(sorted(found, key=lambda player: player.plays != DRIVER))


def find_worker(wanted: str, workers: Workers) -> str | None:
    """Return the worker that is meant by its name, or by a host that has no other one."""
    if wanted in workers:
        return wanted
    there = [name for name, host in workers.items() if host == wanted]
    return there[0] if len(there) == 1 else None


def assign(roster: Roster, workers: Workers, marked: Collection[str]) -> list[RosterHost]:
    """Return the hosts of the roster, or workers in the order of their names.

    ``marked`` are the workers with the resource of this project. Raises UsageError if
    workers are missing, or if it is not plain who is meant.
    """
    if not roster.players:
        return _assign_anew(workers, marked)
    for player in roster.players:
        if find_worker(player.worker, workers) is None:
            there = ", ".join(sorted(workers)) or "none at all"
            raise UsageError(
                f"host {player.name}: the cluster has no worker {player.worker!r}"
                f"{near(player.worker, workers)}; there are {there}"
            )
    return list(roster.players)


def _assign_anew(workers: Workers, marked: Collection[str]) -> list[RosterHost]:
    chosen = sorted(marked or workers)
    if len(chosen) < 2:
        said = f"the only one is {chosen[0]!r}" if chosen else "there is none"
        raise UsageError(
            f"two workers are needed, and {said}: start more, each on a host of its own"
        )
    if len(chosen) > 2 and not marked:
        raise UsageError(
            f"the cluster has {len(chosen)} workers: start those that are meant with "
            "--resources nomiddle=1, or name them in hosts.toml (docs/many-hosts.md)"
        )
    if len(chosen) > len(LETTERS):
        raise UsageError(f"{len(chosen)} workers are meant: at most {len(LETTERS)} can be")
    return [
        RosterHost(name, _lasting(worker, workers), PEERS if number else DRIVER)
        for number, (name, worker) in enumerate(zip(LETTERS, chosen, strict=False))
    ]


def _lasting(worker: str, workers: Workers) -> str:
    """Return by what a worker is found again that has been restarted.

    Without a name of its own it is called by its address, which has another port then.
    """
    return workers[worker] if "://" in worker else worker


def _address(address: str, where: str) -> str:
    if address.partition("://")[0] not in SCHEMES:
        raise UsageError(
            f'{where}: {address!r} is not the address of a scheduler: "tls://10.1.0.1:8786"'
        )
    return address


def _refuse_unknown(
    path: Path, table: Mapping[str, Any], known: Collection[str], where: str = ""
) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"{path}: {where}has no key {key!r}{near(key, known)}")


def _table(path: Path, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{path}: {key} has to be a table: [{key}]")
    return value


def _word(path: Path, table: Mapping[str, Any], key: str, where: str = "") -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"{path}: {where}{key} = {value!r}: write it in quotes")
    return value
