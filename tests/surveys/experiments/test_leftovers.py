"""A kill of the command in the middle of an experiment leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from helpers_bench import bench, start_bench
from helpers_network import namespaces_in_use, processes_marked, wait_for

from bench.surveys.experiments.all_experiments import all_experiments
from bench.trial.scratch import PREFIX, sweep_folders

PATIENT_S = 120.0
STARTS = {
    **dict.fromkeys(("absent_peer", "busy_program", "footprint", "http_by_hand"), 4),
    **dict.fromkeys(("hung_program", "in_front", "names", "push", "start_order"), 4),
    **dict.fromkeys(
        ("idle_connection", "strangers", "tls_and_cores", "wire", "wire_sizes"), 4
    ),
    **dict.fromkeys(("embedded_servers", "passing_around", "serialization"), 1),
    **dict.fromkeys(("two_sends", "zmtp_cases"), 1),
}
"""How many processes an experiment has at least when all have begun; others have none."""


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files, whose name leaves room for those of sockets."""
    folder = Path(tempfile.mkdtemp(prefix="nm-"))
    yield folder
    shutil.rmtree(folder)


def namespace(pid: int | str) -> str:
    """Return the network namespace of a process, '' if it has just ended."""
    with suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/net")
    return ""


class Seen:
    """A command with the processes and the namespaces that it was seen to have."""

    def __init__(self, name: str, out: Path, folder: Path) -> None:
        self.folder, self.starts = folder, STARTS.get(name, 0)
        self.mark = uuid.uuid4().hex
        self.processes: set[int] = set()
        self.namespaces: set[str] = set()
        words = ("experiments", "--only", name, "--profile", "full", "--out", out)
        marked = {"NOMIDDLE_MARK": self.mark, "TMPDIR": str(folder)}
        self.command: subprocess.Popen[str] = start_bench(*words, **marked)

    def in_full_swing(self) -> bool:
        """Look at it; say whether a block has begun, and all its processes."""
        now = {*processes_marked(self.mark)}
        self.processes |= now
        self.namespaces |= {*map(namespace, now)} - {namespace("self"), ""}
        has_begun = any(self.folder.glob(f"{PREFIX}*")) and len(now) > self.starts
        return has_begun or self.command.poll() is not None


@pytest.mark.thorough
@pytest.mark.parametrize("name", all_experiments())
def test_killing_the_command_leaves_no_process_no_namespace_and_no_file(
    name: str, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen(name, tmp_path / "experiments.json", temporary)
    try:
        wait_for(seen.in_full_swing, PATIENT_S)
        if seen.command.poll() is not None:
            said = seen.command.communicate()
            assert seen.command.returncode == 0, said
            if seen.starts:
                assert "skipped" in "".join(said), "it was not seen while it measured"
                pytest.skip(f"not measurable here: {said}")
        seen.command.kill()
        seen.command.wait()
        wait_for(lambda: not processes_marked(seen.mark))
        wait_for(lambda: not seen.namespaces & namespaces_in_use())
        assert len(seen.processes) > seen.starts
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        sweep_folders()  # as the next command does
        assert [*temporary.iterdir()] == []
    finally:
        for pid in processes_marked(seen.mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        seen.command.communicate()


def test_the_next_command_removes_the_folders_of_one_that_was_killed(
    tmp_path: Path, temporary: Path
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    (left := temporary / f"{PREFIX}{ended.pid}-abc").mkdir()
    (kept := temporary / f"{PREFIX}{os.getpid()}-abc").mkdir()
    words = ("experiments", "--only", "platforms", "--blocks", 1)
    done = bench(*words, "--out", tmp_path / "found.json", TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert not left.exists()
    assert [*temporary.iterdir()] == [kept]
