"""A size depends on what a program does, not on how it is laid out or explained."""

from __future__ import annotations

import ast
import gzip
import heapq
import io
import queue
import sched
import subprocess
import sys
import token
import tokenize
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.measure.code import python
from bench.measure.code.size import Size, SizeError, size

Write = Callable[..., Path]

PLAIN = """\
import socket

LIMIT = 1 << 20

def serve(address, handle):
    with socket.create_server((address, 0)) as listener:
        while True:
            connection, _ = listener.accept()
            if not connection:
                break
            for data in iter(lambda: connection.recv(LIMIT), b''):
                connection.sendall(handle(data) + f'{len(data)}!'.encode())

class Gone(Exception):
    pass
"""

REFORMATTED = '''\
#!/usr/bin/env python3
"""A module's docstring
over two lines."""
import socket ;   LIMIT=(1<<20)   # one MiB
"""A string that documents LIMIT."""


def serve(
    address,
    handle,
):
    """Serve."""
    with socket . create_server(
        (address, 0,),
    ) as listener:

        while (True):
                (connection, _) = listener \\
                    .accept()
                # Nobody is there.
                if not connection: break
                for data in iter(
                    lambda: connection.recv(LIMIT), b"",
                ):
                    connection.sendall(handle(data) + f"{len(data)}" "!".encode())
class Gone(Exception):
    """The other side left."""
'''

