"""Passed checks, kept in the user's cache folder: an unchanged program is checked once.

A check is kept with everything that its result depends on, and is used only as long as all
of that is the same. A failed check is not kept: the reason may have been this machine, and
the logs that explain it are deleted. Nor is a skipped one: the library that it lacked may
be here by now.

The cache may be lost, damaged or read-only. Then programs are checked again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.contract.model import PROJECT, Cell
from bench.trial.build import HOST_FRAME, compiler_version, library_version
from bench.trial.interop import in_python
from bench.trial.requirements import required
from bench.trial.segments import are_counted

HARNESS = PROJECT / "bench"
CHECKING = ("errors.py", "hosts", "contract", "trial")
"""The rooms and files of the harness that a check depends on."""
SOURCES = (".py", ".c", ".h", ".toml")
KEPT_S = 90 * 24 * 3600
"""A check that was not asked for in so many seconds is deleted."""


def checks_folder() -> Path:
    """Return the folder of kept checks, by the XDG Base Directory Specification.

    That ignores a relative path in the variable.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not caches.is_absolute():
        caches = Path("~/.cache")
    return Path(os.path.expanduser(caches)) / "nomiddle" / "checks"


@dataclass(frozen=True)
class Kept:
    """A check that passed: its moment in UTC, and how many losses it counted."""

    made: str
    losses: int


class KeptChecks:
    """The kept checks of a folder; several threads and processes may use it at once.

    ``recheck`` finds none of them, and keeps the new ones.
    """

    def __init__(self, folder: Path | None = None, recheck: bool = False) -> None:
        self.folder = folder or checks_folder()
        self._recheck = recheck
        self._harness = harness_digest()
        self._used: list[str] = []
        self._trouble = ""
        self._swept = False

    def depends_on(self, cell: Cell, transport: str) -> dict[str, Any]:
        """Return all that the result of a check depends on."""
        return depends_on(cell, transport, self._harness)

    def find(self, causes: dict[str, Any]) -> Kept | None:
        """Return the kept check that depends on just these ``causes``, if there is one."""
        if self._recheck:
            return None
        place = self._place(causes)
        found = _read(place, causes)
        if found:
            self._used.append(found.made)
            with suppress(OSError):
                os.utime(place)  # it is in use: see _sweep
        return found

    def keep(self, causes: dict[str, Any], kept: Kept) -> None:
        """Keep a check that passed. If that is impossible, ``notes`` tells the reason."""
        try:
            if not self.folder.is_absolute():
                raise OSError("this user has no home: set XDG_CACHE_HOME")
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            _write(self._place(causes), {**asdict(kept), "causes": causes})
        except OSError as error:
            self._trouble = f"{self.folder}: {error.strerror or error}"

    def notes(self, asked: int) -> Iterator[str]:
        """Yield a line on the checks that were found, and one if none can be kept."""
        if self._used:
            first, last = min(self._used)[:10], max(self._used)[:10]
            dates = f"on {first}" if first == last else f"from {first} to {last}"
            yield (
                f"{len(self._used)} of {asked} checks were made {dates}, and nothing that "
                "they depend on has changed; --recheck makes them again"
            )
        if self._trouble:
            yield f"passed checks will be made again: cannot keep them in {self._trouble}"

    def _place(self, causes: dict[str, Any]) -> Path:
        key = hashlib.sha256(json.dumps(causes, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{key[:32]}.json"

    def _sweep(self) -> None:
        """Delete what nobody asks for any more, once for each object."""
        if self._swept:
            return
        self._swept = True
        for path in self.folder.iterdir():
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > KEPT_S:
                    path.unlink()


def _read(place: Path, causes: dict[str, Any]) -> Kept | None:
    """Return what a file keeps; None if it is missing, damaged, or about other causes."""
    try:
        entry = json.loads(place.read_text(encoding="utf-8"))
        if entry["causes"] == causes:
            return Kept(str(entry["made"]), int(entry["losses"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _write(place: Path, entry: dict[str, Any]) -> None:
    """Write a whole file or none, also if several processes write the same one."""
    handle, unfinished = tempfile.mkstemp(dir=place.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(entry, file, indent=1)
        os.replace(unfinished, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise


# -- what a check depends on -----------------------------------------------------------


def depends_on(cell: Cell, transport: str, harness: str) -> dict[str, Any]:
    """Return all that the result of a check depends on, in values of JSON.

    ``harness`` is the checksum that ``harness_digest`` returns.
    """
    in_c = cell.language == "c"
    libraries = {**HOST_FRAME.libraries, **cell.stack.c_libraries} if in_c else {}
    return {
        "cell": cell.timed_id,
        "transport": transport,
        "sanitized": cell.sanitized,
        "files": _files(cell),
        "programs": {name: _program(name) for name in cell.variant.programs},
        "distributions": _distributions(cell.requirements),
        "compiler": compiler_version() if in_c else None,
        "libraries": {name: library_version(name) for name in libraries},
        "python": sys.version,
        "harness": harness,
        "kernel": platform.release(),
        "segments": are_counted(),  # without them no check looks for batches
    }


def harness_digest() -> str:
    """Return a checksum of the parts of the harness that a check depends on."""
    sources = (path for path in sorted(HARNESS.rglob("*")) if path.suffix in SOURCES)
    digests = {
        str(place): _digest(HARNESS / place)
        for place in (path.relative_to(HARNESS) for path in sources)
        if place.parts[0] in CHECKING
    }
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(cell: Cell) -> dict[str, str]:
    """Return the checksum of every file that a cell may import, by its path.

    All files of its folders are among them, so that none is forgotten. A program in C is
    checked beside the one in Python, and depends on its files as well.
    """
    programs = [cell, *filter(None, [in_python(cell)])]
    folders = dict.fromkeys(folder for each in programs for folder in each.search)
    return {
        str(path.relative_to(cell.stack.folder)): _digest(path)
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".")  # such as those of editors
    }


def _program(name: str) -> list[str | int] | None:
    """Return path, size and age of a program that a cell starts; None without it."""
    if (path := shutil.which(name)) is None:
        return None
    about = os.stat(path)
    return [path, about.st_size, about.st_mtime_ns]


@cache
def _distributions(requirements: tuple[str, ...]) -> dict[str, str]:
    """Return version and checksum of distributions with all their requirements."""
    return {
        name: _installed(metadata.distribution(name)) for name in required(requirements)
    }


def _installed(distribution: metadata.Distribution) -> str:
    """Return version and checksum: a wheel that was built here has other libraries inside.

    Scripts and notes of the installer are left out, since they name an environment.
    """
    lines = (distribution.read_text("RECORD") or "").splitlines()
    files = [
        line
        for line in sorted(lines)
        if "sha256=" in line and not line.startswith("..") and ".dist-info/" not in line
    ]
    digest = hashlib.sha256("\n".join(files).encode()).hexdigest()
    return f"{distribution.version} {digest[:16]}"
