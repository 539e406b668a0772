"""Programs in C of experiments, each of one file."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.errors import NotMeasurable
from bench.experiments.processes import need
from bench.trial.build import BUILD, COMPILER, FLAGS, PKG_CONFIG, pkg_config


def built(source: Path, libraries: Mapping[str, str]) -> Path:
    """Build a program, unless it is newer than its source; return its path.

    ``libraries`` maps names of pkg-config to packages of Debian. Raises NotMeasurable with
    what to install.
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
    words = [COMPILER, *FLAGS, str(source), "-o", str(program), *flags]
    subprocess.run(words, check=True)
    return program
