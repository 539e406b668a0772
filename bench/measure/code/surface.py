"""The names of libraries that a program uses, and the options that it sets.

Its reader has to know them. A **name** counts if the program uses it, and neither the
program nor the language defines it. In Python these are imported names and attributes. In C
they are functions, constants, macros, types and fields from headers. Python's builtins and
the methods of its builtin types belong to the language, even if a library has a method of
the same name. C's standard library is a library. Names of the harness's contract do not
count.

An **option** is a setting that differs from its default:

* an argument of a function that sets options (``SETTERS``), by the option's name;
* in Python, an attribute of a foreign object, and each keyword with a fixed value of a
  library's constructor: ``Queue(maxsize=1)``;
* in C, each constant whose name is that of an option: ``CURLOPT_URL``, ``MHD_USE_EPOLL``.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node

from bench.contract.model import PROJECT
from bench.measure.code.c import MACRO_PARTS, MACRO_TOKEN
from bench.measure.code.grammar import text_of
from bench.measure.code.size import Program, Source, read_source

CONTRACT = PROJECT / "bench" / "hosts" / "host.h"
"""The header with the names of the harness for programs in C."""
SETTERS = re.compile(r"set(sock)?opt(_string)?|ctx_set|setblocking|settimeout|subscribe")
"""Functions that set options, by the end of their names."""
LEVEL = re.compile(r"(SOL|IPPROTO)_|\w+_OPTION_END$")
"""Constants beside options that are no options."""
CALLED_OPTION = re.compile(r"[A-Z]+(OPT|_OPTION|_USE)_\w+")
BUILTIN_TYPES = (
    bool, bytearray, bytes, dict, float, frozenset, int, list, memoryview, object, range,
    set, str, tuple, BaseException,
)  # fmt: skip
BUILTIN = {name for kind in BUILTIN_TYPES for name in dir(kind)} | set(dir(builtins))
C_KEYWORDS = {
    "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum",
    "extern", "float", "for", "goto", "if", "inline", "int", "long", "return", "short",
    "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned",
    "void", "volatile", "while",
}  # fmt: skip
"""Keywords in the text of macros, which the parser leaves whole."""
VARIABLES = frozenset({"declaration", "parameter_declaration"})
C_NAMES = ("identifier", "field_identifier", "type_identifier")


@dataclass(frozen=True)
class Surface:
    """The names and options of libraries in a program, sorted."""

    names: tuple[str, ...]
    options: tuple[str, ...]


def surface(program: Program) -> Surface:
    """Return the names and options of libraries that a program uses."""
    made = _of_c if program.sources[0].language == "c" else _of_python
    names, options = made(program.sources)
    return Surface(tuple(sorted(names)), tuple(sorted(options)))


@lru_cache(maxsize=256)
def variables(source: Source) -> frozenset[str]:
    """Return a file's variables, even if a library has a name that is the same.

    In Python they are parameters and assigned names except constants. In C they are
    declared names except functions.
    """
    if source.language == "c":
        return frozenset(_declared(source.tree, VARIABLES))
    nodes = list(ast.walk(ast.parse(source.normal)))
    stored = [n.id for n in nodes if isinstance(n, ast.Name) and _is_stored(n)]
    arguments = [node.arg for node in nodes if isinstance(node, ast.arg)]
    return frozenset(name for name in (*stored, *arguments) if not name.isupper())


# --- Python ---------------------------------------------------------------------------


def _of_python(sources: tuple[Source, ...]) -> tuple[set[str], set[str]]:
    local = {source.path.stem for source in sources}
    trees = [ast.parse(source.normal) for source in sources]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names} - local
        elif isinstance(node, ast.ImportFrom) and node.module not in local:
            names |= {str(node.module), *(alias.name for alias in node.names)}
    own = set(_own_attributes(nodes))
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    names |= {
        node.attr
        for node in attributes
        if node.attr not in own | BUILTIN and not _is_named(node.value, local)
    }
    functions = {n.name for n in nodes if isinstance(n, (*FUNCTIONS, ast.ClassDef))}
    options = set(_python_options(nodes, own, functions))
    return names, options


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _is_named(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _own_attributes(nodes: list[ast.AST]) -> Iterator[str]:
    """Yield the methods of a program's classes, their attributes, and those of self."""
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, FUNCTIONS):
                    yield inner.name
                for target in getattr(inner, "targets", []) or [getattr(inner, "value", 0)]:
                    if isinstance(target, ast.Name):
                        yield target.id
        elif isinstance(node, ast.Attribute) and _is_named(node.value, {"self"}):
            yield node.attr


