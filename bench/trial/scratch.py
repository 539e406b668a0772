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
"""The id of the owner follows, so that a later process can find out if it has ended."""


def sweep_folders() -> None:
    """Remove the folders that killed harnesses left among the temporary files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def new_folder() -> Path:
    """Make a folder that ``sweep_folders`` removes if this process is killed.

    Raises NotMeasurable if it cannot be written.
    """
    try:
        return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    except OSError as error:
        raise NotMeasurable(f"cannot write temporary files: {error}; set TMPDIR") from error


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a short-lived folder for a trial's sockets and samples.

    Raises NotMeasurable as ``new_folder`` does.
    """
    folder = new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
