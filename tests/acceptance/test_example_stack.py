"""A fourth stack is one folder: examples/nng is everywhere without a line elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers_bench import bench
from words_of import html_of

from bench.analysis.results import load
from bench.contract.all_workloads import WORKLOADS
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, PROJECT
from bench.report.build import derive
from bench.report.model import Data

pytestmark = pytest.mark.thorough

EXAMPLES = PROJECT / "examples"
INSTALL = "pip install -r examples/nng/requirements.txt"
needs_pynng = pytest.mark.skipif(find_spec("pynng") is None, reason=INSTALL)
FEW = ("nng/minimal/*", "raw_socket/minimal/pipeline.py")


def test_the_example_has_a_program_for_every_workload() -> None:
    cells = {cell.id for cell in find_cells([EXAMPLES])}
    assert {f"nng/minimal/{workload}.py" for workload in WORKLOADS} <= cells


def test_no_module_outside_the_example_s_folder_names_the_example() -> None:
    """Exceptions are the prose, and the pinned version that the tests install."""
    told = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "ARCHITECTURE.md"}
    told |= {"pyproject.toml", "constraints.txt"}
    listed = subprocess.run(
        ["git", "grep", "-lwi", "--untracked", "-e", "nng", "-e", "pynng", "--",
         "bench", "implementations", "Makefile", *told],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert set(listed.stdout.split()) <= told


def test_the_example_installs_the_packages_that_its_stack_requires() -> None:
    (stack,) = {cell.stack for cell in find_cells([EXAMPLES])}
    pinned = (EXAMPLES / "nng" / "requirements.txt").read_text()
    assert set(stack.requirements) == set(re.findall(r"^([\w-]+)==", pinned, re.MULTILINE))
    constraints = (PROJECT / "constraints.txt").read_text().splitlines()
    assert set(re.findall(r"^[\w-]+==.*$", pinned, re.MULTILINE)) <= set(constraints)


@pytest.mark.thorough
@needs_pynng
def test_every_program_of_the_example_keeps_its_contract() -> None:
    checked = bench("check", "nng/*", "--implementations", EXAMPLES)
    assert checked.returncode == 0, checked.stdout
    assert "0 failed" in checked.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny run of it, two blocks, with the faults of ``quick``."""
    folder = tmp_path_factory.mktemp("example") / "run"
    only = [word for glob in FEW for word in ("--only", glob)]
    more = ["--implementations", EXAMPLES, "--out", folder]
    lock = str(tmp_path_factory.mktemp("lock"))
    made = bench(
        "run", "--profile", "quick", "--blocks", 2, *only, *more, NOMIDDLE_LOCK=lock
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="module")
def data(run: Path) -> Data:
    return derive(load(run))


@needs_pynng
def test_the_example_has_numbers_and_a_name_in_the_report(run: Path) -> None:
    cells = {f"nng/minimal/{workload}.py" for workload in WORKLOADS}
    numbers = json.loads((run / "report" / "numbers.json").read_text())
    lossless = cells - {"nng/minimal/fan_out.py"}  # ``quick`` times no other kind
    for kind, wanted in (("absolute", lossless), ("size", cells), ("recovery", cells)):
        cited = {cell for n in numbers if n["kind"] == kind for cell in n["cells"]}
        assert wanted <= cited, kind
    compared = [n for n in numbers if len(n["cells"]) == 2]
    assert any(n["cells"][0] == "nng/minimal/pipeline.py" for n in compared)
    report = run / "report"
    for text in (html_of(report), (report / "REPORT.md").read_text()):
        assert all(cell in text for cell in cells)
        assert "nng (minimal)" in text


@needs_pynng
def test_the_example_is_in_the_charts_and_in_the_heat_map_of_failures(data: Data) -> None:
    charts = {chart.name: chart for chart in data.charts}
    for name in ("failures", "throughput_pipeline", "size_pipeline"):
        table = charts[name].table
        assert "nng" in set(table["stack"]), name
    labels = {text.get_text() for text in charts["failures"].figure.findobj(_is_text)}
    assert any("nng" in label for label in labels)


def _is_text(artist: object) -> bool:
    return hasattr(artist, "get_text")


@needs_pynng
def test_the_example_s_version_is_recorded(run: Path) -> None:
    about = json.loads((run / "run.json").read_text())
    assert about["machine"]["versions"]["pynng"]
    assert "nng" in about["stacks"]


def test_a_copy_under_another_name_is_another_stack(tmp_path: Path) -> None:
    """As docs/adding-a-stack.md has it: the folder, copied, is all there is to it."""
    (tmp_path / "more").mkdir()
    copy = tmp_path / "more" / "mine"
    subprocess.run(["cp", "-r", EXAMPLES / "nng", copy], check=True)
    ids = {cell.id for cell in find_cells([IMPLEMENTATIONS, tmp_path / "more"])}
    assert "mine/minimal/pipeline.py" in ids
