"""The embedded servers: found from their paths, built, and what is missing for them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import build
from bench.contract import IMPLEMENTATIONS, Stack
from bench.find import load_stack
from bench.machine import missing

HERE = Path(__file__).parent
APPLICATION = build.Frame(HERE, headers=(build.HOST,))
"""What is linked with a server in C: the program that already runs."""
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
    def id(self) -> str:
        """The path below the implementations, as cells have it."""
        return f"{self.stack.name}/{FOLDER}/{self.path.name}"

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
    elif packages := build.lacking(program, APPLICATION):
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
        build.build(program, APPLICATION)
        return [str(build.executable(program))]
    run = {"python": sys.executable, "javascript": NODE}[program.language]
    application = HERE / f"application{program.path.suffix}"
    return [run, str(application), str(program.path)]
