"""What would make this machine a better one to measure on; needs no privileges."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import environment
from bench.build import lacking
from bench.contract import FLOOR, IMPLEMENTATIONS, PROJECT
from bench.errors import NotMeasurable, TrialError
from bench.find import find_cells
from bench.kernel import ROOT, cpu_quota, kernel_facts, limits, text
from bench.machine import missing, versions
from bench.measure import wrk
from bench.network.hosts import Network
from bench.network.link import Link
from bench.network.tun import DelayedLink
from bench.placement import allowed_cpus, halves, physical_cores
from bench.processes import require_linux
from bench.watch import own_cpu_s

WATCHED_S = 1.0
CANARIES = 10
GOOD_CLOCKS = ("tsc", "kvm-clock", "arch_sys_counter")
OPEN_FILES_MIN = 1024
FREE_BYTES_MIN = 1 << 30


@dataclass(frozen=True)
class Finding:
    what: str
    remedy: str


def findings() -> list[Finding]:
    """Return what is in the way of good numbers here, each with what to do about it.

    Takes about a second and a half: the machine is watched while nothing of the harness
    runs.
    """
    try:
        require_linux()
    except NotMeasurable as error:
        return [Finding("nothing can be measured here", str(error))]
    return [
        *cpus(allowed_cpus()),
        *flagged(watched()),
        *settings(ROOT),
        *resources(),
        *libraries(),
        *networks(),
    ]


def watched() -> list[environment.BlockEnvironment]:
    """Return what the machine did in a second of rest, and canaries as blocks of it."""
    before, used_s = environment.take(), own_cpu_s()
    time.sleep(WATCHED_S)
    rested_s = own_cpu_s() - used_s
    after = environment.take()
    canaries_ms = [environment.canary_ms() for _ in range(CANARIES)]
    usual_ms = median(canaries_ms)
    rest = environment.between(before, after, rested_s, usual_ms, 0, 0, 0)
    slowest = environment.between(after, after, 0.0, max(canaries_ms), 1, 0, 0)
    usual = environment.between(after, after, 0.0, usual_ms, 2, 0, 0)
    return [rest, slowest, usual]


def flagged(blocks: list[environment.BlockEnvironment]) -> Iterator[Finding]:
    """Yield what would flag a block of a run that was made now."""
    for reasons in environment.flags(blocks).values():
        for reason in reasons:
            yield Finding(
                f"a block measured now would be flagged: {reason}",
                "end what else runs here, or on the machine below this virtual one; the "
                "blocks are interleaved, so that noise widens intervals rather than "
                "favouring a stack",
            )


def cpus(allowed: list[int]) -> Iterator[Finding]:
    try:
        halves(allowed)
    except NotMeasurable as error:
        yield Finding(
            str(error), "allow a second CPU; until then only `shared` is measured"
        )
        return
    if len(physical_cores(allowed)) == 1:
        yield Finding(
            "all CPUs are hardware threads of one core, so `split` shares its units",
            "use a machine with two cores",
        )


def settings(root: Path) -> Iterator[Finding]:
    """Yield settings of a kernel, read below ``root``, that cost precision."""
    facts = kernel_facts(root)
    if facts.get("clocksource", "tsc") not in GOOD_CLOCKS:
        yield Finding(
            f"the clock is {facts['clocksource']}, which is slow to read",
            "choose another: see available_clocksource beside current_clocksource in "
            "/sys/devices/system/clocksource/clocksource0",
        )
    if facts.get("governor", "performance") != "performance":
        yield Finding(
            f"the CPU's frequency governor is {facts['governor']}",
            "sudo python -m pyperf system tune",
        )
    if facts.get("no_turbo") == "0" or facts.get("boost") == "1":
        yield Finding(
            "the CPU's frequency rises and falls with its temperature (turbo is on)",
            "sudo python -m pyperf system tune",
        )
    quota = cpu_quota(root).split()
    if quota and quota[0] != "max":
        yield Finding(
            f"this control group may use {int(quota[0]) / int(quota[1]):.2f} CPUs only",
            "raise cpu.max of the container: throttled blocks are flagged",
        )
    if "hypervisor" in text(root, "proc/cpuinfo").split():
        yield Finding(
            "this is a virtual machine: waking a halted CPU is slow, and others share it",
            "use a machine of your own for absolute numbers; ratios survive better",
        )


def resources() -> Iterator[Finding]:
    files = limits()["open_files"]
    if isinstance(files, int) and files < OPEN_FILES_MIN:
        yield Finding(f"only {files} files may be open at once", "ulimit -n 4096")
    free_bytes = shutil.disk_usage(PROJECT).free
    if free_bytes < FREE_BYTES_MIN:
        yield Finding(f"only {free_bytes >> 20} MiB are free here", "make room for a run")
    if not os.access(PROJECT / "reports", os.W_OK):
        yield Finding("reports/ cannot be written", "give a run another folder with --out")


def libraries() -> Iterator[Finding]:
    cells = find_cells([IMPLEMENTATIONS, FLOOR])
    for stack in {cell.stack.name: cell.stack for cell in cells}.values():
        if absent := missing(stack):
            yield Finding(
                f"stack {stack.name} lacks {', '.join(absent)}",
                f"{sys.executable} -m pip install {' '.join(absent)}",
            )
    in_c = [cell for cell in cells if cell.language == "c"]
    if packages := dict.fromkeys(name for cell in in_c for name in lacking(cell)):
        yield Finding(
            "cells in C are not built: how much of a number is Python stays unknown",
            f"apt-get install {' '.join(packages)}",
        )
    if not wrk.is_installed():
        yield Finding(
            "wrk is not installed: HTTP's clients are not checked against one in C",
            "install the package wrk; `full` then uses it",
        )


def installed() -> str:
    """Return the versions of all that cells run on here: "python 3.11.7, ..."."""
    stacks = {cell.stack.name: cell.stack for cell in find_cells([IMPLEMENTATIONS])}
    return ", ".join(f"{n} {v}" for n, v in versions(list(stacks.values())).items())


def networks() -> Iterator[Finding]:
    """Yield what is in the way of faults of the network, having made one for a moment."""
    failing, remedy = "rows that cut links", "faults that need no link are measured"
    try:
        with Network("near", "far") as network:
            Link(network)
            failing, remedy = "links with a delay", "all other faults are measured"
            DelayedLink(network).close()
    except (NotMeasurable, TrialError) as error:
        yield Finding(f"{failing} cannot be measured here", f"{error}; {remedy}")
