"""JavaScript is counted as Python and C are: layout and comments are nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.measure.code.size import SizeError, read_program, read_source, size, size_of
from bench.surveys.embedding.programs import find_embedded

EXHIBITS = [program for program in find_embedded() if program.language == "javascript"]

LAID_OUT = """
const { a } = require("a");
async function f(x) {
  if (x) return 1;
  else if (x === 2) g(x);
  else { h(`${x} of ${[1, 2]}`); }
  for (let i = 0; i < 3; i++) while (true) break;
  for (const y of x) { y(); }
  switch (x) { case 1: g(); break; default: h(); }
  try { g(); } catch (e) { h(e); } finally { k(); }
  x.on("end", () => { g(); });
  return { x, y: (z) => z };
}
class C { #n = 1; m() { return this.#n; } }
"""
OTHERWISE = """
// Why.
const {a} = require('a')
async function f(x)
{
  if (x)
  {
    return 1
  }
  else if (x === 2)
  {
    g(x,)
  }
  else
    h(`${ x } of ${ [1, 2,] }`) /* and why */
  for (let i=0;i<3;i++)
  {
    while (true)
    {
      break
    }
  }
  for (const y of x) y()
  switch (x)
  {
    case 1:
      g()
      break
    default:
      h()
  }
  try
  {
    g()
  }
  catch (e)
  {
    h(e)
  }
  finally
  {
    k()
  }
  x.on('end', () =>
  {
    g()
  },)
  return {x, y: (z) => z,}
}
class C
{
  #n = 1
  m()
  {
    return this.#n
  }
}
"""


def counted(text: str, folder: Path, name: str = "echo.js") -> tuple[int, int]:
    path = folder / name
    path.write_text(text)
    found = size(path, [folder])
    return found.statements, found.tokens


def test_another_layout_of_javascript_has_the_same_size(tmp_path: Path) -> None:
    assert counted(LAID_OUT, tmp_path) == counted(OTHERWISE, tmp_path)


@pytest.mark.parametrize(
    ("text", "statements", "tokens"),
    [
        ("", 0, 0),
        ("// nothing", 0, 0),
        ("a()", 1, 3),
        ("a(); b();", 2, 6),
        ("let a = 1, b = 2;", 1, 8),
        ("if (a) b(); else if (c) d(); else e();", 5, 19),
        ("for (let i = 0; i < 3; i++) a();", 2, 17),
        ("const f = () => { a(); return 1; };", 3, 11),
        ("x = `plain`", 1, 3),
        ("x = `a ${b} c ${d.e} f`", 1, 9),
        ("class A { m() { return 1; } }", 3, 7),
        ("switch (a) { case 1: b(); break; default: c(); }", 4, 16),
        ("function* f() { yield 1; }", 2, 7),
        ("a = /x;y/g; // one literal", 1, 3),
    ],
)
def test_statements_and_tokens_of_javascript_are_counted_as_in_other_languages(
    text: str, statements: int, tokens: int, tmp_path: Path
) -> None:
    assert counted(text, tmp_path) == (statements, tokens)


@pytest.mark.parametrize("program", EXHIBITS, ids=lambda program: program.key)
def test_the_normal_form_of_a_program_is_its_own_normal_form(
    program: object, tmp_path: Path
) -> None:
    (source,) = read_program(program.path, program.search).sources  # type: ignore[attr-defined]
    again = tmp_path / "again.js"
    again.write_text(source.normal)
    assert read_source(again).normal == source.normal
    assert counted(source.text.replace(";\n", "\n"), tmp_path) == (
        size_of(read_program(program.path, program.search)).statements,  # type: ignore[attr-defined]
        size_of(read_program(program.path, program.search)).tokens,  # type: ignore[attr-defined]
    )


def test_a_required_local_module_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "more.js").write_text("exports.a = 1; exports.b = 2;")
    text = 'const { a } = require("./more");\nconst { b } = require("./more.js");\n'
    alone = 'const { a } = require("more");\nconst { b } = require("more");\n'
    assert counted(text, tmp_path)[0] == counted(alone, tmp_path)[0] + 2


def test_invalid_javascript_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SizeError, match=r"echo\.js:2: this is not valid JavaScript"):
        counted("a();\nlet = = 3;\n", tmp_path)
