"""The commands that only read work where nothing can be measured: on Windows and macOS."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic

from bench.cli.common import DATA
from bench.contract.model import PROJECT, Case

ELSEWHERE = """
import os, sys

for name in ("resource", "fcntl", "termios", "pwd", "grp"):
    sys.modules[name] = None
for name in ("sched_getaffinity", "sched_setaffinity", "killpg", "setsid", "geteuid"):
    delattr(os, name)

from bench.cli.main import main
main(sys.argv[1:])
"""
"""Windows, as far as Python's standard library tells it."""
AN_ID = "request_reply.size.statements.zmq.minimal.python"
UNUSUAL = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "MPLBACKEND": "nonsense",
}
"""A shell in which texts are ASCII, and plots are shown by what is not installed."""
RUN = str(next(DATA.iterdir()))


def run_elsewhere(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [["--help"], ["list"], ["cite", AN_ID], ["size"]],
    ids=lambda words: words[0],
)
def test_reading_needs_no_linux(words: list[str]) -> None:
    done = run_elsewhere(*words)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def round_trips(case: Case) -> bool:
    minimal = case.cell.variant.name == "minimal"
    return minimal and case.quantity == "latency" and not case.fault


@pytest.mark.thorough
def test_a_run_compares_and_reports_without_linux(tmp_path: Path) -> None:
    same = run_elsewhere("compare", RUN, RUN)
    assert "name two" in same.stderr, same.stderr
    run = synthetic.make(tmp_path / "run", keep=round_trips)
    done = run_elsewhere("report", str(run), "--out", str(tmp_path / "out"), **UNUSUAL)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "numbers.json").exists()
    page = (tmp_path / "out" / "workloads.html").read_bytes()
    assert "\N{PLUS-MINUS SIGN}" in page.decode("utf-8")
