"""Classify the statements of a program: framing, connections, errors, business.

Each statement is in one class, by the first of these rules that applies:

1. code only for errors is in the class of errors: ``try``, all below ``except``, ``raise``,
   and in C a test that does nothing except fail;
2. the names in its header decide, without variables, by the table in ``shares.toml``; the
   table lies outside of the programs, so that readers can dispute it;
3. a function or class with one purpose decides for the statements in it;
4. all else is business, which a program on a perfect network would need as well.

A header is a statement without the statements in it.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path

from tree_sitter import Node

from bench.measure.code.grammar import Grammar, Statement, function_name, text_of
from bench.measure.code.size import Program, SizeError, Source
from bench.measure.code.surface import variables

CLASSES = ("framing", "connection", "error", "business")
"""The classes, in the order in which they decide."""
BUSINESS = CLASSES[-1]
TABLE = Path(__file__).with_name("shares.toml")
ERRORS_ONLY = {"except_clause", "except_group_clause"}
ERROR_STATEMENTS = {"try_statement", "raise_statement", "assert_statement"}
TESTS = {"if_statement"}
NAMES = {"identifier", "field_identifier", "type_identifier", "preproc_arg"}
"""Types of leaves that may be names."""


@dataclass(frozen=True)
class Words:
    """Names, and functions and classes, by the class that they decide for."""

    names: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]

    def class_of(self, name: str) -> str | None:
        """Return the class of a name, or None if the table has none.

        An exact name counts before patterns, and a longer pattern before a shorter one.
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
    """Return the table. Raises SizeError if a name is in two classes."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
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
    """Return the number of a program's statements in each class; they add up to all."""
    found = sum(map(_classes, program.sources), Counter[str]())
    return {kind: found[kind] for kind in CLASSES}


@lru_cache(maxsize=256)
def _classes(source: Source) -> Counter[str]:
    return Counter(kind for _, kind in classified(source))


def classified(source: Source) -> Iterator[tuple[Statement, str]]:
    """Yield each statement of a file with its class, in order."""
    own = variables(source)
    for statement in source.grammar.statements(source.tree):
        yield statement, class_of(statement, source.grammar, own)


def class_of(statement: Statement, grammar: Grammar, own: frozenset[str]) -> str:
    """Return the class of a statement, by the rules above; ``own`` are variables."""
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
    """Yield the name of the function or class whose header a statement is."""
    inner = node.child_by_field_name("definition") or node
    if inner.type in grammar.functions:
        yield function_name(inner)


def names_in(
    statement: Statement, grammar: Grammar, own: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield every name in a statement's header except variables, also names of files."""
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
    """Return whether a name in Python is an attribute: ``b`` in ``a.b``."""
    parent = leaf.parent
    if parent is None or parent.type != "attribute":
        return False
    return parent.child_by_field_name("attribute") == leaf


def _only_fails(test: Statement, grammar: Grammar, own: frozenset[str]) -> bool:
    """Return whether a test has only errors as its consequence."""
    if test.node.child_by_field_name("alternative"):
        return False
    body = grammar.statements(test.node)
    return bool(body) and all(
        _named_class(inner, grammar, own) == "error" or inner.node.type in ERROR_STATEMENTS
        for inner in body
    )


def _named_class(statement: Statement, grammar: Grammar, own: frozenset[str]) -> str | None:
    """Return the class that a statement's names decide for, or None."""
    kinds = {_class_of(name) for name in names_in(statement, grammar, own)}
    return next((kind for kind in CLASSES[:-1] if kind in kinds), None)
