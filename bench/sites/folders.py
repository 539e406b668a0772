"""The folders that trials have at a site, and their files."""

from __future__ import annotations

import base64
import itertools
import shutil
import zlib
from pathlib import Path

from bench.hosts.ledger import KINDS

CHUNK_BYTES = 1 << 20
LEDGERS = tuple(f".{kind}" for kind in KINDS)


class Folders:
    """Folders below one, by the name that the folder of a trial has at the harness."""

    def __init__(self, below: Path) -> None:
        self._below = below
        self._numbers = itertools.count()
        self._known: dict[str, Path] = {}

    def of(self, trial: str) -> Path:
        """Return the folder of a trial here; make it if there is none."""
        if trial not in self._known:
            self._known[trial] = self._below / str(next(self._numbers))
            self._known[trial].mkdir()
        return self._known[trial]

    def remove(self, folder: Path) -> None:
        """Remove a folder with its files: its trial is over."""
        shutil.rmtree(folder, ignore_errors=True)
        self._known = {t: known for t, known in self._known.items() if known != folder}

    def write(self, trial: str, name: str, data: str) -> None:
        """Write a file of a trial; ``data`` is in base 64."""
        path = self.of(trial) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(base64.b64decode(data))

    def files(self, trial: str) -> dict[str, int]:
        """Return the files that the hosts of a trial have written, with their bytes."""
        folder = self._known.get(trial)
        found = folder.iterdir() if folder else iter(())
        return {path.name: path.stat().st_size for path in found if path.is_file()}

    def read(self, trial: str, name: str, offset: int) -> str:
        """Return up to ``CHUNK_BYTES`` of a file, in base 64."""
        with open(self._known[trial] / name, "rb") as file:
            file.seek(offset)
            return base64.b64encode(file.read(CHUNK_BYTES)).decode()

    def ledgers(self, trial: str, known: dict[str, int]) -> dict[str, tuple[int, str]]:
        """Return the ledgers of a trial that have changed: a checksum, and the file.

        The file is compressed and in base 64. ``known`` has the checksums of what the
        harness has.
        """
        folder = self._known.get(trial)
        changed = {}
        for path in folder.iterdir() if folder else ():
            if path.suffix in LEDGERS:
                data = path.read_bytes()
                checksum = zlib.crc32(data)
                if known.get(path.name) != checksum:
                    packed = base64.b64encode(zlib.compress(data, 1)).decode()
                    changed[path.name] = (checksum, packed)
        return changed
