"""The structure that ARCHITECTURE.md describes is the structure that is there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.contract import FLOOR, IMPLEMENTATIONS, PROJECT
from bench.find import find_cells

BENCH = PROJECT / "bench"
BROUGHT = "node_modules"
"""What npm puts beside a program in Node.js: nobody's exhibit."""
EXHIBITS = sorted(p for p in IMPLEMENTATIONS.rglob("*.py") if BROUGHT not in p.parts)
CELLS = find_cells([IMPLEMENTATIONS])
IN_C = sorted(p for p in IMPLEMENTATIONS.rglob("*.[ch]") if BROUGHT not in p.parts)
HOST_IN_C = sorted((BENCH / "hosts").glob("*.[ch]"))
MODULES = sorted(path for path in BENCH.rglob("*.py") if FLOOR not in path.parents)
CELL_LINES_MAX = 60
SURVIVORS = ("resilient", "reconnecting")
"""Variants with deadlines and retries: they know the time, and are as long as it takes."""
SURVIVOR_LINES_MAX = 290
C_LINES_MAX = 200
"""In C a program fits on no slide; but one of a few hundred lines is none to compare."""
LONGER_CELLS = {
    "http/minimal/pipeline.c": "a worker carries on two streams, and holds one up for the "
    "other",
    "http/buffered/fan_out.py": "a batch needs a sender of its own beside the publisher",
    "http/stdlib_client/pipeline.py": "one client of a server that is written out again",
    "raw_socket/lossy/fan_out.py": "what is dropped is whole messages, never the rest of "
    "one that is half sent: that rest has to be kept, per subscriber, without waiting",
}
"""Cells that are allowed to be longer, each with its reason."""
MODULE_LINES_MAX = 320
LONGER_MODULES = {
    "trial.py": "the order in which hosts are told is one story",
}

