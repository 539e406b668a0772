"""Folders that a killed harness left are swept; a folder in use is not."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.trial.scratch import PREFIX, scratch_folder, sweep_folders


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_only_the_folder_of_a_killed_harness_is_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, strangers = tmp_path / f"{PREFIX}{gone.pid}-abc", tmp_path / f"{PREFIX}notes-1"
    left.mkdir()
    (left / "serve.0.heads").write_bytes(b"x")
    strangers.mkdir()
    with scratch_folder() as mine:
        assert mine.name.startswith(f"{PREFIX}{os.getpid()}-")
        sweep_folders()
        assert mine.is_dir()
        assert strangers.is_dir()
        assert not left.exists()
    assert not mine.exists()
