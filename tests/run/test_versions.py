"""A run names the libraries of its cells: Python and C have their own."""

from __future__ import annotations

import subprocess
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest
from helpers_bench import bench, find_cell
from packaging.requirements import Requirement

from bench.analysis.changes import is_same_program
from bench.contract.model import PROJECT
from bench.contract.rows import CaseRow
from bench.report.numbers.citation import installed
from bench.report.numbers.number import provenance
from bench.report.sections.differences import differences
from bench.run.machine import behind, versions
from bench.trial import build
from bench.trial.build import lacking
from bench.trial.requirements import requirements_of
from bench.trial.versions import c_version

IN_C = "zmq/minimal/request_reply.c"
IN_PYTHON = "zmq/minimal/request_reply.py"
IN_HTTP = "http/minimal/request_reply.py"
VERSIONS = {
    "python": "3.11.7",
    "pyzmq": "27.3.0",
    "requests": "2.34.2",
    "libzmq": "4.3.5",
    "gcc": "12.2.0",
    "libzmq in C": "4.3.4",
}
ABOUT: dict[str, Any] = {
    "machine": {
        "host": "h",
        "cpu": "A",
        "cpus": [0, 1],
        "kernel": "6.1",
        "versions": VERSIONS,
    },
    "stacks": {
        "zmq": {"requirements": ["pyzmq"], "c_libraries": ["libzmq"]},
        "http": {"requirements": ["requests"]},
    },
    "cells": {IN_C: "x", IN_PYTHON: "y", IN_HTTP: "z"},
    "started": "2026-01-01T00:00:00Z",
}

needs_c = pytest.mark.skipif(
    bool(lacking(find_cell(IN_C))), reason="needs a compiler and libzmq3-dev"
)


def about_with(**moved: str) -> dict[str, Any]:
    changed = {**ABOUT["machine"], "versions": {**VERSIONS, **moved}}
    return {**ABOUT, "machine": changed}


def cited(*cells: str) -> str:
    run: Any = SimpleNamespace(name="r", about=ABOUT)
    return str(provenance(run, list(cells))["versions"])


def test_a_run_records_the_version_of_every_library_of_the_harness() -> None:
    described = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    required = {Requirement(line).name for line in described["project"]["dependencies"]}
    assert required <= set(versions([]))


def test_requirements_of_extras_are_left_out() -> None:
    assert "scipy" not in (requirements_of("nomiddle") or ())
    assert requirements_of("no-such-distribution") is None


@needs_c
def test_both_copies_of_libzmq_are_recorded() -> None:
    import zmq

    found = versions([find_cell(IN_C).stack])
    asked = subprocess.run(
        ["pkg-config", "--modversion", "libzmq"], capture_output=True, text=True, check=True
    )
    assert found["libzmq"] == zmq.zmq_version()
    assert found["libzmq in C"] == asked.stdout.strip()
    assert found["gcc"][0].isdigit()


@needs_c
def test_doctor_prints_the_versions_of_both_copies_of_libzmq() -> None:
    said = " ".join(bench("doctor").stdout.split())
    found = versions([find_cell(IN_C).stack])
    assert f"libzmq {found['libzmq']}" in said
    assert f"libzmq in C {found['libzmq in C']}" in said


def test_a_missing_package_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert c_version("no-such-library in C") is None
    monkeypatch.setattr(build, "PKG_CONFIG", "no-such-tool")
    assert c_version("no-such-tool in C") is None


def test_a_citation_names_only_libraries_that_its_programs_use() -> None:
    assert cited(IN_PYTHON) == "Python 3.11.7, pyzmq 27.3.0, libzmq 4.3.5"
    assert cited(IN_HTTP) == "Python 3.11.7, requests 2.34.2"
    assert cited(IN_C) == "gcc 12.2.0, libzmq in C 4.3.4"
    both = "Python 3.11.7, pyzmq 27.3.0, requests 2.34.2, libzmq 4.3.5"
    assert cited(IN_PYTHON, IN_HTTP) == both


@needs_c
def test_a_citation_of_c_expires_with_the_library_of_the_system() -> None:
    assert installed("libzmq in C") == c_version("libzmq in C")
    assert installed("libzmq in C")
    assert installed("gcc") == c_version("gcc")


@pytest.mark.parametrize(
    ("moved", "cell", "same"),
    [
        ("libzmq in C", IN_C, False),
        ("gcc", IN_C, False),
        ("libzmq", IN_C, True),
        ("libzmq in C", IN_PYTHON, True),
        ("libzmq", IN_PYTHON, False),
        ("pyzmq", IN_HTTP, True),
    ],
)
def test_a_program_on_a_changed_library_counts_as_changed(
    moved: str, cell: str, same: bool
) -> None:
    case = CaseRow(cell=cell)
    assert is_same_program(case, about_with(**{moved: "0.0.1"}), ABOUT) is same


def test_differences_between_runs_of_programs_in_c_are_shown() -> None:
    other = about_with(**{"libzmq in C": "0.0.1"})
    shown = {found.fact for found in differences(ABOUT, other, [IN_C])}
    assert shown == {"libzmq in C"}
    assert not differences(ABOUT, other, [IN_PYTHON])


def test_runs_of_earlier_versions_have_no_libraries_of_c() -> None:
    assert behind({"http": {"requirements": ["requests"]}}, "http/minimal/fan_out.c") == [
        "gcc"
    ]
