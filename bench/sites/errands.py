"""Programs that an agent runs for a command: they load what the agent does not."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from bench.errors import TrialError
from bench.trial.processes import child_environment


class _Errand(NamedTuple):
    number: int
    process: subprocess.Popen[bytes]
    said: IO[bytes]


class Errands:
    """The programs that run now, by the file by which the kernel tells their end.

    ``folder`` is where their output goes meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[int, _Errand] = {}

    def __contains__(self, end: int) -> bool:
        return end in self._running

    def start(self, number: int, module: str, words: Sequence[str]) -> int:
        """Run a module of the project for a command; return the file of its end."""
        said = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115, until it has ended
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=child_environment(),
        )
        end = os.pidfd_open(process.pid)
        self._running[end] = _Errand(number, process, said)
        return end

    def number(self, end: int) -> int:
        """Return the number of the command that a program runs for."""
        return self._running[end].number

    def finish(self, end: int) -> str:
        """Return what an ended program has printed.

        Raises TrialError with its last line if it failed.
        """
        os.close(end)
        _, process, said = self._running.pop(end)
        failed = process.wait()
        with said:
            said.seek(0)
            text = said.read().decode(errors="replace").strip()
        if failed:
            raise TrialError((text.splitlines() or ["it failed without a word"])[-1])
        return text

    def close(self) -> None:
        """Kill what still runs."""
        for errand in self._running.values():
            errand.process.kill()
            errand.process.wait()
