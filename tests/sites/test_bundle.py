"""The code of a run is one archive, which a site can run without the project's folder."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from helpers_bench import BROKEN, find_cell
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.model import IMPLEMENTATIONS, PROJECT
from bench.sites.bundle import PYTHON_THERE, Bundle
from bench.sites.wire import Lines
from bench.trial.build import executable


def test_the_archive_has_all_that_agents_load_and_every_program(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(Bundle().data)) as archive:
        archive.extractall(tmp_path)
    assert not [*tmp_path.rglob("node_modules"), *tmp_path.rglob("__pycache__")]
    program = "import bench.sites.agent as a, sys; print(a.__file__, *sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    where, *loaded = ended.stdout.split()
    assert Path(where).is_relative_to(tmp_path)
    assert not {"distributed", "dask", "numpy"} & {*loaded}
    there = {path.relative_to(tmp_path) for path in tmp_path.rglob("stack.toml")}
    every = {path.relative_to(PROJECT) for path in IMPLEMENTATIONS.glob("*/stack.toml")}
    assert every <= there


def test_the_same_code_has_the_same_digest_and_other_code_has_another(
    tmp_path: Path,
) -> None:
    root = tmp_path / "root"
    shutil.copytree(BROKEN, root)
    before = Bundle([root])
    assert Bundle([root]).digest == before.digest
    with open(next(root.rglob("request_reply.py")), "a") as file:
        file.write("# changed\n")
    assert Bundle([root]).digest != before.digest


def test_paths_of_programs_are_those_at_the_site(tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(BROKEN, root)
    code = Bundle([root])
    cell = find_cell("zmq/minimal/request_reply.py")
    assert code(str(cell.path)) == "implementations/zmq/minimal/request_reply.py"
    assert code(sys.executable) == PYTHON_THERE
    assert code("") == ""
    mine = next(root.rglob("request_reply.py"))
    told = code(str(mine))
    with zipfile.ZipFile(io.BytesIO(code.data)) as archive:
        assert archive.read(told) == mine.read_bytes()
    in_c = executable(find_cell("zmq/minimal/request_reply.c"))
    assert PROJECT / code(str(in_c)) == in_c


@given(st.lists(st.binary().filter(lambda line: b"\n" not in line)), st.data())
def test_lines_are_whole_however_they_arrive(
    lines: list[bytes], data: st.DataObject
) -> None:
    left = b"".join(line + b"\n" for line in lines)
    cutter, found = Lines(), []
    while left:
        size = data.draw(st.integers(1, len(left)))
        found += cutter.cut(left[:size])
        left = left[size:]
    assert found == lines
