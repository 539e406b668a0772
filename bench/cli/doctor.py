"""``doctor``: what would make this machine better to measure on; needs no privileges."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, LOOPS, PROJECT
from bench.errors import NotMeasurable, TrialError
from bench.faults.network.delayed import DelayedNetwork
from bench.faults.network.hosts import Network
from bench.faults.network.link import Link
from bench.measure import wrk
from bench.run import environment
from bench.run.block_environment import own_cpu_s
from bench.run.kernel import cpu_quota, kernel_facts, limits
from bench.run.machine import versions
from bench.run.preconditions import require_measurable
from bench.trial.build import BuildError, lacking
from bench.trial.kernel_files import ROOT, text
from bench.trial.placement import allowed_cpus, halves, physical_cores
from bench.trial.requirements import missing, version
from bench.trial.segments import are_counted

WATCHED_S = 1.0
CANARIES = 10
GOOD_CLOCKS = ("tsc", "kvm-clock", "arch_sys_counter")
OPEN_FILES_MIN = 1024
FREE_BYTES_MIN = 1 << 30


@dataclass(frozen=True)
class Advice:
    what: str
    remedy: str


def findings() -> list[Advice]:
    """Return what reduces precision on this machine, each with its remedy.

    This takes about a second and a half, because it observes the machine at rest.
    """
    try:
        require_measurable()
    except NotMeasurable as error:
        return [Advice("nothing can be measured here", str(error))]
    return [
        *cpus(allowed_cpus()),
        *flagged(observed()),
        *settings(ROOT),
        *resources(),
        *libraries(),
        *networks(),
    ]


def observed() -> list[environment.BlockEnvironment]:
    """Return the environment of one second at rest, and of a block for each canary."""
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


def flagged(blocks: list[environment.BlockEnvironment]) -> Iterator[Advice]:
    """Yield the reasons to flag a block that is measured now."""
    for reasons in environment.flags(blocks).values():
        for reason in reasons:
            yield Advice(
                f"a block measured now would be flagged: {reason}",
                "end other programs here, or on the machine that hosts this virtual one; "
                "blocks are interleaved, so noise widens intervals and favours no stack",
            )


def cpus(allowed: list[int]) -> Iterator[Advice]:
    try:
        halves(allowed)
    except NotMeasurable as error:
        yield Advice(str(error), "allow a second CPU; until then only `shared` is measured")
        return
    if len(physical_cores(allowed)) == 1:
        yield Advice(
            "all CPUs are hardware threads of one core, so `split` shares its units",
            "use a machine with two cores",
        )


def settings(root: Path) -> Iterator[Advice]:
    """Yield the settings of the kernel that reduce precision, read below ``root``."""
    facts = kernel_facts(root)
    if facts.get("clocksource", "tsc") not in GOOD_CLOCKS:
        yield Advice(
            f"the clock is {facts['clocksource']}, which is slow to read",
            "choose another: see available_clocksource beside current_clocksource in "
            "/sys/devices/system/clocksource/clocksource0",
        )
    if facts.get("governor", "performance") != "performance":
        yield Advice(
            f"the CPU's frequency governor is {facts['governor']}",
            "sudo python -m pyperf system tune",
        )
    if facts.get("no_turbo") == "0" or facts.get("boost") == "1":
        yield Advice(
            "the CPU's frequency rises and falls with its temperature (turbo is on)",
            "sudo python -m pyperf system tune",
        )
    quota = cpu_quota(root).split()
    if quota and quota[0] != "max":
        yield Advice(
            f"this control group may use {int(quota[0]) / int(quota[1]):.2f} CPUs only",
            "raise cpu.max of the container: throttled blocks are flagged",
        )
    if "hypervisor" in text(root, "proc/cpuinfo").split():
        yield Advice(
            "this is a virtual machine: waking a halted CPU is slow, and others share it",
            "use a machine of your own for absolute numbers; ratios survive better",
        )


def resources() -> Iterator[Advice]:
    files = limits()["open_files"]
    if isinstance(files, int) and files < OPEN_FILES_MIN:
        yield Advice(f"only {files} files may be open at once", "ulimit -n 4096")
    free_bytes = shutil.disk_usage(PROJECT).free
    if free_bytes < FREE_BYTES_MIN:
        yield Advice(f"only {free_bytes >> 20} MiB are free here", "make room for a run")
    if not os.access(PROJECT / "reports", os.W_OK):
        yield Advice("reports/ cannot be written", "give a run another folder with --out")
    if not are_counted():
        yield Advice(
            "the kernel does not count the TCP segments of a connection, so `check` cannot "
            "test which programs batch",
            "modprobe inet_diag tcp_diag, or a sandbox that permits NETLINK_SOCK_DIAG",
        )


def libraries() -> Iterator[Advice]:
    cells = find_cells([IMPLEMENTATIONS, FLOOR])
    lacks: dict[str, dict[str, None]] = {}
    for cell in cells:
        needed = f"stack {cell.stack.name}"
        if not set(missing(cell)) <= set(missing(cell.stack)):
            needed = f"{cell.stack.name}/{cell.variant.name}"
        lacks.setdefault(needed, {}).update(dict.fromkeys(missing(cell)))
    absent_loops = [loop for loop in LOOPS if version(loop) is None]
    lacks["the comparison of event loops"] = dict.fromkeys(absent_loops)
    for name, absent in lacks.items():
        if absent:
            yield Advice(
                f"{name} lacks {', '.join(absent)}",
                f"{sys.executable} -m pip install {' '.join(absent)}",
            )
    in_c = [cell for cell in cells if cell.language == "c"]
    if packages := dict.fromkeys(name for cell in in_c for name in lacking(cell)):
        yield Advice(
            "programs in C are not built: how much of a number is Python stays unknown",
            f"apt-get install {' '.join(packages)}",
        )
    if not wrk.is_installed():
        yield Advice(
            "wrk is not installed: HTTP's clients are not checked against one in C",
            "install the package wrk; `full` then uses it",
        )


def installed() -> str:
    """Return the versions of the libraries here, for example "python 3.11.7, ..."."""
    stacks = {cell.stack.name: cell.stack for cell in find_cells([IMPLEMENTATIONS])}
    return ", ".join(f"{n} {v}" for n, v in versions(list(stacks.values())).items())


def networks() -> Iterator[Advice]:
    """Try to make a network, and yield why its faults cannot be measured here."""
    try:
        with Network("near", "far") as network:
            Link(network)
    except (NotMeasurable, TrialError) as error:
        yield Advice(
            "faults of the link cannot be measured here",
            f"{error}; all other faults still are",
        )
        return
    try:
        with DelayedNetwork("near", "far", 0):
            pass
    except (NotMeasurable, TrialError, BuildError) as error:
        yield Advice("--delay-ms cannot be used here", str(error))
