"""Short-lived folders: where a trial keeps its sockets and samples."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import NotMeasurable

PREFIX = "nomiddle-trial-"
"""And then the process that owns it, so that a later one can tell that it is gone."""


def sweep_folders() -> None:
    """Remove what harnesses that were killed left in the folder for temporary files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a short-lived folder, for a trial's sockets and samples.

    Raises NotMeasurable where nothing can be written.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    except OSError as error:
        raise NotMeasurable(f"cannot write temporary files: {error}; set TMPDIR") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
