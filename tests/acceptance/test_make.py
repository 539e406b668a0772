"""Setting up: `make` heals what was half made, and leaves out what has no wheel."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.contract.model import PROJECT

STUB = """#!/bin/sh
echo "$PIP_USER ${PIP_TARGET-none} $*" >> "$0.calls"
case "$*" in
*"$REFUSED"*) exit 1 ;;
*"-m venv"*) mkdir -p VENV/bin && cp "$0" VENV/bin/python ;;
esac
"""
"""Stands for the system's Python, and for that of the environment that it makes."""


@pytest.fixture
def set_up(tmp_path: Path):
    """Return what sets up an environment, while the stub refuses some words."""
    if shutil.which("make") is None:
        pytest.skip("this machine has no make")
    venv, python = tmp_path / "venv", tmp_path / "python"
    python.write_text(STUB.replace("VENV", str(venv)))
    python.chmod(0o755)

    def run(
        refused: str, wanted: str = ".ready"
    ) -> tuple[subprocess.CompletedProcess[str], str]:
        done = subprocess.run(
            ["make", f"VENV={venv}", f"PYTHON={python}", f"{venv}/{wanted}"],
            cwd=PROJECT,
            env={**os.environ, "REFUSED": refused, "PIP_USER": "1", "PIP_TARGET": "/x"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, (venv / "bin/python.calls").read_text()

    return run


def test_settings_of_pip_elsewhere_do_not_reach_the_environment(set_up) -> None:
    done, calls = set_up("nothing at all")
    assert done.returncode == 0, done.stderr
    installs = [line for line in calls.splitlines() if "pip install" in line]
    assert len(installs) == 3
    assert all(line.startswith("0 none ") for line in installs)


def test_an_environment_that_cannot_be_completed_is_made_anew(set_up, tmp_path) -> None:
    done, _ = set_up(f"-m venv {tmp_path}")
    assert done.returncode == 0, done.stderr
    assert f"-m venv --clear {tmp_path}" in (tmp_path / "python.calls").read_text()


@pytest.mark.parametrize(
    ("packages", "line"),
    [
        (".[deploy]", "left out: uvloop, pycurl, pyuwsgi or psycopg"),
        (".[formats]", "left out: a format of serialization"),
    ],
)
def test_a_package_without_a_wheel_is_left_out_in_one_line(
    set_up, packages: str, line: str
) -> None:
    done, _ = set_up(packages)
    assert done.returncode == 0, done.stderr
    assert line in done.stdout


def test_a_package_that_every_program_needs_is_not_left_out(set_up) -> None:
    done, _ = set_up("--editable .")
    assert done.returncode != 0


def test_packages_for_tests_are_installed_before_tests_and_not_before_a_run(
    set_up,
) -> None:
    _, calls = set_up("nothing at all")
    assert ".[test]" not in calls
    done, calls = set_up("nothing at all", ".testable")
    assert done.returncode == 0, done.stderr
    assert calls.count(".[test]") == 1
    assert calls.count("--editable . ") + calls.count("--editable .\n") == 1, "once"


def test_a_set_up_that_is_complete_is_not_repeated(set_up) -> None:
    _, first = set_up("nothing at all")
    done, again = set_up("nothing at all")
    assert again == first
    assert "up to date" in done.stdout
