"""The programs of the survey, one folder for each language, as processes.

They are copied below ``build/`` before they are built or run, because compilers leave files
beside a source. Raises PeerError if a program does not build or does not start.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.contract.model import PROJECT
from bench.errors import NoMiddleError
from bench.surveys.languages.catalog import CATALOG, Language, PeerProgram
from bench.trial.build import BUILD, FLAGS, PKG_CONFIG, pkg_config

PEERS = Path(__file__).parent / "peers"
BUILD_MAX_S = 300
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


class PeerError(NoMiddleError):
    """A peer does not build, does not start, or gives a wrong reply."""


def last_words(text: str) -> str:
    """Return the last lines of a program's errors, on one line."""
    return " ".join(text.split())[-200:]


def surroundings() -> dict[str, str]:
    """Return the environment of a peer: without proxies, so that it connects directly."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("PYTHON")
    }


def _of_libraries(names: Sequence[str]) -> list[str]:
    """Return the flags of a compiler for these libraries."""
    try:
        return [*pkg_config("--cflags", names), *pkg_config("--libs", names)]
    except (OSError, subprocess.CalledProcessError) as error:
        raise PeerError(f"{PKG_CONFIG} does not know {' '.join(names)}") from error


class Peer:
    """One part of one language, ready to be built and started.

    ``peers`` is the folder of the sources, ``build`` that of the programs made from them.
    """

    def __init__(
        self,
        language: Language,
        part: PeerProgram,
        peers: Path = PEERS,
        build: Path = BUILD / "languages",
    ) -> None:
        self._part = part
        self._folder = build / language.folder
        self._from = peers / language.folder
        self._source = next(self._from.glob(f"{part.peer}.*")).name
        name = "_".join(c for c in (part.peer, part.what.split()[0]) if c.isidentifier())
        self._out = f"{name or part.peer}.out"
        self._command = language.command or language.commands[0]

    def _words(self, template: Sequence[str], target: str = "") -> list[str]:
        several = {"{flags}": FLAGS, "{libraries}": _of_libraries(self._part.libraries)}
        one = {
            "command": self._command,
            "source": str(self._folder / self._source),
            "out": str(self._folder / self._out),
            "target": target,
            "project": str(PROJECT),
            "python": sys.executable,
        }
        words: list[str] = []
        for word in template:
            words += several[word] if word in several else [word.format_map(one)]
        return words

    def build(self) -> None:
        """Copy the sources and compile them, unless the program is newer than they are."""
        made = self._folder / f"{self._out}.made"
        newest = max(p.stat().st_mtime_ns for p in [CATALOG, *self._from.iterdir()])
        if made.exists() and made.stat().st_mtime_ns > newest:
            return
        shutil.copytree(self._from, self._folder, dirs_exist_ok=True)
        if self._part.build:
            self._compile()
        made.touch()

    def _compile(self) -> None:
        try:
            ended = subprocess.run(
                self._words(self._part.build),
                cwd=self._folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=BUILD_MAX_S,
            )
        except subprocess.TimeoutExpired as error:
            raise PeerError(f"does not compile within {BUILD_MAX_S} s") from error
        except OSError as error:
            raise PeerError(f"does not compile: {error}") from error
        if ended.returncode:
            raise PeerError(f"does not compile: {last_words(ended.stderr or ended.stdout)}")

    @contextmanager
    def running(self, target: str) -> Iterator[subprocess.Popen[str]]:
        """Run the program with an address, a URL or a port; kill it when the block ends."""
        process = subprocess.Popen(
            [*DIES_WITH_US, *self._words(self._part.run, target)],
            cwd=self._folder,
            env=surroundings(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
