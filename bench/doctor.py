"""What would make this machine a better one to measure on; needs no privileges."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.contract import FLOOR, IMPLEMENTATIONS, find_cells
from bench.errors import NotMeasurable
from bench.machine import missing
from bench.placement import allowed_cpus, halves, physical_cores
from bench.processes import require_linux

LOAD_MAX = 0.3
"""Processes wanting a CPU, on average, above which an idle machine is not idle."""
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


@dataclass(frozen=True)
class Finding:
    what: str
    remedy: str


def findings() -> list[Finding]:
    """Return what is in the way of good numbers here, each with what to do about it."""
    return list(_findings())


def _findings() -> Iterator[Finding]:
    try:
        require_linux()
    except NotMeasurable as error:
        yield Finding("nothing can be measured here", str(error))
        return
    yield from _cpus()
    load = os.getloadavg()[0]
    if load > LOAD_MAX:
        yield Finding(
            f"the machine is busy: load {load:.2f}",
            "end what else runs, then measure; the blocks are interleaved, so a busy "
            "machine widens the intervals rather than favouring a stack",
        )
    if GOVERNOR.exists() and (governor := GOVERNOR.read_text().strip()) != "performance":
        yield Finding(
            f"the CPU's frequency governor is {governor}",
            "sudo python -m pyperf system tune",
        )
    for stack in {
        c.stack.name: c.stack for c in find_cells([IMPLEMENTATIONS, FLOOR])
    }.values():
        if absent := missing(stack):
            yield Finding(
                f"stack {stack.name} lacks {', '.join(absent)}",
                f"{sys.executable} -m pip install {' '.join(absent)}",
            )


def _cpus() -> Iterator[Finding]:
    cpus = allowed_cpus()
    try:
        halves(cpus)
    except NotMeasurable as error:
        yield Finding(
            str(error), "allow a second CPU; until then only `shared` is measured"
        )
        return
    if len(physical_cores(cpus)) == 1:
        yield Finding(
            "all CPUs are hardware threads of one core, so `split` shares its units",
            "use a machine with two cores",
        )
    if "hypervisor" in Path("/proc/cpuinfo").read_text():
        yield Finding(
            "this is a virtual machine: waking a halted CPU is slow, and others share it",
            "use a machine of your own for absolute numbers; ratios survive better",
        )
