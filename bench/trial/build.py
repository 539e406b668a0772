"""Build programs in C, and name what they need.

Each program is one executable below ``build/``: a frame that is linked with one file. It is
built again if one of its sources is newer. The frame of a cell is the host, compiled once
for all cells. A compiler and libraries are optional: without them, tables show what to
install.
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


_building_frames = threading.Lock()
_locks: dict[Path, threading.Lock] = {}


class BuildError(NoMiddleError):
    """A program in C does not compile; the message is the compiler's."""


def executable(file: InC) -> Path:
    """Return where the program of a file in C is, or will be."""
    return _place(file.path.with_suffix(""), file)


def _place(path: Path, file: InC) -> Path:
    """Return the place in ``build/`` of what is built beside ``path``, of a file's kind."""
    kind = "sanitized" if file.sanitized else "optimized"
    inside = path.is_relative_to(PROJECT)
    return BUILD / kind / (path.relative_to(PROJECT) if inside else path.relative_to("/"))


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


def _sources(frame: Frame) -> list[Path]:
    """Return every source of a frame, and the file with its build settings."""
    headers = [path for folder in frame.headers for path in folder.glob("*.h")]
    return [*frame.folder.glob("*.[ch]"), *headers, Path(__file__)]


def is_current(file: InC, frame: Frame = HOST_FRAME) -> bool:
    """Return whether the program of a file in C exists and is newer than its sources."""
    headers = [path for folder in file.search for path in folder.glob("*.h")]
    sources = [file.path, *headers, file.stack.folder / "stack.toml", *_sources(frame)]
    return _is_newer(executable(file), sources)


def _is_newer(built: Path, sources: Iterable[Path]) -> bool:
    if not built.exists():
        return False
    built_ns = built.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns < built_ns for source in sources)


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


def build(file: InC, frame: Frame = HOST_FRAME) -> bool:
    """Build a file in C if it is not current; return whether it was built.

    Raises BuildError if a library is missing or the compiler reports an error.
    """
    program = executable(file)
    # Checks of one cell over several transports begin side by side, as those of others do.
    with _locks.setdefault(program, threading.Lock()):
        if is_current(file, frame):
            return False
        if packages := lacking(file, frame):
            raise BuildError(f"{file.id} {not_built(packages)}")
        with _building_frames:
            objects = [
                _object(source, file, frame) for source in sorted(frame.folder.glob("*.c"))
            ]
        libraries = _libraries(file, frame)
        folders = (frame.folder, *frame.headers, *file.search)
        words = [*map(str, objects), str(file.path), *pkg_config("--libs", libraries)]
        _compile(file, libraries, folders, words, program)
    return True


def _object(source: Path, file: InC, frame: Frame) -> Path:
    """Return the object file of a frame's source, which all programs share."""
    place = _place(source.with_suffix(".o"), file)
    if not _is_newer(place, _sources(frame)):
        folders = (frame.folder, *frame.headers)
        _compile(file, frame.libraries, folders, ["-c", str(source)], place)
    return place


def _compile(
    file: InC,
    libraries: Iterable[str],
    folders: Iterable[Path],
    words: Iterable[str],
    made: Path,
) -> None:
    """Have the compiler make a file, with headers of ``libraries`` and in ``folders``.

    Raises BuildError with the compiler's message, for ``file``.
    """
    sanitizers = (*SANITIZERS, STOP_AT_FIRST) if file.sanitized else ()
    headers = (f"-I{folder}" for folder in folders)
    flags = [*sanitizers, *headers, *pkg_config("--cflags", libraries)]
    _run_compiler(file.id, [*flags, *words], made)


def build_alone(source: Path, flags: Iterable[str] = ()) -> Path:
    """Build a program of one file, which has no stack, if it is not current.

    Return where it is. ``flags`` stand behind the source: libraries, for example. Raises
    BuildError with the compiler's message, OSError without a compiler.
    """
    program = BUILD / "alone" / source.relative_to(PROJECT).with_suffix("")
    with _locks.setdefault(program, threading.Lock()):
        if not _is_newer(program, [source, Path(__file__)]):
            _run_compiler(source.name, [str(source), *flags], program)
    return program


def _run_compiler(name: str, words: Iterable[str], made: Path) -> None:
    """Have the compiler make a file. Raises BuildError with its message, for ``name``."""
    made.parent.mkdir(parents=True, exist_ok=True)
    unfinished = made.with_suffix(f".{os.getpid()}")
    command = [COMPILER, *FLAGS, *words, "-o", str(unfinished)]
    began_ns = time.time_ns()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise BuildError(f"{name} does not compile:\n{ended.stderr.rstrip()}")
    os.utime(unfinished, ns=(began_ns, began_ns))  # a source edited meanwhile is newer
    unfinished.rename(made)  # a process that runs the old one keeps it


def not_built(packages: Iterable[str]) -> str:
    return f"not built: apt-get install {' '.join(packages)}"
