"""Versions by name: of distributions, of what is inside of them, and of libraries."""

from __future__ import annotations

import platform
from functools import cache

from bench.trial.build import COMPILER, compiler_version, library_version
from bench.trial.requirements import version

PYTHON = "python"
NATIVE = ("libzmq",)
IN_C = " in C"
"""Marks the library behind cells in C: Python's distributions bring their own copy."""


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


def version_of(name: str) -> str | None:
    """Return the version here of anything that a cell may need, by its name, or None."""
    if name == PYTHON:
        return platform.python_version()
    if name in NATIVE:
        return native_versions().get(name)
    if name == COMPILER or name.endswith(IN_C):
        return c_version(name)
    return version(name)
