"""The structure that ARCHITECTURE.md describes is the structure that is there."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import draw_rooms
import grimp
import pytest
from packaging.requirements import Requirement

from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, PROJECT
from bench.report import words
from bench.run.manifest import TIMED

BENCH = PROJECT / "bench"
BROUGHT = "node_modules"
"""The folder that npm puts beside a program in Node.js: no exhibit."""
EXHIBITS = sorted(p for p in IMPLEMENTATIONS.rglob("*.py") if BROUGHT not in p.parts)
CELLS = find_cells([IMPLEMENTATIONS])
IN_C = sorted(p for p in IMPLEMENTATIONS.rglob("*.[ch]") if BROUGHT not in p.parts)
HOST_IN_C = sorted((BENCH / "hosts").glob("*.[ch]"))
MODULES = sorted(path for path in BENCH.rglob("*.py") if FLOOR not in path.parents)
CELL_LINES_MAX = 60
ON_A_SLIDE_LINES_MAX = 44
"""Talks show the minimal programs, and a substitute for one that may lose messages."""
SURVIVORS = ("resilient", "reconnecting")
"""Variants with deadlines and retries: they know the time, and are as long as it takes."""
SURVIVOR_LINES_MAX = 290
TRY_AGAIN = {
    IMPLEMENTATIONS / "raw_socket" / "connections.py",
    IMPLEMENTATIONS / "raw_socket" / "lasting.py",
    IMPLEMENTATIONS / "raw_socket" / "mesh" / "web.py",
    IMPLEMENTATIONS / "http" / "endless.py",
    IMPLEMENTATIONS / "http" / "mesh" / "web.py",
    IMPLEMENTATIONS / "http" / "mesh_websocket" / "web.py",
    *IMPLEMENTATIONS.glob("*/*/discovery.py"),
}
"""They wait before they try again: to accept without a descriptor, to reach a peer, and to
say that they are there."""
C_LINES_MAX = 200
"""In C a program fits on no slide; but one of a few hundred lines is none to compare."""
LONGER_CELLS = {
    "raw_socket/buffered/pipeline.py": "a batch that could not be sent is told apart into "
    "what was sent and what goes to another worker",
}
"""Cells that are allowed to be longer, each with its reason."""
MODULE_LINES_MAX = 320
LONGER_MODULES = {
    "trial/trial.py": "the order in which hosts are told is one story",
}

every_exhibit = pytest.mark.parametrize(
    "path", EXHIBITS, ids=[str(p.relative_to(IMPLEMENTATIONS)) for p in EXHIBITS]
)


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def names_used(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {node.id for node in nodes if isinstance(node, ast.Name)}
    return plain | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@every_exhibit
def test_an_exhibit_knows_transport_only(path: Path) -> None:
    """Calls that are no synchronisation are allowed: ``asyncio.sleep(0)`` yields, a retry
    waits for its back-off, and a heartbeat for its time."""
    survives = path.parent.name in SURVIVORS or path in TRY_AGAIN
    unwanted = {"bench", "argparse", "logging", "statistics"}
    clocks = {"perf_counter", "perf_counter_ns"}
    if not survives:
        unwanted.add("time")
        clocks.add("monotonic")
    for name in imports_of(path):
        assert name.split(".")[0] not in unwanted, name
    assert not names_used(path) & {"print", "input", *clocks}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("sleep"):
            called = ast.unparse(node)
            by_policy = called.endswith(("sleep(BACKOFF_S)", "sleep(HEARTBEAT_S)"))
            assert called in ("asyncio.sleep(0)", "sleep(0)") or (survives and by_policy)


@every_exhibit
def test_an_exhibit_hides_no_error(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, "a bare except"
            assert not all(isinstance(line, ast.Pass) for line in node.body)
            passed_on = isinstance(node.body[-1], ast.Raise)
            assert passed_on or ast.unparse(node.type) not in {"Exception", "BaseException"}


@every_exhibit
def test_an_exhibit_begins_with_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("cell", CELLS, ids=[cell.id for cell in CELLS])
def test_a_program_fits_on_a_slide(cell: object) -> None:
    path, cell_id = cell.path, cell.id  # type: ignore[attr-defined]
    lines = len(path.read_text().splitlines())
    most = SURVIVOR_LINES_MAX if path.parent.name in SURVIVORS else CELL_LINES_MAX
    if path.suffix == ".c":
        most = C_LINES_MAX
    assert lines <= most or cell_id in LONGER_CELLS


def test_a_program_of_the_talk_fits_on_one_slide_of_large_type() -> None:
    shown = [c for c in CELLS if c.variant.name in ("minimal", "lossless")]
    in_python = [cell for cell in shown if cell.language == "python"]
    assert {cell.stack.name for cell in in_python} == {"raw_socket", "http", "zmq"}
    for cell in in_python:
        lines = len(cell.path.read_text(encoding="utf-8").splitlines())
        assert lines <= ON_A_SLIDE_LINES_MAX, cell.id


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
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES_MAX or str(path.relative_to(BENCH)) in LONGER_MODULES


@pytest.mark.parametrize("path", HOST_IN_C, ids=lambda path: path.name)
def test_each_file_of_the_host_in_c_is_short_enough_to_be_read_at_a_sitting(
    path: Path,
) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES_MAX


@pytest.mark.parametrize("path", IN_C, ids=lambda p: str(p.relative_to(IMPLEMENTATIONS)))
def test_an_exhibit_in_c_begins_with_a_comment_and_includes_its_stack_alone(
    path: Path,
) -> None:
    text = path.read_text(encoding="utf-8")
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
    """All that a host loads is loaded beside every cell that is measured."""
    for name in imports_of(path):
        standard = name.split(".")[0] in sys.stdlib_module_names
        assert standard or name.startswith("bench.hosts"), name


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


MEASURING = ["bench.run.runner", "bench.trial.trial", "bench.trial.conformance"]


@pytest.mark.parametrize("module", MEASURING)
def test_nothing_that_measures_loads_tables_or_charts(module: str) -> None:
    assert not loaded_by(module) & {"pandas", "matplotlib", "jinja2"}


COMMANDS = (
    "build check cite common compare demo embedding experiments hosting hosts languages "
    "levels main operating_curve points report reproduce run size talk topologies"
)
HELP = {
    *(f"cli.{name}" for name in COMMANDS.split()),
    *("cli", "contract", "contract.find", "contract.model", "contract.rows", "errors"),
    *("run", "run.interrupts", "run.progress"),
    *("report", "report.numbers", "report.numbers.formats"),  # the choices of an option
    *("cli.named", "contract.alike", "report.words"),  # the names that a person sees
}
WORKLOADS = ("workloads", *(f"workloads.{name}" for name in words.WORKLOADS))
LIST = {
    *HELP,
    *("contract.all_workloads", *(f"contract.{name}" for name in WORKLOADS)),
    *("trial", "trial.build", "trial.requirements"),
}
CITE = {
    *HELP,
    *("report.numbers.alias", "report.numbers.citation"),
    "report.ratio",
    "report.entries",  # the numbers of other machines
    *("trial", "trial.build", "trial.requirements", "trial.versions"),
}
HEAVY = {"jinja2", "matplotlib", "numpy", "pandas", "pygments", "pyperf", "tree_sitter"}
ANY_NUMBER = json.loads((PROJECT / "reports" / "numbers.json").read_text())[0]["id"]


@pytest.mark.parametrize(
    ("command", "modules"),
    [(["--help"], HELP), (["list"], LIST), (["cite", ANY_NUMBER], CITE)],
    ids=["help", "list", "cite"],
)
def test_a_quick_command_loads_these_modules_alone(
    command: list[str], modules: set[str]
) -> None:
    """A person waits for it: a further module here needs a reason."""
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from bench.cli.main import main\n"
        "main(sys.argv[1:])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ended.stderr.splitlines()[-1].split())
    assert not loaded & HEAVY
    ours = {name.removeprefix("bench.") for name in loaded if name.startswith("bench.")}
    assert ours == modules


def test_a_host_loads_nothing_heavy() -> None:
    heavy = {"numpy", "pyperf", "rich", "click", "bench.trial.trial"}
    assert not loaded_by("bench.hosts.host") & heavy


def dependencies() -> list[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["test"]]


def test_every_package_has_a_comment_with_its_purpose() -> None:
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


FAULTY = {"aiohttp": "3.14.1"}
"""Versions in which a fault was found that a comparison would blame on a protocol."""


def test_no_version_with_a_known_fault_is_allowed() -> None:
    allowed = {need.name: need.specifier for need in map(Requirement, dependencies())}
    for name, version in FAULTY.items():
        assert version not in allowed[name]


@pytest.mark.parametrize("workload", ["request_reply", "fan_out", "pipeline"])
def test_no_module_lists_the_stacks(workload: str) -> None:
    """A new stack is one new folder: no module says the names of those that exist."""
    for path in MODULES:
        if path.name in {"plan.py"} or path.parent.name == "selftest":
            continue  # groups of cases, by glob; comparisons with a named cell
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert f"raw_socket/minimal/{workload}" not in node.value, path


def rooms_listed() -> list[str]:
    """Return the rooms of the table in ARCHITECTURE.md, lowest first."""
    table = (PROJECT / "ARCHITECTURE.md").read_text().split("\n## ", 1)[0]
    return re.findall(r"^\| `bench/(\w+)(?:/|\.py)` \|", table, re.MULTILINE)


def contracts() -> dict[str, dict[str, Any]]:
    """Return what import-linter holds the imports to, by name."""
    described = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    return {one["name"]: one for one in described["tool"]["importlinter"]["contracts"]}


def test_architecture_lists_the_rooms_that_are_there() -> None:
    there = {path.stem for path in BENCH.iterdir() if not path.name.startswith("_")}
    assert set(rooms_listed()) == there


def test_architecture_lists_the_rooms_in_the_order_of_imports() -> None:
    assert rooms_listed() == contracts()["The data flows one way"]["layers"][::-1]


def test_architecture_counts_the_rooms() -> None:
    rooms = [name for name in rooms_listed() if (BENCH / name).is_dir()]
    page = " ".join((PROJECT / "ARCHITECTURE.md").read_text().split())
    assert f"Beside the {len(rooms)} rooms stand three files" in page
    assert len([*BENCH.glob("*.py")]) == 3


def test_the_docstring_of_the_package_has_the_rooms_in_their_order() -> None:
    text = ast.get_docstring(ast.parse((BENCH / "__init__.py").read_text())) or ""
    flow = next(part for part in text.split("\n\n") if " -> " in part)
    listed = [name.strip() for name in flow.split("->")]
    joins_all = {"errors", "selftest", "cli"}
    assert listed == [name for name in rooms_listed() if name not in joins_all]
    assert joins_all <= set(rooms_listed())


def test_tests_have_a_folder_for_each_room() -> None:
    rooms = {name for name in rooms_listed() if (BENCH / name).is_dir()}
    tested = {path.parent.name for path in (PROJECT / "tests").glob("*/test_*.py")}
    assert rooms <= tested


def test_the_checksum_of_a_run_covers_every_room_below_the_analysis() -> None:
    rooms = rooms_listed()
    below = rooms[: rooms.index("analysis")]
    assert [name.removesuffix(".py") for name in TIMED] == below


def test_every_room_has_a_docstring() -> None:
    for name in rooms_listed():
        if (BENCH / name).is_dir():
            text = ast.get_docstring(ast.parse((BENCH / name / "__init__.py").read_text()))
            assert text, name


PACKAGES = [path for path in MODULES if path.name == "__init__.py" and path.parent != BENCH]


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.name)
def test_a_package_holds_no_program(path: Path) -> None:
    """An import of one module of it would load all that the package needs."""
    (only,) = ast.parse(path.read_text()).body
    assert isinstance(only, ast.Expr)
    assert isinstance(only.value, ast.Constant)


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("bench", exclude_type_checking_imports=True, cache_dir=None)
    below = {one: graph.find_modules_directly_imported_by(one) for one in graph.modules}
    TopologicalSorter(below).prepare()  # raises CycleError, which names the circle


def test_the_picture_of_the_rooms_is_current() -> None:
    assert draw_rooms.drawn() == draw_rooms.PAGE.read_text(encoding="utf-8")


def hops() -> list[tuple[Path, str]]:
    """Return the file and the function of each step of the way of one message."""
    page = (PROJECT / "ARCHITECTURE.md").read_text()
    found = re.findall(r"^\d+\. `([\w/]+\.py)`, `(\w+)` ", page, re.MULTILINE)
    return [(PROJECT / path, function) for path, function in found]


def test_the_way_of_one_message_has_a_dozen_steps_at_most() -> None:
    assert 8 <= len(hops()) <= 12


@pytest.mark.parametrize(("path", "function"), hops(), ids=lambda named: str(named)[-20:])
def test_each_step_of_a_message_is_in_the_module_that_the_page_names(
    path: Path, function: str
) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    assert function in defined


def names_told() -> list[tuple[str, Path]]:
    """Return the names that ARCHITECTURE.md places in a file, each with that file."""
    page = (PROJECT / "ARCHITECTURE.md").read_text()
    found = re.findall(r"((?:`\w+`(?:, | and ))*`\w+`) in `(bench/[\w/]+\.py)`", page)
    return [
        (name, PROJECT / path)
        for names, path in found
        for name in re.findall(r"\w+", names.replace(" and ", " "))
    ]


@pytest.mark.parametrize(("name", "path"), names_told(), ids=str)
def test_each_name_is_in_the_module_that_architecture_names(name: str, path: Path) -> None:
    defined = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    assert name in defined


def test_every_variant_names_the_largest_message_that_it_takes() -> None:
    """Silence would leave open whether nobody thought of a limit or there is none."""
    folders = (IMPLEMENTATIONS, PROJECT / "examples")
    files = [path for folder in folders for path in folder.glob("*/stack.toml")]
    variants = {
        (path.parent.name, name): table
        for path in files
        for name, table in tomllib.loads(path.read_text())["variants"].items()
    }
    assert len(variants) > 20
    assert [key for key, table in variants.items() if "limit_bytes" not in table] == []
