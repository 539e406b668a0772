"""What machine this is, and which versions run on it: recorded with every run."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.contract import PROJECT, Stack
from bench.kernel import kernel_facts, sysctls
from bench.placement import allowed_cpus

CODE = ("bench", "implementations", "pyproject.toml", "constraints.txt")
NATIVE = ("libzmq",)
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


def versions(stacks: Sequence[Stack]) -> dict[str, str]:
    """Return the versions of the harness's and the stacks' distributions, and libzmq's."""
    names = {*HARNESS, *(name for stack in stacks for name in stack.requirements)}
    found = {name: value for name in sorted(names) if (value := version(name))}
    native = native_versions() if "pyzmq" in found else {}
    return {"python": platform.python_version(), **found, **native}


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
