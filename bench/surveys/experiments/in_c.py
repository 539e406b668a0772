"""Programs in C of experiments, each of one file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.errors import NotMeasurable
from bench.surveys.experiments.processes import need
from bench.trial.build import (
    BUILD,
    COMPILER,
    FLAGS,
    PKG_CONFIG,
    BuildError,
    pkg_config,
)


def built(source: Path, libraries: Mapping[str, str]) -> Path:
    """Build a program, unless it is newer than its source; return its path.

    ``libraries`` maps names of pkg-config to packages of Debian. Raises NotMeasurable with
    what to install, and BuildError with the compiler's message.
    """
    for tool in (COMPILER, PKG_CONFIG):
        need(tool, tool)
    try:
        flags = [*pkg_config("--cflags", libraries), *pkg_config("--libs", libraries)]
    except subprocess.CalledProcessError:
        packages = " ".join(libraries.values())
        raise NotMeasurable(f"apt-get install {packages}") from None
    program = BUILD / "experiments" / source.stem
    if program.exists() and program.stat().st_mtime_ns > source.stat().st_mtime_ns:
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(f".{os.getpid()}")
    words = [COMPILER, *FLAGS, str(source), "-o", str(unfinished), *flags]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise BuildError(f"{source.name} does not compile:\n{ended.stderr.rstrip()}")
    unfinished.rename(program)  # a process that runs the old one keeps it
    return program
