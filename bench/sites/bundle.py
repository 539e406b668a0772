"""The code of a run as one archive: what agents and hosts load, and the programs.

It goes to every host of a cluster, so that harness and programs are the same everywhere.
A site unpacks it as the project's folder. Paths are then told relative to that.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.contract.model import IMPLEMENTATIONS, PROJECT

Paths = Callable[[str], str]
"""Tells where a file of this machine is at a site, relative to the project's folder."""

CARRIED = tuple(
    PROJECT / "bench" / name
    for name in (
        "__init__.py",
        "errors.py",
        "hosts",
        "contract",
        "trial",
        "faults",
        "sites",
    )
)
"""The harness below the measurements: no agent and no host loads more."""
LEFT_OUT = ("node_modules", "__pycache__")
FURTHER = "further"
"""The folder of implementations roots that lie outside of the project."""
PYTHON_THERE = "python of the site"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: the same files are the same bytes."""


def where_it_is(path: str) -> str:
    """Return a path as it is: the site is on this machine."""
    return path


class Bundle:
    """The harness and some implementations roots. Call it with a path: it is a ``Paths``.

    ``data`` is a zip archive, and ``digest`` its SHA-256.
    """

    def __init__(self, more: Sequence[Path] = ()) -> None:
        roots = {IMPLEMENTATIONS: IMPLEMENTATIONS.relative_to(PROJECT)}
        for number, root in enumerate(more):
            roots[root.resolve()] = Path(FURTHER) / str(number)
        self._roots = roots
        self.data = _zipped(self._files())
        self.digest = hashlib.sha256(self.data).hexdigest()

    def _files(self) -> Iterator[tuple[Path, Path]]:
        """Yield each file, and its place in the archive."""
        for carried in CARRIED:
            for path in _below(PROJECT / "bench" / carried):
                yield path, path.relative_to(PROJECT)
        for root, place in self._roots.items():
            for path in _below(root):
                yield path, place / path.relative_to(root)

    def __call__(self, path: str) -> str:
        if path == sys.executable:
            return PYTHON_THERE
        for root, place in self._roots.items():
            if Path(path).is_relative_to(root):
                return str(place / Path(path).relative_to(root))
        inside = Path(path).is_relative_to(PROJECT)
        return str(Path(path).relative_to(PROJECT)) if inside else path


def _below(path: Path) -> Iterator[Path]:
    """Yield a file, or the files below a folder, in a stable order."""
    if path.is_file():
        yield path
    elif path.name not in LEFT_OUT:
        for child in sorted(path.iterdir()):
            yield from _below(child)


def _zipped(files: Iterator[tuple[Path, Path]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, place in files:
            about = zipfile.ZipInfo(str(place), LONG_AGO)
            archive.writestr(about, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()
