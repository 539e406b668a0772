"""Files of a finished run that are compressed in place: NAME becomes NAME.gz."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from pathlib import Path

ENDING = ".gz"


def compress(paths: Iterable[Path]) -> None:
    """Compress each file that is there; the same content gives the same bytes."""
    for path in paths:
        if path.suffix != ENDING and path.exists():
            _replace(
                path, f"{path.name}{ENDING}", gzip.compress(path.read_bytes(), mtime=0)
            )


def restore(folder: Path) -> None:
    """Undo ``compress`` in a folder."""
    for path in folder.glob(f"[!.]*{ENDING}"):
        _replace(path, path.stem, gzip.decompress(path.read_bytes()))


def _replace(path: Path, name: str, content: bytes) -> None:
    """Write a file in one step, then remove the one that it replaces."""
    partial = path.with_name(f".{name}")
    partial.write_bytes(content)
    os.replace(partial, path.with_name(name))
    path.unlink()


def read(path: Path) -> bytes | None:
    """Return the content of a file, compressed or not, None if there is neither."""
    if path.exists():
        return path.read_bytes()
    found = path.with_name(f"{path.name}{ENDING}")
    return gzip.decompress(found.read_bytes()) if found.exists() else None
