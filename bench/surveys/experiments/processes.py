"""Processes of experiments: they answer with a line, and die with the harness."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from bench.errors import NotMeasurable, TrialError
from bench.faults.network.tools import tool
from bench.trial.processes import child_environment

START_S = 20.0
END_S = 5.0
LAST_BYTES = 4096
"""How much of a log is read for its last line."""


@contextlib.contextmanager
def started(
    words: Sequence[str], enter: Sequence[str] = (), errors: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, and kill it at the end of the block.

    The kernel kills it with the harness as well. ``enter`` are the words before a command
    that run it in another network namespace. Its stderr goes to the file ``errors``, or to
    one that is gone at the end. A TrialError in the block gets the last line of it.
    """
    with (
        open(errors, "ab+") if errors else tempfile.TemporaryFile() as log,
        subprocess.Popen(
            [*enter, tool("setpriv"), "--pdeathsig", "KILL", "--", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=child_environment(),
            bufsize=0,
        ) as process,
    ):
        try:
            yield process
        except TrialError as error:
            if not (complaint := last_line(log)):
                raise
            name = " ".join(words[:3])
            raise TrialError(f"{error}; {name} wrote: {complaint}") from error
        finally:
            process.kill()
            process.wait(END_S)


def last_line(log: IO[bytes]) -> str:
    """Return the last line of a log, which is empty if nothing was written."""
    size_bytes = log.seek(0, os.SEEK_END)
    log.seek(max(0, size_bytes - LAST_BYTES))
    *_, last = log.read().decode(errors="replace").strip().splitlines() or [""]
    return last


def role(module: str, *words: str) -> list[str]:
    """Return the command that runs a module of an experiment as a process of its own."""
    return [sys.executable, "-m", module, *words]


def line(process: subprocess.Popen[bytes], limit_s: float = START_S) -> str:
    """Return the next line of a program's output, which it may be writing right now.

    Raises TrialError if nothing comes for ``limit_s`` seconds, or if the program ended.
    """
    out = process.stdout
    assert out is not None
    said = b""
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([out], [], [], limit_s)
        piece = out.read(1) if ready else b""
        if not piece:
            what = "ended" if ready else f"said nothing within {limit_s:g} s"
            raise TrialError(f"{process.args!r} {what}")
        said += piece
    return said.decode().strip()


def need(program: str, package: str) -> str:
    """Return the path of a program. Raises NotMeasurable with the package that has it."""
    try:
        return tool(program)
    except NotMeasurable:
        raise NotMeasurable(f"apt-get install {package}") from None
