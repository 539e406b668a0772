"""Build programs in C, and name what they need.

Each program is one executable below ``build/``: a frame that is linked with one file. It is
built again if one of its sources is newer. The frame of a cell is the host. A compiler and
libraries are optional: without them, tables show what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from bench.contract.model import PROJECT, Stack
from bench.errors import NoMiddleError

BUILD = PROJECT / "build"
HOST = PROJECT / "bench" / "hosts"
COMPILER = "gcc"
PKG_CONFIG = "pkg-config"
FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread")
SANITIZERS = ("-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined")
STOP_AT_FIRST = "-fno-sanitize-recover=all"


@dataclass(frozen=True)
class Frame:
    """The frame of a file in C: all files of a folder, and the libraries that they need.

    ``libraries`` maps names of pkg-config to packages of Debian. ``headers`` are further
    folders of headers.
    """

    folder: Path
    libraries: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[Path, ...] = ()


HOST_FRAME = Frame(HOST, {"jansson": "libjansson-dev", "zlib": "zlib1g-dev"})


class InC(Protocol):
    """A file in C of a stack: a cell, or an embedded server."""

    @property
    def id(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def search(self) -> tuple[Path, ...]: ...
    @property
    def stack(self) -> Stack: ...
    @property
    def sanitized(self) -> bool: ...


_building = threading.Lock()


class BuildError(NoMiddleError):
    """A program in C does not compile; the message is the compiler's."""


def executable(file: InC) -> Path:
    """Return where the program of a file in C is, or will be."""
    kind = "sanitized" if file.sanitized else "optimized"
    below = file.path.with_suffix("")
    inside = below.is_relative_to(PROJECT)
    return BUILD / kind / (below.relative_to(PROJECT) if inside else below.relative_to("/"))


@cache
def _has_library(name: str) -> bool:
    return subprocess.run([PKG_CONFIG, "--exists", name], check=False).returncode == 0


def _said(*words: str) -> str | None:
    """Return what a program answers to a question about a version, None without answer."""
    try:
        ended = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return ended.stdout.strip()


@cache
def compiler_version() -> str | None:
    """Return the version of the compiler here, None without one."""
    return _said(COMPILER, "-dumpfullversion")


@cache
def library_version(name: str) -> str | None:
    """Return the version of a library by its name in pkg-config, None without it."""
    return _said(PKG_CONFIG, "--modversion", name)


def _libraries(file: InC, frame: Frame) -> dict[str, str]:
    return {**frame.libraries, **file.stack.c_libraries}


def lacking(file: InC, frame: Frame = HOST_FRAME) -> list[str]:
    """Return the Debian packages to install before a file in C can be built."""
    tools = [tool for tool in (COMPILER, PKG_CONFIG) if not shutil.which(tool)]
    libraries = _libraries(file, frame)
    if PKG_CONFIG in tools:
        return [*tools, *libraries.values()]
    return tools + [
        package for name, package in libraries.items() if not _has_library(name)
    ]


def _sources(file: InC, frame: Frame) -> list[Path]:
    """Return every source of a program, and the files with its build settings."""
    folders = (*file.search, *frame.headers)
    headers = [path for folder in folders for path in folder.glob("*.h")]
    how = [file.stack.folder / "stack.toml", Path(__file__)]
    return [file.path, *headers, *frame.folder.glob("*.[ch]"), *how]


def is_current(file: InC, frame: Frame = HOST_FRAME) -> bool:
    """Return whether the program of a file in C exists and is newer than its sources."""
    program = executable(file)
    if not program.exists():
        return False
    built = program.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns < built for source in _sources(file, frame))


def pkg_config(option: str, libraries: Iterable[str]) -> list[str]:
    """Return the words that pkg-config gives for libraries.

    Raises OSError without it, CalledProcessError for a library that it does not know.
    """
    if not (names := list(libraries)):
        return []
    ended = subprocess.run(
        [PKG_CONFIG, option, *names], capture_output=True, text=True, check=True
    )
    return ended.stdout.split()


def _command(file: InC, frame: Frame, program: Path) -> list[str]:
    libraries = _libraries(file, frame)
    return [
        COMPILER,
        *FLAGS,
        *((*SANITIZERS, STOP_AT_FIRST) if file.sanitized else ()),
        *(f"-I{folder}" for folder in (frame.folder, *frame.headers, *file.search)),
        *pkg_config("--cflags", libraries),
        *map(str, sorted(frame.folder.glob("*.c"))),
        str(file.path),
        *pkg_config("--libs", libraries),
        "-o",
        str(program),
    ]


def build(file: InC, frame: Frame = HOST_FRAME) -> bool:
    """Build a file in C if it is not current; return whether it was built.

    Raises BuildError if a library is missing or the compiler reports an error.
    """
    with _building:  # checks of one cell over several transports begin side by side
        if is_current(file, frame):
            return False
        if packages := lacking(file, frame):
            raise BuildError(f"{file.id} {not_built(packages)}")
        _compile(file, frame, executable(file))
    return True


def _compile(file: InC, frame: Frame, program: Path) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(f".{os.getpid()}")
    began_ns = time.time_ns()
    ended = subprocess.run(
        _command(file, frame, unfinished), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise BuildError(f"{file.id} does not compile:\n{ended.stderr.rstrip()}")
    os.utime(unfinished, ns=(began_ns, began_ns))  # a source edited meanwhile is newer
    unfinished.rename(program)  # a process that runs the old one keeps it


def not_built(packages: Iterable[str]) -> str:
    return f"not built: apt-get install {' '.join(packages)}"