ANNOTATED = (
    PLAIN.replace("LIMIT =", "LIMIT: int =")
    .replace("(address, handle)", "(address: str, handle: 'Callable[..., bytes]')")
    .replace("handle):", "handle) -> None:")
    .replace("'Callable[..., bytes]'):", "'Callable[..., bytes]') -> None:")
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, name: str = "cell.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def counts(path: Path, *search: Path) -> tuple[int, int, int]:
    result = size(path, search or [path.parent])
    return result.statements, result.tokens, result.gzip_bytes


# --- By hand --------------------------------------------------------------------------

# What stands on each line, counted by hand: statements and tokens.
GOLDEN = [
    ("import socket", 1, 2),
    ("from a.b import c as d, e", 1, 10),
    ("x = 1", 1, 3),
    ("x //= -2.5e-3 ** y", 1, 6),
    ("x, y = y, x", 1, 9),  # the normal form writes tuples in parentheses: 7 + 2
    ("x = a.b[1:-1]", 1, 11),
    ("x = 'one string'", 1, 3),
    ("x = f'{y}'", 1, 5),  # the string before the field, the field, the string behind
    ("x = b'\\x00\"' + r'\\d'", 1, 5),
    ("x: int = 1", 1, 3),
    ("x: dict[str, int]", 1, 1),
    ("def f(a: int, *b: str, c=1) -> None: return a", 2, 15),
    ("async def f():\n    await g()", 2, 10),
    ("if x:\n    f()\nelif y:\n    g()\nelse:\n    h()", 5, 17),
    ("try:\n    f()\nexcept E as e:\n    raise\nfinally:\n    g()", 4, 16),
    ("@a.b\ndef f():\n    pass", 2, 10),
    ("f()\n...", 2, 4),  # unlike a string, an ellipsis is written to do something
    ("'a docstring'", 0, 0),
    ("# a comment", 0, 0),
    ("", 0, 0),
]


@pytest.mark.parametrize(("text", "statements", "tokens"), GOLDEN)
def test_counts_of_statements_and_tokens_equal_those_by_hand(
    write: Write, text: str, statements: int, tokens: int
) -> None:
    assert counts(write(text))[:2] == (statements, tokens)


def test_counts_of_a_whole_file_equal_those_by_hand(write: Write) -> None:
    path = write(PLAIN)
    tokens = sum([2, 5, 8, 14, 3, 9, 4, 1, 17, 20, 6, 1])  # line by line
    # Compressed again here: libraries differ in a few bytes of the same format. A
    # module's normal form has no blank line but before functions and classes.
    normal = PLAIN.replace("\n\nLIMIT", "\nLIMIT").rstrip("\n")
    compressed = len(gzip.compress(normal.encode(), 9, mtime=0))
    assert size(path, [path.parent]) == Size(
        statements=12,
        tokens=tokens,
        gzip_bytes=compressed,
        lines=12,  # the statements have one each
        complexity=4,  # serve: itself, while, if, for
        complexity_max=4,
        files=(path.resolve(),),
    )


def test_all_parts_of_a_size_are_integers(write: Write) -> None:
    assert all(type(count) is int for count in counts(write(PLAIN)))


# --- What must not change anything ----------------------------------------------------


@pytest.mark.parametrize("text", [REFORMATTED, ANNOTATED])
def test_layout_comments_docstrings_and_annotations_cost_nothing(
    write: Write, text: str
) -> None:
    assert text != PLAIN
    assert counts(write(text)) == counts(write(PLAIN, "plain.py"))


def test_renaming_changes_neither_statements_nor_tokens(write: Write) -> None:
    renamed = PLAIN.replace("connection", "c").replace("listener", "l_1")
    before, after = counts(write(PLAIN)), counts(write(renamed, "renamed.py"))
    assert before[:2] == after[:2]


@pytest.mark.parametrize("width", [40, 88, 200])
@pytest.mark.parametrize("module", [heapq, queue, sched])
def test_a_formatter_changes_nothing(write: Write, module: ModuleType, width: int) -> None:
    pytest.importorskip("ruff")
    original = Path(str(module.__file__)).read_text(encoding="utf-8")
    path = write(original)
    expected = counts(path)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache"]
    subprocess.run(
        [*command, "--line-length", str(width), path], check=True, capture_output=True
    )
    assert path.read_text() != original
    assert counts(path) == expected


def test_a_statement_more_is_counted(write: Write) -> None:
    before, after = counts(write(PLAIN)), counts(write(PLAIN + "x = 1\n"))
    assert (after[0] - before[0], after[1] - before[1]) == (1, 3)
    assert after[2] > before[2]


# --- Tokens are the language's --------------------------------------------------------


def reference_tokens(code: str) -> int:
    layout = {token.NEWLINE, token.NL, token.INDENT, token.DEDENT, token.ENDMARKER}
    pieces = tokenize.generate_tokens(io.StringIO(code).readline)
    return sum(piece.type not in layout for piece in pieces)


@pytest.mark.parametrize("module", [ast, heapq, queue, sched, tokenize])
def test_tokens_agree_with_pythons_own_tokenizer(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    for node in ast.walk(tree):  # Python before 3.12 takes an f-string for one token
        for name, child in ast.iter_fields(node):
            if isinstance(child, ast.JoinedStr):
                setattr(node, name, ast.Constant("text"))
            elif isinstance(child, list):
                joined = [isinstance(item, ast.JoinedStr) for item in child]
                plain = ast.Constant("text")
                child[:] = [
                    plain if is_joined else item
                    for item, is_joined in zip(child, joined, strict=True)
                ]
    code = ast.unparse(tree)
    tree = python.GRAMMAR.parse(code)
    assert python.GRAMMAR.tokens(tree) == reference_tokens(code)


# --- Local files ----------------------------------------------------------------------


def test_a_local_module_counts_once_and_others_do_not(write: Write) -> None:
    framing = write("import struct\nimport cell\nx = 1\n", "stack/framing.py")
    helper = write("from framing import x\n", "stack/minimal/helper.py")
    cell = write(
        "import os, json.decoder\nimport framing, zmq\nfrom framing import x\n"
        "def f():\n    import helper\n    from helper import *\n",
        "stack/minimal/cell.py",
    )
    result = size(cell, [cell.parent, cell.parent.parent])
    assert result.files == tuple(path.resolve() for path in (cell, framing, helper))
    assert result.statements == 6 + 3 + 1


def test_all_files_are_compressed_as_one(write: Write) -> None:
    write("y = 2\n", "framing.py")
    cell = write("import framing\n")
    together = gzip.compress(b"import framing\ny = 2", 9, mtime=0)
    assert size(cell, [cell.parent]).gzip_bytes == len(together)


def test_one_file_by_two_names_counts_once(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = write("import framing", "stack/minimal/cell.py")
    framing = write("import framing, cell", "stack/framing.py")
    monkeypatch.chdir(cell.parent)
    search = [Path(), Path(".."), framing.parent / "minimal" / ".."]
    expected = (cell.resolve(), framing.resolve())
    assert size(Path("cell.py"), search).files == expected


def test_the_first_folder_on_the_search_path_is_used(write: Write) -> None:
    near, far = write("x = 1", "near/framing.py"), write("y = 2", "far/framing.py")
    cell = write("import framing")
    assert size(cell, [near.parent, far.parent]).files[1:] == (near.resolve(),)
    assert size(cell, [far.parent, near.parent]).files[1:] == (far.resolve(),)


@pytest.mark.parametrize(
    "line",
    [
        "import lib.wire",
        "from lib import wire",
        "from lib.wire import x",
        "from .lib import wire",
        "from . import lib\nfrom .lib.wire import x",
    ],
)
def test_a_package_counts_with_its_init_file(write: Write, line: str) -> None:
    init, wire = write("", "lib/__init__.py"), write("x = 1", "lib/wire.py")
    write("y = 2", "lib/unused.py")
    cell = write(line)
    assert size(cell, [cell.parent]).files == (cell, init, wire)


def test_a_relative_import_is_relative_to_its_file(write: Write) -> None:
    decoy, wire = write("x = 1", "wire.py"), write("x = 1", "lib/wire.py")
    user = write("from .wire import x", "lib/user.py")
    cell = write("from lib.user import x")
    assert size(cell, [cell.parent]).files == (cell, user, wire)
    write("from ..wire import x", "lib/user.py")
    assert size(cell, [cell.parent]).files == (cell, user, decoy)


def test_a_folder_named_like_a_standard_module_hides_nothing(write: Write) -> None:
    cell = write("import http.client, http", "http/minimal/cell.py")
    assert size(cell, [cell.parent, cell.parent.parent]).files == (cell,)


def test_splitting_a_file_costs_little(write: Write) -> None:
    whole = write(PLAIN)
    write(PLAIN[PLAIN.index("class") :], "gone.py")
    split = write("import gone\n" + PLAIN[: PLAIN.index("class")], "split.py")
    one, two = counts(whole), counts(split)
    assert (two[0] - one[0], two[1] - one[1]) == (1, 2)
    assert 0 < two[2] - one[2] < 20  # a second gzip header alone would be 18


def test_every_program_of_the_project_can_be_counted() -> None:
    cells = find_cells([IMPLEMENTATIONS])
    assert cells
    for cell in cells:
        result = size(cell.path, cell.search)
        assert 0 < result.statements < result.tokens, cell.id
        assert all(IMPLEMENTATIONS in file.parents for file in result.files)


# --- Errors ---------------------------------------------------------------------------


def test_a_syntax_error_names_file_and_line(write: Write) -> None:
    broken = write("x = 1\ndef f(:\n", "broken.py")
    cell = write("import broken")
    for path in (broken, cell):
        with pytest.raises(SizeError, match=r"broken\.py:2: invalid syntax"):
            size(path, [path.parent])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("cell.rs", "fn main() {}", r"cell\.rs: .* \.py, \.c, \.h, \.js files only"),
        ("cell.py", "x = '\0'", r"cell\.py: .*null byte"),
        ("cell.py", "# coding: klingon\n", r"cell\.py: .*klingon"),
    ],
)
def test_a_file_that_cannot_be_counted_is_named(
    write: Write, name: str, text: str, message: str
) -> None:
    path = write(text, name)
    with pytest.raises(SizeError, match=message):
        size(path, [path.parent])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SizeError, match=r"none\.py"):
        size(tmp_path / "none.py", [tmp_path])
