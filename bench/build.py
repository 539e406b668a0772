"""The programs of the cells in C: what they need, and how they are built.

Each is one executable, the host linked with the cell, below ``build/``; it is made again
when one of its sources is newer. A compiler and libraries are optional: without them, the
rows of these cells say what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bench.contract import PROJECT, Cell
from bench.errors import NoMiddleError

BUILD = PROJECT / "build"
HOST = PROJECT / "bench" / "hosts"
COMPILER = "gcc"
PKG_CONFIG = "pkg-config"
FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread")
SANITIZERS = ("-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined")
STOP_AT_FIRST = "-fno-sanitize-recover=all"
HOST_LIBRARIES = {"jansson": "libjansson-dev", "zlib": "zlib1g-dev"}
"""pkg-config's names, and the Debian packages that have them."""


_building = threading.Lock()


class BuildError(NoMiddleError):
    """A cell in C does not compile; the message is the compiler's."""


def executable(cell: Cell) -> Path:
    """Return where the program of a cell in C is, or will be."""
    kind = "sanitized" if cell.sanitized else "optimized"
    below = cell.path.with_suffix("")
    inside = below.is_relative_to(PROJECT)
    return BUILD / kind / (below.relative_to(PROJECT) if inside else below.relative_to("/"))


@cache
def has_library(name: str) -> bool:
    return subprocess.run([PKG_CONFIG, "--exists", name], check=False).returncode == 0


def _libraries(cell: Cell) -> dict[str, str]:
    return HOST_LIBRARIES | cell.stack.c_libraries


def lacking(cell: Cell) -> list[str]:
    """Return the Debian packages to install before a cell in C can be built."""
    tools = [tool for tool in (COMPILER, PKG_CONFIG) if not shutil.which(tool)]
    if PKG_CONFIG in tools:
        return [*tools, *_libraries(cell).values()]
    return tools + [
        package for name, package in _libraries(cell).items() if not has_library(name)
    ]


def _sources(cell: Cell) -> list[Path]:
    """Return all that a program is made of, and what says how."""
    headers = [path for folder in cell.search for path in folder.glob("*.h")]
    how = [cell.stack.folder / "stack.toml", Path(__file__)]
    return [cell.path, *headers, *HOST.glob("*.[ch]"), *how]


def is_current(cell: Cell) -> bool:
    """Say whether the program of a cell in C is there, and newer than its sources."""
    program = executable(cell)
    if not program.exists():
        return False
    built = program.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns < built for source in _sources(cell))


def pkg_config(option: str, libraries: Iterable[str]) -> list[str]:
    ended = subprocess.run(
        [PKG_CONFIG, option, *libraries], capture_output=True, text=True, check=True
    )
    return ended.stdout.split()


def _command(cell: Cell, program: Path) -> list[str]:
    libraries = list(_libraries(cell))
    return [
        COMPILER,
        *FLAGS,
        *((*SANITIZERS, STOP_AT_FIRST) if cell.sanitized else ()),
        *(f"-I{folder}" for folder in (HOST, *cell.search)),
        *pkg_config("--cflags", libraries),
        *map(str, sorted(HOST.glob("*.c"))),
        str(cell.path),
        *pkg_config("--libs", libraries),
        "-o",
        str(program),
    ]


def build(cell: Cell) -> bool:
    """Build a cell in C if it is not current; say whether anything was to be done.

    Raises BuildError where something is missing, or where the compiler refuses.
    """
    with _building:  # checks of one cell over several transports begin side by side
        if is_current(cell):
            return False
        if packages := lacking(cell):
            raise BuildError(f"{cell.id} {not_built(packages)}")
        _compile(cell, executable(cell))
    return True


def _compile(cell: Cell, program: Path) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(f".{os.getpid()}")
    began_ns = time.time_ns()
    ended = subprocess.run(
        _command(cell, unfinished), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise BuildError(f"{cell.id} does not compile:\n{ended.stderr.rstrip()}")
    os.utime(unfinished, ns=(began_ns, began_ns))  # what is edited meanwhile is newer
    unfinished.rename(program)  # a process that runs the old one keeps it


def not_built(packages: Iterable[str]) -> str:
    return f"not built: apt-get install {' '.join(packages)}"
