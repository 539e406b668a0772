"""A limit of this process's cgroup is named where it ends a trial; no program is blamed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.contract.model import PROJECT
from bench.errors import TrialError
from bench.trial.ceilings import MEMORY, PROCESSES, blames_ceilings, ceilings

CHECK = (sys.executable, "-m", "bench", "check", "--recheck")


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


VERSION_1 = {
    "proc/self/cgroup": "9:name=systemd:/\n8:pids:/a/b\n4:memory:/m\n0::/\n",
    "sys/fs/cgroup/pids/a/b/pids.events": "max 3\n",
    "sys/fs/cgroup/pids/a/b/pids.max": "14\n",
    "sys/fs/cgroup/memory/m/memory.oom_control": "oom_kill_disable 0\noom_kill 2\n",
    "sys/fs/cgroup/memory/m/memory.limit_in_bytes": "209715200\n",
}
VERSION_2 = {
    "proc/self/cgroup": "0::/a/b\n",
    "sys/fs/cgroup/a/pids.events": "max 3\n",
    "sys/fs/cgroup/a/pids.max": "14\n",
    "sys/fs/cgroup/a/b/memory.events": "oom 5\noom_kill 2\n",
    "sys/fs/cgroup/a/b/memory.max": "209715200\n",
    "sys/fs/cgroup/a/memory.max": "max\n",
}


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2], ids=["v1", "v2"])
def test_ceilings_are_read_in_both_versions(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, files)
    reached = {
        (ceiling.what, ceiling.times_reached(tmp_path), ceiling.allows(tmp_path))
        for ceiling in ceilings(tmp_path)
        if ceiling.times_reached(tmp_path)
    }
    assert reached == {(PROCESSES, 3, 14), (MEMORY, 2, 209715200)}


def test_a_machine_without_cgroups_has_no_ceilings(tmp_path: Path) -> None:
    assert not list(ceilings(tmp_path))


def test_a_failure_below_every_ceiling_keeps_its_reason() -> None:
    @blames_ceilings
    def fail() -> None:
        raise TrialError("the program's own fault")

    with pytest.raises(TrialError, match="own fault"):
        fail()


@pytest.fixture
def cgroup(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A cgroup of our own with one limit set; skipped where nobody may make one."""
    controller, version_1, version_2, value = request.param
    root = Path("/sys/fs/cgroup")
    base, file = (root / controller, version_1)
    if not base.is_dir():
        base, file = root, version_2
    folder = base / f"nomiddle-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / file).write_text(value)
    except OSError:
        pytest.skip("this user may make no cgroup with limits")
    yield folder
    folder.rmdir()


def check_within(cgroup: Path, *globs: str) -> subprocess.CompletedProcess[str]:
    enter = f'echo $$ > {cgroup}/cgroup.procs && exec "$@"'
    return subprocess.run(
        ["sh", "-c", enter, "sh", *CHECK, *globs],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


PIDS = ("pids", "pids.max", "pids.max", "14")
BYTES = ("memory", "memory.limit_in_bytes", "memory.max", "200M")


@pytest.mark.parametrize("cgroup", [PIDS], indirect=True)
def test_too_few_processes_are_no_verdict_on_a_program(cgroup: Path) -> None:
    done = check_within(cgroup, "zmq/minimal/pipeline.py")
    assert "allows 14 processes and threads (pids.max)" in done.stdout + done.stderr
    assert "FAILED" not in done.stdout


@pytest.mark.parametrize("cgroup", [BYTES], indirect=True)
def test_too_little_memory_is_named_before_anything_runs(cgroup: Path) -> None:
    done = check_within(cgroup, "zmq/minimal/pipeline.py")
    assert done.returncode == 1
    assert "allows 209715200 bytes of memory" in done.stderr