def _python_options(
    nodes: list[ast.AST], own: set[str], functions: set[str]
) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if not _is_named(node.value, {"self"}) and node.attr not in own:
                yield node.attr
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func).split(".")[-1]
            if called in (functions if isinstance(node.func, ast.Name) else own):
                continue
            if SETTERS.fullmatch(called):
                yield _option([_last(argument) for argument in node.args], called)
            elif called[:1].isupper() or called.startswith("create_"):
                for keyword in node.keywords:
                    if keyword.arg and _is_fixed(keyword.value):
                        yield f"{called}.{keyword.arg}"


def _last(node: ast.expr) -> str:
    return ast.unparse(node).split(".")[-1]


def _option(arguments: list[str], called: str) -> str:
    """Return the option that a call sets: its first constant, or the called name."""
    constants = [a for a in arguments if a.isupper() and a.isidentifier()]
    options = [name for name in constants if not LEVEL.match(name)]
    return options[0] if options else called


def _is_fixed(value: ast.expr) -> bool:
    """Return whether a value is fixed in the program: it contains no variable."""
    nodes = list(ast.walk(value))
    waits = any(isinstance(node, ast.Await | ast.Yield) for node in nodes)
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    return not waits and all(name in BUILTIN or not name.islower() for name in names)


# --- C --------------------------------------------------------------------------------


def _of_c(sources: tuple[Source, ...]) -> tuple[set[str], set[str]]:
    own = _defined(read_source(CONTRACT)).union(*map(_defined, sources))
    names: set[str] = set()
    options: set[str] = set()
    for source in sources:
        used, given = _of_c_file(source)
        names |= used - own
        options |= given
    options |= {name for name in names if CALLED_OPTION.fullmatch(name)}
    return names, {name for name in options if not LEVEL.match(name)}


@lru_cache(maxsize=256)
def _defined(source: Source) -> frozenset[str]:
    return frozenset(_declared(source.tree))


@lru_cache(maxsize=256)
def _of_c_file(source: Source) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a file uses, with its own, and the options that it sets."""
    nodes = list(_walk(source.tree))
    calls = (node for node in nodes if node.type == "call_expression")
    return (
        frozenset(name for node in nodes for name in _used(node)),
        frozenset(option for call in calls for option in _c_option(call)),
    )


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _used(node: Node) -> Iterator[str]:
    text = text_of(node)
    if node.type in C_NAMES:
        yield text
    elif node.type in MACRO_PARTS:
        words = [word for word in MACRO_TOKEN.findall(text) if word[:1].isalpha()]
        yield from (word for word in words if word not in C_KEYWORDS)
    elif node.type == "system_lib_string":
        yield text.strip("<>")


def _declared(tree: Node, kinds: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield every name that a file declares, from functions to macros.

    With ``kinds``, only names in such nodes, without functions.
    """
    for node in _walk(tree):
        if kinds and node.type not in kinds:
            continue
        for index, child in enumerate(node.children):
            field = node.field_name_for_child(index)
            if field == "declarator" and not (kinds and _is_function(child)):
                yield text_of(_innermost(child))
            elif field == "name" and not kinds and _names_its_own(node):
                yield text_of(child)
        if node.type == "preproc_params":
            yield from (text_of(child) for child in node.children if child.is_named)


def _is_function(declarator: Node) -> bool:
    """Return whether a declarator is a function's, also of one that returns a pointer."""
    inner: Node | None = declarator
    while inner is not None and inner.type == "pointer_declarator":
        inner = inner.child_by_field_name("declarator")
    return inner is not None and inner.type == "function_declarator"


def _innermost(node: Node) -> Node:
    """Return the name in a declarator, inside parentheses and arrays."""
    while node.type not in C_NAMES:
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((child for child in node.children if child.is_named), None)
        if inner is None:
            return node
        node = inner
    return node


def _names_its_own(node: Node) -> bool:
    defines = node.type in ("preproc_def", "preproc_function_def", "enumerator")
    return defines or node.child_by_field_name("body") is not None


def _c_option(call: Node) -> Iterator[str]:
    function = call.child_by_field_name("function")
    arguments = call.child_by_field_name("arguments")
    called = text_of(function) if function else ""
    if not arguments or not SETTERS.fullmatch(called.removeprefix("zmq_")):
        return
    option = _option([text_of(child) for child in arguments.children], "")
    if option:
        yield option
