"""The embedded servers: find them by their paths, build them, and name missing tools."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.contract.find import load_stack
from bench.contract.model import IMPLEMENTATIONS, Stack
from bench.trial import build
from bench.trial.requirements import missing

HERE = Path(__file__).parent
APPLICATION = build.Frame(HERE, headers=(build.HOST,))
"""The program that already runs, to be linked with a server in C."""
FOLDER = "embedded"
"""The folder of the embedded servers in each stack; it is not a variant."""
MAIN = "echo"
"""The name of the program that represents a stack in a language."""
LANGUAGES = {".py": "python", ".c": "c", ".js": "javascript"}
LABELS = {"python": "Python", "c": "C", "javascript": "Node.js"}
NODE = "node"


@dataclass(frozen=True)
class Embedded:
    """An embedded server in one file. ``sanitized``: in C, built with sanitizers."""

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
        """``<stack>.<language>``; further programs add the name of their library."""
        beside = "" if self.is_main else f"_{self.path.stem.removeprefix(f'{MAIN}_')}"
        return f"{self.stack.name}.{self.language}{beside}"

    @property
    def id(self) -> str:
        """The path below the implementations, as in the id of a cell."""
        return f"{self.stack.name}/{FOLDER}/{self.path.name}"

    @property
    def label(self) -> str:
        """The name of the server in tables, beside its stack."""
        beside = self.path.stem.removeprefix(MAIN).replace("_", " ").strip()
        return LABELS[self.language] + (f" ({beside.replace(' ', '.')})" if beside else "")

    @property
    def search(self) -> tuple[Path, ...]:
        """The folders from which the server may import: its own, and that of its stack."""
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
    """Return the command that installs missing tools of a program, or an empty string."""
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
    """Return whether the pinned packages are installed in their pinned versions."""
    pinned = json.loads((folder / "package.json").read_text(encoding="utf-8"))[
        "dependencies"
    ]
    return all(package_version(folder, name) == want for name, want in pinned.items())


def package_version(folder: Path, name: str) -> str:
    """Return the version of a package that npm installed, or an empty string."""
    described = folder / "node_modules" / name / "package.json"
    if not described.exists():
        return ""
    return str(json.loads(described.read_text(encoding="utf-8"))["version"])


def command(program: Embedded) -> list[str]:
    """Return the words that start a program; the caller appends the address.

    A program in C is built first. Raises BuildError if that fails.
    """
    if program.language == "c":
        build.build(program, APPLICATION)
        return [str(build.executable(program))]
    run = {"python": sys.executable, "javascript": NODE}[program.language]
    application = HERE / f"application{program.path.suffix}"
    return [run, str(application), str(program.path)]
