"""Programs in C of experiments, each of one file."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.errors import NotMeasurable
from bench.surveys.experiments.processes import need
from bench.trial.build import COMPILER, PKG_CONFIG, build_alone, pkg_config


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
    return build_alone(source, flags)