every_exhibit = pytest.mark.parametrize(
    "path", EXHIBITS, ids=[str(p.relative_to(IMPLEMENTATIONS)) for p in EXHIBITS]
)


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def names_used(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {node.id for node in nodes if isinstance(node, ast.Name)}
    return plain | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@every_exhibit
def test_an_exhibit_knows_transport_only(path: Path) -> None:
    """Calls that are no synchronisation are allowed: ``asyncio.sleep(0)`` yields, a retry
    waits for its back-off, and a heartbeat for its time."""
    survives = path.parent.name in SURVIVORS
    unwanted = {"bench", "argparse", "logging", "statistics"}
    clocks = {"perf_counter", "perf_counter_ns"}
    if not survives:
        unwanted.add("time")
        clocks.add("monotonic")
    for name in imports_of(path):
        assert name.split(".")[0] not in unwanted, name
    assert not names_used(path) & {"print", "input", *clocks}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("sleep"):
            called = ast.unparse(node)
            by_policy = called.endswith(("sleep(BACKOFF_S)", "sleep(HEARTBEAT_S)"))
            assert called == "asyncio.sleep(0)" or (survives and by_policy)


@every_exhibit
def test_an_exhibit_hides_no_error(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, "a bare except"
            assert not all(isinstance(line, ast.Pass) for line in node.body)
            passed_on = isinstance(node.body[-1], ast.Raise)
            assert passed_on or ast.unparse(node.type) not in {"Exception", "BaseException"}


@every_exhibit
def test_an_exhibit_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("cell", CELLS, ids=[cell.id for cell in CELLS])
def test_a_cell_fits_on_a_slide(cell: object) -> None:
    path, cell_id = cell.path, cell.id  # type: ignore[attr-defined]
    lines = len(path.read_text().splitlines())
    most = SURVIVOR_LINES_MAX if path.parent.name in SURVIVORS else CELL_LINES_MAX
    if path.suffix == ".c":
        most = C_LINES_MAX
    assert lines <= most or cell_id in LONGER_CELLS


def test_exceptions_that_are_no_longer_needed_are_gone() -> None:
    for cell in CELLS:
        if cell.id in LONGER_CELLS:
            assert len(cell.path.read_text().splitlines()) > CELL_LINES_MAX
    for name in LONGER_MODULES:
        assert len((BENCH / name).read_text().splitlines()) > MODULE_LINES_MAX


def test_there_is_no_package_among_the_exhibits() -> None:
    """``http/__init__.py`` on the path would hide the standard library's ``http``."""
    assert not list(IMPLEMENTATIONS.rglob("__init__.py"))


@pytest.mark.parametrize("path", MODULES, ids=[str(p.relative_to(BENCH)) for p in MODULES])
def test_a_module_is_short_enough_to_be_read_at_a_sitting(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= MODULE_LINES_MAX or str(path.relative_to(BENCH)) in LONGER_MODULES


@pytest.mark.parametrize("path", HOST_IN_C, ids=lambda path: path.name)
def test_the_host_in_c_is_short_enough_too(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MODULE_LINES_MAX


@pytest.mark.parametrize("path", IN_C, ids=lambda p: str(p.relative_to(IMPLEMENTATIONS)))
def test_an_exhibit_in_c_says_what_it_is_and_includes_its_stack_alone(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("/* ")
    local = re.findall(r'#include "(.+)"', text)
    stack = IMPLEMENTATIONS / path.relative_to(IMPLEMENTATIONS).parts[0]
    contracts = {"host.h", "embedded.h"}
    assert all(name in contracts or (stack / name).is_file() for name in local)


def test_no_module_is_called_like_one_of_the_standard_library() -> None:
    """pyperf imports ``statistics``, and a cell the standard library's ``http``."""
    names = {path.stem for path in MODULES if path.parent == BENCH} - {"__main__"}
    assert "statistics" not in {path.stem for path in MODULES}
    assert not names & {"queue", "socket", "http", "select", "signal", "random"}


@pytest.mark.parametrize(
    "path", sorted((BENCH / "hosts").glob("*.py")), ids=lambda p: p.stem
)
def test_a_host_loads_the_standard_library_and_the_message_format_only(
    path: Path,
) -> None:
    """What a host loads is loaded beside every cell that is measured."""
    allowed = ("bench.hosts", "bench.ledger", "bench.message")
    for name in imports_of(path):
        standard = name.split(".")[0] in sys.stdlib_module_names
        assert standard or name == "bench" or name.startswith(allowed), name


def loaded_by(module: str) -> set[str]:
    program = f"import {module}, sys; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stdout.split())


@pytest.mark.parametrize("module", ["bench.run", "bench.trial", "bench.check"])
def test_nothing_that_measures_loads_tables_or_charts(module: str) -> None:
    assert not loaded_by(module) & {"pandas", "matplotlib", "jinja2"}


def test_the_command_line_loads_nothing_heavy_before_it_knows_the_command() -> None:
    assert not loaded_by("bench.cli") & {"pandas", "matplotlib", "numpy", "pyperf"}


def test_a_host_loads_nothing_heavy() -> None:
    heavy = {"numpy", "pyperf", "rich", "click", "bench.trial", "bench.contract"}
    assert not loaded_by("bench.hosts.host") & heavy


def dependencies() -> list[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["test"]]


def test_every_package_says_why_it_is_there() -> None:
    text = (PROJECT / "pyproject.toml").read_text()
    lines = text.split("\ndependencies = [")[1].split("\n]")[0].splitlines()
    for line in lines:
        if line.strip().startswith('"'):
            assert re.search(r'",\s+# \w', line), line


def test_the_version_of_every_package_is_pinned() -> None:
    pinned = {
        line.split("==")[0].strip().lower().replace("_", "-")
        for line in (PROJECT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    for dependency in dependencies():
        name = re.split(r"[<>=!~\[; ]", dependency)[0].lower()
        assert name in pinned, f"{dependency} is not in constraints.txt"


@pytest.mark.parametrize("workload", ["request_reply", "fan_out", "pipeline"])
def test_nobody_but_bench_itself_lists_the_stacks(workload: str) -> None:
    """A new stack is one new folder: no module says the names of those that exist."""
    for path in MODULES:
        if path.name in {"plan.py"} or path.parent.name == "selftest":
            continue  # groups of cases, by glob; comparisons with a named cell
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert f"raw_socket/minimal/{workload}" not in node.value, path
