"""What the statements of a program are about: framing, connections, errors, business.

Each statement is in one class, by the first of these rules that applies:

1. what is there for the case of an error alone is about errors: ``try``, all below
   ``except``, ``raise``, and in C a test whose consequence does nothing but fail;
2. the names in its header decide, but for those of variables, by the table in
   ``shares.toml``, which lies outside of the exhibits and can be disputed by itself;
3. a function or class that is about one thing decides for what is in it;
4. all else is business: what a program on a perfect network would have to say as well.

A header is a statement without the statements in it.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from tree_sitter import Node

from bench.measure.size import Program, SizeError, Source
from bench.source.grammar import Grammar, Statement, function_name, text_of
from bench.source.surface import variables

CLASSES = ("framing", "connection", "error", "business")
"""In the order in which they decide."""
BUSINESS = CLASSES[-1]
TABLE = Path(__file__).with_name("shares.toml")
ERRORS_ONLY = {"except_clause", "except_group_clause"}
ERROR_STATEMENTS = {"try_statement", "raise_statement", "assert_statement"}
TESTS = {"if_statement"}
NAMES = {"identifier", "field_identifier", "type_identifier", "preproc_arg"}
"""Types of leaves that may be names."""


@dataclass(frozen=True)
class Words:
    """The names, and the functions and classes, that stand for one class; by class."""

    names: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]

    def class_of(self, name: str) -> str | None:
        """Return the class of a name, None where the table has none.

        A name that stands there as it is counts before patterns, and a longer pattern
        before a shorter.
        """
        fitting = [
            (pattern == name, len(pattern), kind)
            for kind, patterns in self.names.items()
            for pattern in patterns
            if fnmatchcase(name, pattern)
        ]
        return max(fitting)[2] if fitting else None


@cache
def words() -> Words:
    """Return the table. Raises SizeError where a name is in two classes."""
    table = tomllib.loads(TABLE.read_text())
    for key in ("names", "parts"):
        every = Counter(name for kind in CLASSES for name in set(table[kind][key]))
        if twice := [name for name, count in every.items() if count > 1]:
            raise SizeError(f"{TABLE.name}: in two classes: {', '.join(sorted(twice))}")
    return Words(*({kind: tuple(table[kind][key]) for kind in CLASSES}
                   for key in ("names", "parts")))  # fmt: skip


@cache
def _class_of(name: str) -> str | None:
    return words().class_of(name)


def shares(program: Program) -> dict[str, int]:
    """Return the number of a program's statements in each class; all together are all."""
    found = Counter(kind for source in program.sources for _, kind in classified(source))
    return {kind: found[kind] for kind in CLASSES}


def classified(source: Source) -> Iterator[tuple[Statement, str]]:
    """Yield each statement of a file with its class, in order."""
    own = variables(source)
    for statement in source.grammar.statements(source.tree):
        yield statement, class_of(statement, source.grammar, own)


def class_of(statement: Statement, grammar: Grammar, own: frozenset[str]) -> str:
    """Return what one statement is about, by the rules above; ``own`` are variables."""
    node = statement.node
    if ERRORS_ONLY & set(statement.inside) or node.type in ERROR_STATEMENTS:
        return "error"
    if kind := _named_class(statement, grammar, own):
        return kind
    if node.type in TESTS and _only_fails(statement, grammar, own):
        return "error"
    for function in reversed((*statement.functions, *defined(node, grammar))):
        for kind, parts in words().parts.items():
            if function in parts:
                return kind
    return BUSINESS


def defined(node: Node, grammar: Grammar) -> Iterator[str]:
    """Yield the name of the function or class that a statement is the header of."""
    inner = node.child_by_field_name("definition") or node
    if inner.type in grammar.functions:
        yield function_name(inner)


def names_in(
    statement: Statement, grammar: Grammar, own: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield every name in a statement's header but variables, modules and headers too."""
    for leaf, text in grammar.leaves(statement.node, header=True):
        included = leaf.parent is not None and leaf.parent.type == "preproc_include"
        is_variable = leaf.type == "identifier" and text in own and not _is_attribute(leaf)
        if included or (leaf.type in NAMES and not is_variable):
            yield text.strip('<>"')
    if statement.node.type.startswith("import_"):  # "urllib.parse" is one name
        modules = statement.node.children_by_field_name("module_name")
        modules += statement.node.children_by_field_name("name")
        yield from (text_of(module).split(" as ")[0] for module in modules)


def _is_attribute(leaf: Node) -> bool:
    """Whether a name of Python's is read off something: ``b`` in ``a.b``."""
    parent = leaf.parent
    if parent is None or parent.type != "attribute":
        return False
    return parent.child_by_field_name("attribute") == leaf


def _only_fails(test: Statement, grammar: Grammar, own: frozenset[str]) -> bool:
    """Whether a test has errors for its only consequence."""
    if test.node.child_by_field_name("alternative"):
        return False
    body = grammar.statements(test.node)
    return bool(body) and all(
        _named_class(inner, grammar, own) == "error" or inner.node.type in ERROR_STATEMENTS
        for inner in body
    )


def _named_class(statement: Statement, grammar: Grammar, own: frozenset[str]) -> str | None:
    """Return the class that a statement's names decide for, None where they do not."""
    kinds = {_class_of(name) for name in names_in(statement, grammar, own)}
    return next((kind for kind in CLASSES[:-1] if kind in kinds), None)
