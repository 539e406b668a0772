"""A kill of the harness during chaos leaves nothing behind, at any moment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import harness_to_kill
import pytest
from harness_to_kill import Left
from helpers_bench import TIMEOUT_S

from bench.contract.model import PROJECT
from bench.errors import NotMeasurable
from bench.faults.network.hosts import Network

AT_ONCE = 4
IN_FULL_SWING = 8
"""The processes of a harness whose peers have begun: six of these, and a holder."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for temporary files that PostgreSQL, as another user, may enter."""
    made = Path(tempfile.mkdtemp(prefix="killed-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def killed(seed: str, folder: Path) -> Left:
    ended = subprocess.run(
        [sys.executable, harness_to_kill.__file__, seed],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return Left(**json.loads(ended.stdout))


@pytest.mark.thorough
def test_a_harness_that_is_killed_during_chaos_leaves_nothing_behind(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    try:
        Network("one", "other").close()
    except NotMeasurable as error:
        pytest.skip(str(error))
    seeds = [str(number) for number in range(request.config.getoption("--kills"))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [*pool.map(killed, seeds, [folder] * len(seeds))]
    for left in found:
        remains = (left.alive, left.namespaces, left.cables, left.memory)
        assert remains == ([], [], [], []), f"killed after {left.moment_s:.1f} s"
    assert any(left.processes >= IN_FULL_SWING for left in found)
    swept = "from bench.trial.scratch import sweep_folders; sweep_folders()"
    subprocess.run([sys.executable, "-c", swept], env={**os.environ, "TMPDIR": str(folder)},
                   cwd=PROJECT, check=True)  # fmt: skip
    assert [*folder.iterdir()] == [], "the next command removes the files of those killed"
