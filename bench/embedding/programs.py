"""The embedded servers: found from their paths, built, and what is missing for them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.build import (
    BUILD,
    COMPILER,
    FLAGS,
    PKG_CONFIG,
    SANITIZERS,
    STOP_AT_FIRST,
    BuildError,
    has_library,
    pkg_config,
)
from bench.contract import IMPLEMENTATIONS, PROJECT, Stack
from bench.find import load_stack
from bench.machine import missing

HERE = Path(__file__).parent
FOLDER = "embedded"
"""The folder of these programs, which is no variant."""
MAIN = "echo"
"""The program that stands for a stack and a language; others are shown beside it."""
LANGUAGES = {".py": "python", ".c": "c", ".js": "javascript"}
LABELS = {"python": "Python", "c": "C", "javascript": "Node.js"}
NODE = "node"


@dataclass(frozen=True)
class Embedded:
    """One embedded server: one file. ``sanitized``: in C, built to find faults."""

    stack: Stack
    path: Path
    sanitized: bool = False

    @property
    def language(self) -> str:
        return LANGUAGES[self.path.suffix]

    @property
    def is_main(self) -> bool:
        return self.path.stem == MAIN

    @property
    def key(self) -> str:
        """``<stack>.<language>``, and for what stands beside it what it is built on."""
        beside = "" if self.is_main else f"_{self.path.stem.removeprefix(f'{MAIN}_')}"
        return f"{self.stack.name}.{self.language}{beside}"

    @property
    def label(self) -> str:
        """What tables call it beside its stack."""
        beside = self.path.stem.removeprefix(MAIN).replace("_", " ").strip()
        return LABELS[self.language] + (f" ({beside.replace(' ', '.')})" if beside else "")

    @property
    def search(self) -> tuple[Path, ...]:
        """The folders from which it may import: its own and its stack's."""
        return (self.path.parent, self.stack.folder)


def find_embedded(root: Path = IMPLEMENTATIONS) -> list[Embedded]:
    """Return every embedded server below an implementations root, in a stable order."""
    return [
        Embedded(load_stack(folder.parent), path)
        for folder in sorted(root.glob(f"*/{FOLDER}"))
        for path in sorted(folder.iterdir(), key=_order)
        if path.suffix in LANGUAGES
    ]


def _order(path: Path) -> tuple[bool, int, str]:
    known = list(LANGUAGES)
    place = known.index(path.suffix) if path.suffix in known else len(known)
    return path.stem != MAIN, place, path.name


def lacking(program: Embedded) -> str:
    """Return the command that installs what a program needs here; '' if it has it all."""
    return " and ".join(_lacking(program))


def _lacking(program: Embedded) -> Iterator[str]:
    if program.language == "python":
        if packages := missing(program.stack):
            yield f"pip install {' '.join(packages)}"
    elif program.language == "javascript":
        if not shutil.which(NODE):
            yield "apt-get install nodejs"
        if _wants_packages(program) and not _has_packages(program.path.parent):
            yield "make node"
    else:
        packages = [tool for tool in (COMPILER, PKG_CONFIG) if not shutil.which(tool)]
        for name, package in program.stack.c_libraries.items():
            if PKG_CONFIG in packages or not has_library(name):
                packages.append(package)
        if packages:
            yield f"apt-get install {' '.join(packages)}"


def _wants_packages(program: Embedded) -> bool:
    return (program.path.parent / "package.json").exists()


def _has_packages(folder: Path) -> bool:
    """Whether the pinned packages are there, in these versions."""
    pinned = json.loads((folder / "package.json").read_text())["dependencies"]
    return all(package_version(folder, name) == want for name, want in pinned.items())


def package_version(folder: Path, name: str) -> str:
    """Return the version of a package that npm has put into a folder, '' without."""
    described = folder / "node_modules" / name / "package.json"
    if not described.exists():
        return ""
    return str(json.loads(described.read_text())["version"])


def command(program: Embedded) -> list[str]:
    """Return the words that start a program; an address is to follow them.

    Those in C are built first. Raises BuildError where that fails.
    """
    if program.language == "c":
        return [str(_build(program))]
    run = {"python": sys.executable, "javascript": NODE}[program.language]
    application = HERE / f"application{program.path.suffix}"
    return [run, str(application), str(program.path)]


def _build(program: Embedded) -> Path:
    """Link a program in C with the application, which is newer than neither."""
    kind = "sanitized" if program.sanitized else "optimized"
    below = program.path.with_suffix("")
    inside = below.is_relative_to(PROJECT)
    made = BUILD / kind / (below.relative_to(PROJECT) if inside else below.relative_to("/"))
    headers = [path for folder in program.search for path in folder.glob("*.h")]
    sources = [program.path, *headers, *HERE.glob("*.[ch]"), Path(__file__)]
    newest_ns = max(source.stat().st_mtime_ns for source in sources)
    if made.exists() and made.stat().st_mtime_ns > newest_ns:
        return made
    made.parent.mkdir(parents=True, exist_ok=True)
    unfinished = made.with_suffix(f".{os.getpid()}")
    ended = subprocess.run(
        _compiled(program, unfinished), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise BuildError(f"{program.path} does not compile:\n{ended.stderr.rstrip()}")
    unfinished.rename(made)
    return made


def _compiled(program: Embedded, made: Path) -> list[str]:
    libraries = program.stack.c_libraries
    folders = (HERE, PROJECT / "bench" / "hosts", *program.search)
    return [
        COMPILER,
        *FLAGS,
        *((*SANITIZERS, STOP_AT_FIRST) if program.sanitized else ()),
        *(f"-I{folder}" for folder in folders),
        *(pkg_config("--cflags", libraries) if libraries else ()),
        str(HERE / "application.c"),
        str(program.path),
        *(pkg_config("--libs", libraries) if libraries else ()),
        "-o",
        str(made),
    ]
