"""The CPUs on which a role may run: ``split``, ``shared``, ``free`` or ``apart``.

split   the driver on one set of CPUs, all peers on the other, as two hosts would be
shared  everything on one CPU: the cost of the work itself
free    the scheduler decides
apart   the driver on one host, all peers on others: the CPUs that are theirs there
"""

from __future__ import annotations

import os
from pathlib import Path

from bench.contract.model import APART
from bench.errors import NotMeasurable

TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


def allowed_cpus() -> list[int]:
    """Return the CPUs this process may use, in order."""
    return sorted(os.sched_getaffinity(0))


def physical_cores(cpus: list[int]) -> list[list[int]]:
    """Group CPUs by core; a CPU whose core is unknown is a group of its own."""
    groups: dict[str, list[int]] = {}
    for cpu in cpus:
        path = Path(TOPOLOGY.format(cpu))
        siblings = path.read_text(encoding="utf-8").strip() if path.exists() else str(cpu)
        groups.setdefault(siblings, []).append(cpu)
    return list(groups.values())


def halves(cpus: list[int]) -> tuple[list[int], list[int]]:
    """Cut CPUs into a driver's and the peers' set, and keep cores together if possible.

    Raises NotMeasurable with one CPU only.
    """
    if len(cpus) < 2:
        raise NotMeasurable(
            "placement split needs two CPUs, and this process may use one: allow it a "
            "second (taskset, or the options of the container)"
        )
    cores = physical_cores(cpus)
    if len(cores) == 1:
        cores = [[cpu] for cpu in cpus]
    middle = len(cores) // 2
    first, second = cores[:middle], cores[middle:]
    return [cpu for core in first for cpu in core], [cpu for core in second for cpu in core]


def cpus_for(placement: str, drives: bool) -> list[int]:
    """Return the CPUs of a role; a process that holds several roles counts as a peer.

    Raises NotMeasurable where there are too few CPUs, or no hosts to place roles apart.
    """
    cpus = allowed_cpus()
    if placement == APART:
        from bench.trial.site import sites_of  # it loads the harness

        sites = sites_of(placement)
        return list((sites.driver if drives else sites.peers[0]).cpus) or cpus
    if placement == "free":
        return cpus
    if placement == "shared":
        return cpus[-1:]
    driver, peers = halves(cpus)
    return driver if drives else peers
