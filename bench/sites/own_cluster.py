"""A Dask cluster of our own: a scheduler and two workers in network namespaces, over TLS.

It shows how a run goes on a cluster, where there is none: ``selftest apart`` and tests use
it. Certificates are made for it, and nothing of it outlives it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme

from bench.errors import TrialError
from bench.faults.network.hosts import Network
from bench.sites import quiet
from bench.sites.cluster import connected
from bench.sites.door import door
from bench.sites.namespaces import DRIVER, PEER, cpus_of_hosts
from bench.sites.roster import DRIVER as DRIVES
from bench.sites.roster import PEERS, Roster, RosterHost
from bench.trial.addresses import LOOPBACK, listens
from bench.trial.processes import child_environment
from bench.trial.scratch import scratch_folder

PORT = 8786
START_S = 60.0
LOOK_S = 0.05
END_S = 10.0
SCHEDULER = "scheduler"
WORKERS = {DRIVER: "alpha", PEER: "beta"}
"""The names of the workers, by the host on which each is."""


class OwnCluster(NamedTuple):
    """A roster for it, and its processes by name: the scheduler, and the nannies."""

    roster: Roster
    processes: Mapping[str, subprocess.Popen[bytes]]
    logs: Path


@contextmanager
def own_cluster(network: Network, configuration: str = quiet.YAML) -> Iterator[OwnCluster]:
    """Yield a cluster on the two hosts of a network; its scheduler is with the driver.

    ``configuration`` is Dask's, as YAML.
    """
    with scratch_folder() as folder:
        tls = _certificates(folder)
        (folder / "dask.yaml").write_text(configuration, encoding="utf-8")
        address = f"tls://{network.address(DRIVER)}:{PORT}"
        with door(network.enter(DRIVER), network.address(DRIVER), PORT) as port:
            started: dict[str, subprocess.Popen[bytes]] = {}
            try:
                for name, host, words in _commands(network, address, folder):
                    started[name] = _start(network, host, [*words, *_files(tls)], folder)
                players = tuple(
                    RosterHost(host, worker, DRIVES if host == DRIVER else PEERS)
                    for host, worker in WORKERS.items()
                )
                roster = Roster(f"tls://{LOOPBACK}:{port}", "", tls, players)
                _await(started, roster, address)
                yield OwnCluster(roster, started, folder)
            finally:
                _end(started)


def _certificates(folder: Path) -> dict[str, str]:
    """Make an authority and one certificate, for every end; return a roster's ``tls``."""
    authority = trustme.CA()
    made = authority.issue_cert("nomiddle")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    made.private_key_and_cert_chain_pem.write_to_path(folder / "end.pem")
    ours = str(folder / "end.pem")
    return {"ca": str(folder / "ca.pem"), "certificate": ours, "key": ours}


def _files(tls: Mapping[str, str]) -> list[str]:
    options = {"ca": "--tls-ca-file", "certificate": "--tls-cert", "key": "--tls-key"}
    return [word for key, option in options.items() for word in (option, tls[key])]


def _commands(
    network: Network, address: str, folder: Path
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the name, the host and the words of each process."""
    host = network.address(DRIVER)
    yield (
        SCHEDULER,
        DRIVER,
        [SCHEDULER, "--host", address, "--no-dashboard", "--no-jupyter"],
    )
    for where, worker in WORKERS.items():
        host = network.address(where)
        named = [address, "--name", worker, "--host", host, "--no-dashboard"]
        small = ["--nthreads", "1", "--memory-limit", "0"]
        yield worker, where, ["worker", *named, *small, "--local-directory", str(folder)]


def _start(
    network: Network, host: str, words: list[str], folder: Path
) -> subprocess.Popen[bytes]:
    cpus = ",".join(map(str, cpus_of_hosts()[host]))
    with open(folder / f"{words[0]}.{host}.log", "wb") as log:
        return subprocess.Popen(
            [
                *network.enter(host),
                *(sys.executable, "-m", "bench.sites.engine", str(os.getpid()), cpus),
                *words,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**child_environment(), "DASK_CONFIG": str(folder / "dask.yaml")},
            process_group=0,
        )


def _await(
    started: Mapping[str, subprocess.Popen[bytes]], roster: Roster, address: str
) -> None:
    """Wait until the workers have joined. Raises TrialError if one does not start."""
    deadline = time.monotonic() + START_S
    while not listens(address.replace("tls", "tcp"), started[SCHEDULER].pid):
        if time.monotonic() > deadline or started[SCHEDULER].poll() is not None:
            raise TrialError("the scheduler of a cluster in namespaces did not start")
        time.sleep(LOOK_S)
    with connected(roster) as client:
        try:
            client.wait_for_workers(len(WORKERS), timeout=START_S)
        except TimeoutError as error:
            raise TrialError("the workers of a cluster did not start") from error


def _end(started: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Ask workers to end, then the scheduler, and kill what does not."""
    for process in reversed(list(started.values())):
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
