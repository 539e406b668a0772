"""Cells are found from their paths; a fault of a stack's folder is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.contract.all_workloads import WORKLOADS
from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, LANGUAGES, SLIDE
from bench.errors import ContractError

TOML = """
label = "Mine"
requirements = []
system = []
[variants.minimal]
transports = ["tcp", "ipc"]
promises.fan_out = []
"""


def write_stack(
    root: Path, toml: str | None = TOML, cell: str = "minimal/fan_out.py"
) -> Path:
    folder = root / "mine"
    (folder / cell).parent.mkdir(parents=True)
    (folder / cell).write_text('"""A cell."""\n')
    if toml is not None:
        (folder / "stack.toml").write_text(toml)
    return folder


def test_every_file_named_like_a_workload_is_a_program_and_its_path_is_its_id() -> None:
    paths = {
        str(path.relative_to(IMPLEMENTATIONS))
        for path in IMPLEMENTATIONS.glob("*/*/*.*")
        if path.suffix in LANGUAGES and path.stem in WORKLOADS
        if path.parent.name != SLIDE
    }
    assert {cell.id for cell in find_cells([IMPLEMENTATIONS])} == paths


def test_the_three_stacks_have_a_minimal_program_of_each_workload() -> None:
    ids = {cell.id for cell in find_cells([IMPLEMENTATIONS])}
    for stack in ("raw_socket", "http", "zmq"):
        for workload in WORKLOADS:
            assert f"{stack}/minimal/{workload}.py" in ids


def test_a_stack_has_a_label_and_its_requirements(tmp_path: Path) -> None:
    write_stack(tmp_path)
    (cell,) = find_cells([tmp_path])
    assert (cell.id, cell.key) == ("mine/minimal/fan_out.py", "mine.minimal.python")
    assert (cell.stack.label, cell.variant.transports) == ("Mine", ("tcp", "ipc"))
    assert not cell.lossy
    assert not cell.is_floor


def test_only_the_null_stack_is_the_floor() -> None:
    assert {c.stack.name for c in find_cells([FLOOR]) if c.is_floor} == {"null"}
    assert not any(cell.is_floor for cell in find_cells([IMPLEMENTATIONS]))


def test_files_and_folders_that_are_no_programs_are_ignored(tmp_path: Path) -> None:
    folder = write_stack(tmp_path)
    for name in ("minimal/helper.py", "minimal/fan_out.txt", "framing.py"):
        (folder / name).write_text("")
    (tmp_path / ".cache" / "deep").mkdir(parents=True)
    (tmp_path / "README.md").write_text("")
    assert [cell.id for cell in find_cells([tmp_path])] == ["mine/minimal/fan_out.py"]


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        (None, "no stack.toml"),
        ("label = ", "TOMLDecodeError"),
        ("", "variants"),
        (TOML.replace("label", "lable"), "label"),
        (TOML.replace("[variants.minimal]", "variants = 3\n[a]"), "stack.toml"),
        (TOML.replace("fan_out = []", 'fan_out = ["losses"]'), "loses"),
        (TOML.replace('["tcp", "ipc"]', "[]"), "names no transports"),
        (TOML.replace("minimal", "maximal"), r"no \[variants.minimal\]: add it"),
        (TOML.replace("promises.fan_out = []", ""), "promises.fan_out = "),
        (TOML.replace('["tcp", "ipc"]', '"tcp"'), "transports"),
        (TOML.replace('["tcp", "ipc"]', '["tpc"]'), "tpc"),
        (TOML.replace("requirements = []", 'requirements = "pyzmq"'), "requirements"),
    ],
    ids=[
        "no stack.toml",
        "not TOML",
        "empty",
        "no label",
        "variants is a number",
        "unknown promise",
        "no transports",
        "variant not in it",
        "fan-out without a promise",
        "transports is a string",
        "unknown transport",
        "requirements is a string",
    ],
)
def test_a_wrong_stack_toml_is_an_error_that_names_the_file(
    tmp_path: Path, toml: str | None, reason: str
) -> None:
    folder = write_stack(tmp_path, toml)
    with pytest.raises(ContractError, match=reason) as caught:
        find_cells([tmp_path])
    assert str(folder) in str(caught.value)


def test_a_stack_toml_that_is_not_text_is_an_error_that_names_it(tmp_path: Path) -> None:
    (write_stack(tmp_path) / "stack.toml").write_bytes(b"label = \xff\xfe")
    with pytest.raises(ContractError, match=r"stack\.toml"):
        find_cells([tmp_path])


def test_two_stacks_of_one_name_are_an_error_that_names_both(tmp_path: Path) -> None:
    for root in ("one", "other"):
        shutil.copytree(IMPLEMENTATIONS / "zmq", tmp_path / root / "zmq")
    with pytest.raises(ContractError, match="two stacks are called zmq") as caught:
        find_cells([tmp_path / "one", tmp_path / "other"])
    assert str(tmp_path / "one" / "zmq") in str(caught.value)
    assert str(tmp_path / "other" / "zmq") in str(caught.value)


def test_a_root_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="is not a folder"):
        find_cells([tmp_path / "nowhere"])


def test_a_stack_taken_for_a_root_is_an_error_that_names_the_root() -> None:
    with pytest.raises(ContractError, match=rf"one stack.*name {IMPLEMENTATIONS}"):
        find_cells([IMPLEMENTATIONS / "zmq"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('requirement = ["pynng"]\n[variants.minimal]', "requirement'.*requirements"),
        ('[variants.minimal]\ntransport = ["tcp"]', "minimal.*transport'.*transports"),
        (
            '[variants.minimal]\ntransports = ["tcp"]\nsecurity = "tsl"',
            "minimal.*security = 'tsl'; did you mean tls",
        ),
        (
            '[variants.minimal]\ntransports = ["tcp"]\npromises.fan_out = ["encrypts"]',
            "no promise is called 'encrypts'",
        ),
    ],
)
def test_a_misspelt_key_of_a_stack_is_an_error(
    text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "stack.toml").write_text(f'label = "New"\n{text}\n')
    with pytest.raises(ContractError, match=said):
        find_cells([tmp_path])


def test_a_variant_with_keys_promises_to_encrypt() -> None:
    for cell in find_cells([IMPLEMENTATIONS]):
        assert ("encrypts" in cell.promise) == (cell.variant.name in ("tls", "curve"))


def test_every_counterpart_is_a_program_of_the_same_workload() -> None:
    cells = find_cells([IMPLEMENTATIONS])
    workloads: dict[str, set[str]] = {}
    for cell in cells:
        key = f"{cell.stack.name}.{cell.variant.name}"
        workloads.setdefault(key, set()).add(cell.workload.name)
    for cell in (each for each in cells if each.counterparts):
        found = [workloads[name] for name in cell.counterparts.split(", ")]
        assert any(cell.workload.name in each for each in found), cell.id


def test_every_workload_has_one_driver_and_one_consumer() -> None:
    for workload in WORKLOADS.values():
        assert sum(role.drives for role in workload.roles) == 1
        assert sum(role.consumes for role in workload.roles) == 1
        assert workload.repeated in {role.name for role in workload.roles}
        bound = {name for role in workload.roles for name in role.binds}
        assert bound == {name for role in workload.roles for name in role.connects}


def test_a_program_in_c_sends_as_the_one_in_python_does() -> None:
    """Else a ratio of two languages, or of stacks in one, is that of batching and not.

    How many requests a server handles at once is its library's matter in C.
    """
    cells = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS])}
    in_c = [cell for cell in cells.values() if cell.language == "c"]
    assert {cell.workload.name for cell in in_c} == set(WORKLOADS)
    for cell in in_c:
        python = cells[cell.id.removesuffix(".c") + ".py"]
        assert cell.promise - {"concurrent"} == python.promise - {"concurrent"}, cell.id
