"""What machine this is, and which versions run on it: recorded with every run."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.build import COMPILER, PKG_CONFIG
from bench.contract import PROJECT, Cell, Stack
from bench.kernel import kernel_facts, sysctls
from bench.placement import allowed_cpus

CODE = ("bench", "implementations", "pyproject.toml", "constraints.txt")
NATIVE = ("libzmq",)
IN_C = " in C"
"""Marks the library behind cells in C: Python's distributions bring their own copy."""
HARNESS = ("pyperf", "numpy", "pandas", "matplotlib")


def _first(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((ln.split(":", 1)[1].strip() for ln in lines if ln.startswith(key)), "")


def git_revision() -> str:
    """Return the revision that is checked out, ``+dirty`` when it was changed; or ''."""

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
def version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def missing(stack: Stack) -> list[str]:
    """Return the distributions a stack needs that are not installed."""
    return [name for name in stack.requirements if version(name) is None]


@cache
def native_versions() -> dict[str, str]:
    """Return the versions of libraries that come inside of distributions."""
    if version("pyzmq") is None:
        return {}
    import zmq

    return {"libzmq": zmq.zmq_version()}


@cache
def c_version(name: str) -> str | None:
    """Return the version of what cells in C are built with, None where it is not there.

    ``name`` is the compiler's, or pkg-config's name of a library followed by ``IN_C``.
    """
    if name == COMPILER:
        words = [COMPILER, "-dumpfullversion"]
    else:
        words = [PKG_CONFIG, "--modversion", name.removesuffix(IN_C)]
    try:
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.strip()


def versions(stacks: Sequence[Stack]) -> dict[str, str]:
    """Return the versions of all that the harness and the stacks' cells run on.

    libzmq has two: that which pyzmq brings, and that of the system, behind C.
    """
    names = {*HARNESS, *(name for stack in stacks for name in stack.requirements)}
    found = {name: value for name in sorted(names) if (value := version(name))}
    native = native_versions() if "pyzmq" in found else {}
    libraries = {name for stack in stacks for name in stack.c_libraries}
    c_names = [COMPILER, *(name + IN_C for name in sorted(libraries))]
    c_found = {name: value for name in c_names if (value := c_version(name))}
    return {"python": platform.python_version(), **found, **native, **c_found}


def behind(stacks: Mapping[str, Mapping[str, Any]], cell: str) -> list[str]:
    """Return the names among ``versions`` of what a cell runs on.

    ``stacks`` is what run.json says of them, ``cell`` an id. Runs of earlier versions say
    nothing of libraries of C, and had no cells in it.
    """
    stack = stacks[cell.split("/", maxsplit=1)[0]]
    if cell.endswith(".c"):
        return [COMPILER, *(name + IN_C for name in stack.get("c_libraries", ()))]
    native = NATIVE if "pyzmq" in stack["requirements"] else ()
    return ["python", *stack["requirements"], *native]


def versions_behind(
    cells: Iterable[Cell], stacks: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Return the versions of what each cell runs on, by its id and ``<name>_version``."""
    by_id = {cell.id: cell for cell in cells}
    found = versions([cell.stack for cell in by_id.values()])
    return {
        cell: {
            f"{name}_version": found[name] for name in behind(stacks, cell) if name in found
        }
        for cell in by_id
    }


def describe(stacks: Sequence[Stack]) -> dict[str, Any]:
    """Return the facts of this machine that a reader needs to judge its numbers."""
    cpuinfo = "/proc/cpuinfo"
    return {
        "host": platform.node(),
        "cpu": _first(cpuinfo, "model name") or platform.processor(),
        "hypervisor": "hypervisor" in _first(cpuinfo, "flags").split(),
        "cpus": allowed_cpus() if sys.platform == "linux" else [],
        "memory": _first("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "system": platform.platform(),
        **kernel_facts(),
        "sysctl": sysctls(),
        "versions": versions(stacks),
        "revision": git_revision(),
    }
