"""A run keeps every program, and the weight of each stack."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.errors import NotMeasurable
from bench.measure.code import programs, weight
from bench.measure.code.programs import COUNTS, described, exhibits, statements_of
from bench.run import code
from bench.run.archive import CODE, WEIGHTS, Archive

STACK = """\
label = "Own"
requirements = []
system = []
[variants.minimal]
transports = ["tcp"]
promises = { request_reply = [], fan_out = [], pipeline = [] }
"""
WIRE = "import socket\ndef serve(address):\n    socket.create_server(address)\n"
SERVE = "import wire\ndef serve(address, handle):\n    wire.serve(address)\n"
CALL = "def call(address, requests):\n    yield from requests\n"


@pytest.fixture
def cells(tmp_path: Path) -> list[Cell]:
    """A stack of two programs that share a file, and a third that cannot be read."""
    files = {
        "stack.toml": STACK,
        "wire.py": WIRE,
        "minimal/request_reply.py": SERVE + CALL,
        "minimal/fan_out.py": SERVE,
        "minimal/pipeline.py": "def work(:\n",
    }
    for name, text in files.items():
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return find_cells([tmp_path])


def test_a_run_keeps_every_count_of_every_program(cells: list[Cell]) -> None:
    code, refused = described(cells)
    assert list(refused) == ["own/minimal/pipeline.py"]
    assert "pipeline.py:1: " in refused["own/minimal/pipeline.py"]
    fan_out, request_reply = code["programs"]
    assert fan_out["files"] == ["own/minimal/fan_out.py", "own/wire.py"]
    assert request_reply["statements"] == 3 + 2 + 3
    assert request_reply["names"] == ["create_server", "socket"]
    assert sum(request_reply["shares"].values()) == request_reply["statements"]
    assert code["texts"]["own/minimal/request_reply.py"] == SERVE + CALL
    assert json.loads(json.dumps(code)) == code


def test_a_kept_file_has_the_statements_that_were_counted(cells: list[Cell]) -> None:
    code, _ = described(cells)
    for row in code["programs"]:
        kept = [statements_of(name, code["texts"][name]) for name in row["files"]]
        assert sum(map(len, kept)) == row["statements"]
    wire = statements_of("own/wire.py", code["texts"]["own/wire.py"])
    assert wire[1:] == (
        "def serve ( address ) :",
        "socket . create_server ( address )",
    )


def test_shared_files_count_once_in_the_total_of_a_stack(cells: list[Cell]) -> None:
    code, _ = described(cells)
    (total,) = code["totals"]
    both = sum(row["statements"] for row in code["programs"])
    assert total["statements"] == both - 3  # of wire.py
    assert total["files"].count("own/wire.py") == 1
    assert set(COUNTS) < set(total)


def test_the_programs_of_a_stack_include_those_for_slides() -> None:
    cells = find_cells([IMPLEMENTATIONS])
    one = next(cell for cell in cells if cell.stack.name == "zmq")
    found = [cell.id for cell in exhibits([one])]
    assert {cell.id for cell in cells if cell.stack.name == "zmq"} <= set(found)
    assert {name.split("/")[0] for name in found} == {"zmq"}
    shown = [cell for cell in exhibits([one]) if cell.variant.name == "slide"]
    assert [cell.language for cell in shown] == ["c"]


def test_a_file_outside_the_stack_is_kept_by_its_name(cells: list[Cell]) -> None:
    assert programs.below(Path("/elsewhere/wire.py"), cells[0]) == "wire.py"


# --- Weight ---------------------------------------------------------------------------


def test_requirements_are_followed_except_requirements_of_extras(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs = {
        "a": ["b.c>=1", "not-here", 'd; extra == "more"', 'e; python_version < "3"'],
        "b-c": ["A", "f (>2)"],
        **dict.fromkeys("def"),
    }

    def requires(name: str) -> list[str] | None:
        if name not in needs:
            raise metadata.PackageNotFoundError(name)
        return needs[name]

    monkeypatch.setattr(metadata, "requires", requires)
    assert weight.required(["A"]) == {"a", "b-c", "f"}


def test_a_stack_is_weighed_while_its_server_runs() -> None:
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    bare = weight.weigh(cells["raw_socket/minimal/request_reply.py"])
    loaded = weight.weigh(cells["zmq/minimal/request_reply.py"])
    assert bare["packages"] == []
    assert bare["installed_mib"] == 0
    assert "pyzmq" in loaded["packages"]
    assert loaded["installed_mib"] > 1
    assert loaded["threads"] > bare["threads"]  # libzmq's own
    assert loaded["resident_mib"] > bare["resident_mib"] >= bare["bare_resident_mib"]
    assert loaded["import_ms"] > 0


# --- In a run's archive ---------------------------------------------------------------


@pytest.mark.parametrize("profile", ["quick", "of its own"])
def test_weights_are_taken_in_runs_of_a_named_profile_only(
    profile: str, tmp_path: Path, cells: list[Cell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "weigh", lambda cell: {"threads": 1, "of": cell.id})
    archive = Archive.create(tmp_path / "run", {"profile": profile})
    code.add_weights(archive, cells)
    expected = {"own": {"threads": 1, "of": "own/minimal/request_reply.py"}}
    assert archive.read(WEIGHTS) == (expected if profile == "quick" else None)


def test_a_stack_that_cannot_be_started_has_no_weight(
    cells: list[Cell], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(cell: Cell) -> None:
        raise NotMeasurable(f"{cell.id} ended at once")

    monkeypatch.setattr(code, "weigh", fails)
    assert code.weights_of(cells) == {}


def test_the_kept_code_of_programs_is_not_read_as_a_file_of_pyperf(
    tmp_path: Path, cells: list[Cell]
) -> None:
    archive = Archive.create(tmp_path / "run", {"profile": "quick"})
    readable = [cell for cell in cells if cell.path.stem != "pipeline"]
    code.add_code(archive, readable)
    assert {row["cell"] for row in archive.read(CODE)["programs"]} == {
        cell.id for cell in readable
    }
    assert [path.name for path in archive.suite_paths()] == ["own.minimal.size.json"]
