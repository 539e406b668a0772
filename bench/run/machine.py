"""Describe this machine and the versions of software on it, for every run."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.contract.model import LOOPS, PROJECT, Cell, Stack
from bench.run.kernel import kernel_facts, sysctls
from bench.trial.build import COMPILER
from bench.trial.kernel_files import CPUINFO, cpu_name, first_value
from bench.trial.placement import allowed_cpus
from bench.trial.requirements import requirements_of, version
from bench.trial.versions import IN_C, NATIVE, c_version, native_versions

CODE = ("bench", "implementations", "pyproject.toml", "constraints.txt")
HARNESS = "nomiddle"
"""The name of this project's distribution."""


def git_revision() -> str:
    """Return the checked-out revision, with ``+dirty`` if changed, or an empty string."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(PROJECT), *words],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        dirty = git("status", "--porcelain", "--untracked-files=no", "--", *CODE)
        return git("rev-parse", "--short=12", "HEAD") + ("+dirty" if dirty else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def versions(stacks: Sequence[Stack]) -> dict[str, str]:
    """Return the versions of all software that the harness and the stacks' cells use.

    libzmq has two versions: pyzmq brings one, and programs in C use that of the system.
    """
    names = {*(requirements_of(HARNESS) or ()), *LOOPS}
    for stack in stacks:
        names.update(stack.requirements)
        names.update(name for each in stack.variants.values() for name in each.requirements)
    found = {name: value for name in sorted(names) if (value := version(name))}
    native = native_versions() if "pyzmq" in found else {}
    libraries = {name for stack in stacks for name in stack.c_libraries}
    c_names = [COMPILER, *(name + IN_C for name in sorted(libraries))]
    c_found = {name: value for name in c_names if (value := c_version(name))}
    return {"python": platform.python_version(), **found, **native, **c_found}


def behind(stacks: Mapping[str, Mapping[str, Any]], cell: str, loop: str = "") -> list[str]:
    """Return the names among ``versions`` of the software that a cell uses.

    ``stacks`` is the entry of run.json. ``cell`` is an id, or the name of a stack; ``loop``
    is its event loop. Runs of earlier versions had no cells in C, and no libraries of C.
    """
    name, variant, *_ = f"{cell}/".split("/")
    stack = stacks[name]
    if cell.endswith(".c"):
        return [COMPILER, *(name + IN_C for name in stack.get("c_libraries", ()))]
    native = NATIVE if "pyzmq" in stack["requirements"] else ()
    further = [*stack.get("variants", {}).get(variant, []), *filter(None, [loop])]
    return ["python", *stack["requirements"], *further, *native]


def versions_behind(
    cells: Iterable[Cell], stacks: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Return the versions of the software that each cell uses, by its ``timed_id``."""
    by_id = {cell.timed_id: cell for cell in cells}
    found = versions([cell.stack for cell in by_id.values()])
    return {
        timed: {
            f"{name}_version": found[name]
            for name in behind(stacks, cell.id, cell.loop)
            if name in found
        }
        for timed, cell in by_id.items()
    }


def describe(stacks: Sequence[Stack]) -> dict[str, Any]:
    """Return the facts of this machine that a reader needs to judge its numbers."""
    return {
        "host": platform.node(),
        "cpu": cpu_name(),
        "hypervisor": "hypervisor" in first_value(CPUINFO, "flags").split(),
        "cpus": allowed_cpus() if sys.platform == "linux" else [],
        "memory": first_value("proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "system": platform.platform(),
        **kernel_facts(),
        "sysctl": sysctls(),
        "versions": versions(stacks),
        "revision": git_revision(),
    }
