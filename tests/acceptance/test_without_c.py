"""A machine without a compiler, libraries and tools measures what it can, and ends well."""

from pathlib import Path

import pytest
from helpers_bench import bench

FEW = ("raw_socket/minimal/request_reply.*", "zmq/minimal/request_reply.*")


@pytest.mark.thorough
def test_a_run_without_a_compiler_ends_with_status_0(tmp_path: Path) -> None:
    only = [word for glob in FEW for word in ("--only", glob)]
    words = ["run", "--part", "speed", "--blocks", 1, *only, "--out", tmp_path / "run"]
    ended = bench(*words, PATH="/nowhere", COLUMNS="200")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("left out 2 programs in C") == 1
    assert "apt-get install gcc" in ended.stdout
    assert "FAILED" not in ended.stdout
    assert (tmp_path / "run" / "report" / "numbers.json").exists()
