"""C is counted as Python is: what a program does, not how it is laid out or explained."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.model import IMPLEMENTATIONS
from bench.measure.code import c
from bench.measure.code.endings import endings
from bench.measure.code.size import Size, SizeError, read_program, size

Write = Callable[..., Path]

PLAIN = """\
#include <stdio.h>
#include "framing.h"
#define LIMIT (1 << 20)

struct client {
    int socket;
    unsigned char *data, *end;
};

static int serve(struct client *clients, int count)
{
    for (int i = 0; i < count; i++) {
        if (clients[i].socket < 0) {
            continue;
        } else if (receive(clients[i].socket, LIMIT) == -1) {
            fail("receive", "no client");
        } else {
            puts("received from one client");
        }
    }
    switch (count) {
    case 0:
        return -1;
    default:
        break;
    }
    do {
        count--;
    } while (count > 0);
    return 0;
}
"""

REFORMATTED = """\
#  include <stdio.h>   /* puts */
#include "framing.h"
#define LIMIT ( 1<<20 )  // one MiB

/* Somebody who talks to us. */
struct client { int socket; unsigned char * data, *end; };


static int
serve(struct client* clients,
      int count) {
    // All of them in turn.
    for (int i=0;i<count;i++)
        if (clients[i].socket<0) continue;
        else if (receive(clients[i].socket,
                         LIMIT) == -1)
            fail("receive",
                 "no "
                 "client");
        else
            puts("received from" /* each */ " one client");
    switch (count) { case 0: return -1; default: break; }
    do count--; while (count > 0); return 0; }
"""

# What stands on each line, counted by hand: statements and tokens. Block braces, and
# semicolons at a statement's end, are layout.
GOLDEN = [
    ("#include <zmq.h>  /* a comment */", 1, 3),
    ('#include "framing.h"', 1, 3),
    ("#define TWICE(x) ((x) + (x))", 1, 15),
    ("#define HELLO", 1, 3),
    ("#define SUM(a, b) \\\n    (a + \\\n     b)", 1, 13),
    ("int x;", 1, 2),
    ("int x = 1, *y;", 1, 7),
    ("static const char *name(int);", 1, 8),
    ("typedef struct { int x; } point;", 2, 5),
    ("struct point { int x, y; long z; };", 3, 8),
    ("enum color { RED, GREEN = 2 };", 1, 9),
    ("int f(void) { return 1; }", 2, 7),
    ("int f(void) { ; }", 2, 5),  # the empty statement is what pass is
    ('char *p = "a\\n";', 1, 5),
    ('char *p = "a" "b"\n    "c";', 1, 5),
    ('char *p = "a" PRIu64 "b";', 1, 7),
    ("int x = { 1 };", 1, 6),  # these braces are no block's
    ("int x = a->count++ + 0x1fUL << 1.5e-3f;", 1, 11),
    ("void f(void) { if (x) g(); else h(); }", 4, 16),
    ("void f(void) { if (x) { g(); } else { h(); } }", 4, 16),
    ("void f(void) { if (x) g(); else if (y) h(); }", 5, 20),
    ("void f(void) { while (x) ; }", 3, 9),
    ("void f(void) { for (;;) g(); }", 3, 13),
    ("void f(void) { for (int i = 0; i < 3; i++) g(i); }", 3, 23),
    ("void f(void) { do g(); while (x); }", 3, 13),
    ("void f(void) { switch (x) { case 1: g(); break; default: h(); } }", 5, 21),
    ("void f(void) { again: g(); goto again; }", 3, 12),
    ("#ifdef A\nint x;\n#else\nint y;\n#endif", 3, 9),
    ("#if A > 1 && defined(B)\nint x;\n#elif C\nint y;\n#endif", 4, 17),
    ("#pragma once", 1, 3),
    ("// a comment\n/* another */", 0, 0),
    ("", 0, 0),
]


def in_folder(folder: Path, text: str, name: str = "cell.c") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return lambda text, name="cell.c": in_folder(tmp_path, text, name)


def counted(text: str) -> Size:
    with tempfile.TemporaryDirectory() as folder:
        path = in_folder(Path(folder), text)
        return size(path, [path.parent])


def counts(text: str) -> tuple[int, int, int, int]:
    result = counted(text)
    return result.statements, result.tokens, result.gzip_bytes, result.complexity


@pytest.mark.parametrize(("text", "statements", "tokens"), GOLDEN)
def test_counts_of_statements_and_tokens_equal_those_by_hand(
    text: str, statements: int, tokens: int
) -> None:
    result = counted(text)
    assert (result.statements, result.tokens) == (statements, tokens)


def test_counts_of_a_whole_file_equal_those_by_hand() -> None:
    result = counted(PLAIN)
    # includes, define, struct with 2 fields, header; for, if, continue, else if, fail,
    # puts; switch, return, break; do, count--; return
    assert result.statements == 3 + 3 + 1 + 6 + 3 + 2 + 1
    assert result.complexity == 1 + 1 + 2 + 1 + 1  # itself, for, two ifs, case, do
    assert result.lines == len([line for line in PLAIN.splitlines() if line])


def test_layout_comments_and_braces_cost_nothing() -> None:
    assert counts(REFORMATTED) == counts(PLAIN)


def test_lines_are_counted_in_the_file_as_written() -> None:
    commented = PLAIN.replace("{\n", "{\n\n    /* two\n       lines */\n    // one\n")
    assert counted(commented).lines == counted(PLAIN).lines
    assert counted(REFORMATTED).lines < counted(PLAIN).lines


NAMES = st.sampled_from(["count", "clients", "serve", "i", "socket"])


@pytest.mark.thorough
@given(st.dictionaries(NAMES, st.from_regex(r"[a-z_]{1,9}_[a-z0-9]", fullmatch=True)))
def test_renaming_changes_neither_statements_nor_tokens(names: dict[str, str]) -> None:
    renamed = PLAIN
    for old, new in names.items():
        renamed = re.sub(rf"\b{old}\b", new, renamed)
    assert counts(renamed)[:2] == counts(PLAIN)[:2]


GAPS = [" ", "  ", "\t", "\n", "\n\n", " /* a; {b} */ ", " // c; }\n"]


@pytest.mark.thorough
@given(st.randoms(use_true_random=True))
def test_any_layout_has_the_same_size(random: Random) -> None:
    """All that may stand between two tokens is drawn anew; a directive keeps its line."""
    laid_out = []
    for line in PLAIN.splitlines():
        if line.startswith("#"):
            laid_out.append(f"\n{line}\n")
            continue
        for token in re.findall(r'"[^"]*"|\w+|[-<>+=!&|]+|\S', line):
            laid_out.append(token + random.choice(GAPS))
    assert counts("".join(laid_out)) == counts(PLAIN)


@pytest.mark.parametrize("style", ["LLVM", "GNU", "Microsoft"])
def test_a_formatter_changes_nothing(style: str, write: Write) -> None:
    pytest.importorskip("clang_format")
    path = write(PLAIN)
    made = subprocess.run(
        [Path(sys.executable).with_name("clang-format"), f"--style={style}", path],
        check=True,
        capture_output=True,
        text=True,
    )
    assert made.stdout != PLAIN
    assert counts(made.stdout) == counts(PLAIN)


@pytest.mark.parametrize("text", [PLAIN, REFORMATTED])
def test_the_normal_form_is_c_and_its_own_normal_form(text: str) -> None:
    normal = c.normal(c.GRAMMAR.parse(text))
    assert not c.GRAMMAR.parse(normal).has_error
    assert c.normal(c.GRAMMAR.parse(normal)) == normal


def test_strings_keep_their_meaning_when_they_are_joined() -> None:
    text = r'char *a = "\x1" "2"; char *b = "1" "2";'
    normal = c.normal(c.GRAMMAR.parse(text))
    assert r'"\x1" "2"' in normal
    assert '"12"' in normal


def test_a_statement_more_is_counted() -> None:
    more = PLAIN.replace("    return 0;", "    count += 2;\n    return 0;")
    before, after = counts(PLAIN), counts(more)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 3)
    assert after[2] > before[2]


ENDING = """\
void serve(const char *address, handle_fn *handle)
{
    struct buffer *held = malloc(9);
    if (stopping()) {
        puts("I was told to stop");
        return;
    }
    while (!stopping())
        pause();
    if (held)
        puts("but this is for something else");
    free(held);
}

