"""Describe this machine and the versions of software on it, for every run."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bench.contract.model import LOOPS, PROJECT, Cell, Stack
from bench.run.kernel import kernel_facts, sysctls
from bench.trial.build import COMPILER, compiler_version, library_version
from bench.trial.kernel_files import ROOT, text
from bench.trial.placement import allowed_cpus
from bench.trial.requirements import requirements_of, version

CODE = ("bench", "implementations", "pyproject.toml", "constraints.txt")
CPUINFO = "proc/cpuinfo"
NATIVE = ("libzmq",)
IN_C = " in C"
"""Marks the library behind cells in C: Python's distributions bring their own copy."""
HARNESS = "nomiddle"
"""The name of this project's distribution."""


def _first(path: str, key: str, root: Path = ROOT) -> str:
    try:
        lines = (root / path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((ln.split(":", 1)[1].strip() for ln in lines if ln.startswith(key)), "")


def cpu_name(root: Path = ROOT) -> str:
    """Return the name of this machine's CPU, or on ARM the name of its board.

    If neither has a name, it is the architecture with the numbers of implementer and part.
    """
    name = _first(CPUINFO, "model name", root) or _first(CPUINFO, "Model", root)
    board = text(root, "sys/firmware/devicetree/base/model").rstrip("\0")
    if found := name or board or platform.processor():
        return found
    numbers = [
        f"{key.removeprefix('CPU ')} {number}"
        for key in ("CPU implementer", "CPU part")
        if (number := _first(CPUINFO, key, root))
    ]
    architecture = platform.machine() or "unknown CPU"
    return f"{architecture} ({', '.join(numbers)})" if numbers else architecture


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


@cache
def native_versions() -> dict[str, str]:
    """Return the versions of libraries that are inside of distributions."""
    if version("pyzmq") is None:
        return {}
    import zmq

    return {"libzmq": zmq.zmq_version()}


def c_version(name: str) -> str | None:
    """Return the version of the compiler or of a library of cells in C, or None.

    ``name`` is the compiler's, or pkg-config's name of a library followed by ``IN_C``.
    """
    if name == COMPILER:
        return compiler_version()
    return library_version(name.removesuffix(IN_C))


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
        "hypervisor": "hypervisor" in _first(CPUINFO, "flags").split(),
        "cpus": allowed_cpus() if sys.platform == "linux" else [],
        "memory": _first("proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "system": platform.platform(),
        **kernel_facts(),
        "sysctl": sysctls(),
        "versions": versions(stacks),
        "revision": git_revision(),
    }
