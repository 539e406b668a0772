"""Programs are chosen by the names that charts and pages show, beside those of files."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli.main import main
from bench.cli.named import beside, chosen
from bench.contract.find import find_cells, stack_names
from bench.contract.model import FLOOR, IMPLEMENTATIONS, PROJECT, Cell
from bench.contract.rows import program_row
from bench.errors import UsageError
from bench.report import words

CELLS = find_cells([IMPLEMENTATIONS, FLOOR])
NAMESAKE = """
label = "ZeroMQ"
[variants.minimal]
transports = ["tcp"]
promises.pipeline = []
"""


def ids(cells: list[Cell]) -> set[str]:
    return {cell.id for cell in cells}


@pytest.mark.parametrize("name", ["ZeroMQ", "zeromq", "zmq", "zmq/*"])
def test_a_stack_s_label_and_its_folder_name_all_its_programs(name: str) -> None:
    mine = {cell.id for cell in CELLS if cell.stack.name == "zmq"}
    assert ids(chosen(CELLS, [name])) == mine
    assert len(mine) > 10


def test_every_name_of_a_program_on_charts_names_this_program() -> None:
    for cell in CELLS:
        stacks = {cell.stack.name: {"label": cell.stack.label}}
        name = words.cell(program_row(cell.as_row()), stacks)
        found = chosen(CELLS, [name])
        assert cell.id in ids(found), name
        assert {one.stack.name for one in found} == {cell.stack.name}, name
        if not cell.is_floor:
            assert {one.variant.name for one in found} == {cell.variant.name}, name
            assert {one.language for one in found} == {cell.language}, name


def test_names_and_patterns_can_be_mixed() -> None:
    found = ids(chosen(CELLS, ["HTTP (aiohttp)", "zmq/minimal/*.c"]))
    assert "http/aiohttp_client/request_reply.py" in found
    assert "zmq/minimal/fan_out.c" in found
    assert not any(one.startswith("zmq") and one.endswith(".py") for one in found)


def test_a_workload_names_the_programs_of_all_stacks() -> None:
    found = chosen(CELLS, ["Fan-out"])
    assert {cell.workload.name for cell in found} == {"fan_out"}
    assert {"zmq", "http", "raw_socket"} <= {cell.stack.name for cell in found}


def test_an_unknown_name_suggests_one_that_charts_show() -> None:
    with pytest.raises(
        UsageError, match=r"no program matches 'ZeroNQ'.*did you mean.*Zero"
    ):
        chosen(CELLS, ["ZeroNQ"])


def test_a_label_of_two_stacks_is_refused_with_both_folders(tmp_path: Path) -> None:
    (tmp_path / "mine" / "minimal").mkdir(parents=True)
    (tmp_path / "mine" / "stack.toml").write_text(NAMESAKE)
    (tmp_path / "mine" / "minimal" / "pipeline.py").write_text("x = 1\n")
    cells = find_cells([IMPLEMENTATIONS, tmp_path])
    with pytest.raises(UsageError, match=r"mine and zmq: write 'mine/\*' or 'zmq/\*'"):
        chosen(cells, ["ZeroMQ (minimal)"])
    with pytest.raises(UsageError, match=r"label of the stacks zmq and mine"):
        stack_names(["ZeroMQ"], cells)
    assert stack_names(["mine"], cells) == {"mine"}
    assert ids(chosen(cells, ["mine"])) == {"mine/minimal/pipeline.py"}


def test_a_stack_is_measured_beside_programs_that_promise_the_same() -> None:
    every = find_cells([IMPLEMENTATIONS, FLOOR, PROJECT / "examples"])
    found, names = beside(every, ["nng"])
    assert names == ["nng"]
    mine = [cell for cell in found if cell.stack.name == "nng"]
    assert mine == [cell for cell in every if cell.stack.name == "nng"]
    assert not any(cell.is_floor for cell in found)
    for workload in ("request_reply", "pipeline"):
        stacks = {c.stack.name for c in found if c.workload.name == workload}
        assert stacks == {"nng", "zmq", "http", "raw_socket"}, workload
    lossy = {cell.lossy for cell in mine if cell.workload.name == "fan_out"}
    others = [c for c in found if c.stack.name != "nng" and c.workload.name == "fan_out"]
    assert {cell.lossy for cell in others} <= lossy
    assert {cell.language for cell in found} == {cell.language for cell in mine}


def test_a_stack_of_the_three_is_measured_beside_the_other_two() -> None:
    found, names = beside(CELLS, ["BSD sockets"])
    assert names == ["raw_socket"]
    assert {cell.stack.name for cell in found} == {"zmq", "http", "raw_socket"}
    assert "zmq/resilient/pipeline.py" in ids(found)
    assert "http/aiohttp_client/request_reply.py" not in ids(found)


@pytest.mark.parametrize("command", ["run", "size"])
def test_a_stack_that_does_not_exist_is_named_beside_those_that_do(command: str) -> None:
    said = CliRunner().invoke(main, [command, "--stack", "Carrier pigeon"])
    assert said.exit_code == 1
    assert "no stack is called 'Carrier pigeon', but" in said.output
    assert "ZeroMQ" in said.output