static void end_connections(void)
{
    count--;
}
"""


def test_statements_that_return_from_a_role_and_free_memory_equal_a_count_by_hand(
    write: Write,
) -> None:
    path = write(ENDING)
    # two tests whether to stop, puts, return, pause, free; end_connections with its count--
    assert endings(read_program(path, [path.parent])) == 2 + 4 + 2


def test_no_program_in_python_has_statements_that_end_it(tmp_path: Path) -> None:
    path = in_folder(tmp_path, "def serve(a, handle):\n    free(a)\n", "cell.py")
    assert endings(read_program(path, [tmp_path])) == 0


# --- Local includes -------------------------------------------------------------------


def test_local_includes_count_once_and_others_do_not(write: Write) -> None:
    header = write("#pragma once\nint frame(int);\n", "stack/framing.h")
    code = write('#include "framing.h"\nint x;\n', "stack/framing.c")
    cell = write(
        '#include <zmq.h>\n#include "host.h"\n#include "../framing.h"\n'
        '#ifdef X\n#include "framing.h"\n#endif\n',
        "stack/minimal/cell.c",
    )
    result = size(cell, [cell.parent, cell.parent.parent])
    assert result.files == (cell, header, code)
    assert result.statements == 5 + 2 + 2


def test_a_file_that_is_not_c_is_named_with_its_line(write: Write) -> None:
    broken = write("int x;\nint main(void) { return (; }\n", "broken.c")
    with pytest.raises(SizeError, match=r"broken\.c:2: this is not valid C"):
        size(broken, [broken.parent])


FILES = sorted(
    path for path in IMPLEMENTATIONS.rglob("*.[ch]") if "node_modules" not in path.parts
)


@pytest.mark.skipif(not FILES, reason="there is no C among the exhibits")
def test_every_file_of_the_project_can_be_counted() -> None:
    for path in FILES:
        result = size(path, [path.parent, path.parent.parent])
        assert 0 < result.statements < result.tokens, path
        assert all(IMPLEMENTATIONS in file.parents for file in result.files)
