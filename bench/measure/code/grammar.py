"""The definition of a statement and of a token, in the trees of any language.

A **logical statement** is one step of a program. It means the same in each language:

* a simple statement is one: an expression, an assignment, a declaration with or without
  an initial value (of however many variables), ``return``, ``break``, ``pass`` or ``;``;
* the header of a compound statement is one, and its body is counted by itself; compound are
  ``if``, ``elif``, ``else if``, ``while``, ``for``, ``switch``, ``match``, ``try``,
  ``with``, functions, classes and structures;
* a field of a structure is one, like a field of a data class;
* an ``import`` or ``#include`` is one, as is every other directive except ``#else``;
* ``else``, ``except``, ``finally``, ``case``, labels and decorators are parts of others.

**Tokens** are the lexical tokens of the language: names, keywords, numbers, operators,
delimiters. Layout is left out. In Python it is ends of lines and indentation. In C it is
the semicolon that ends a statement, the braces of a block and ``#endif``. A string is one
token, from any number of joined literals, and one more for each piece that follows a
replacement field.

Both are counted in a normal form, which ``Grammar.parse`` needs as its input. The module of
a language makes it, so that layout, comments and redundant braces change neither count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Language, Node, Parser

Leaf = tuple[Node, str]
"""A token of the language, and its text."""

UNNAMED = "template_substitution"
"""JavaScript's replacement field, whose expression has no field's name."""
REPLACED = frozenset({"interpolation", UNNAMED})
"""The nodes of strings that are code again."""


@dataclass(frozen=True)
class Statement:
    """One logical statement: its node, and the functions and classes that it is in.

    ``inside`` are the types of the nodes around it, the outermost first.
    """

    node: Node
    functions: tuple[str, ...]
    inside: tuple[str, ...]


@dataclass(frozen=True)
class Grammar:
    """The types of nodes that are statements and tokens in the trees of one language.

    ``blocks`` are types of nodes whose named children are statements. Exceptions are
    children in the fields ``heads`` and of the types ``parts``; their own children are
    searched. ``branches`` are types that are statements in any place, ``chained`` types
    that are statements below an ``else``. ``strings`` are the types of strings,
    ``replaced`` their fields with code. ``is_layout`` returns whether a leaf is layout.
    ``cut`` divides texts that the parser leaves whole, such as a macro's.
    """

    load: Callable[[], object]
    blocks: frozenset[str]
    heads: frozenset[str]
    parts: frozenset[str]
    branches: frozenset[str]
    chained: frozenset[str]
    functions: frozenset[str]
    strings: frozenset[str]
    comments: frozenset[str]
    is_layout: Callable[[Node], bool]
    cut: Callable[[Node, str], list[str]]

    @cached_property
    def parser(self) -> Parser:
        return Parser(Language(self.load()))

    def parse(self, text: str) -> Node:
        """Return the tree of a text; errors of the text are errors of the tree."""
        return self.parser.parse(f"{text}\n".encode()).root_node

    def leaves(self, node: Node, *, header: bool = False) -> Iterator[Leaf]:
        """Yield the tokens below a node, or only the tokens of its ``header``."""
        held: Leaf | None = None
        for leaf, text, string in self._pieces(node, header, False):
            if string:
                held = (held[0], join(held[1], text)) if held else (leaf, text)
                continue
            if held:
                yield held
                held = None
            if not self.is_layout(leaf):
                yield from ((leaf, piece) for piece in self.cut(leaf, text))
        if held:
            yield held

    def _pieces(
        self, node: Node, header: bool, string: bool
    ) -> Iterator[tuple[Node, str, bool]]:
        if node.type in self.comments or node.is_missing:
            return
        string = string or node.type in self.strings
        if not node.child_count:
            if node.text:  # an empty file's root has none
                yield node, text_of(node), string
            return
        whole = node.type in self.strings and not any(
            child.type in REPLACED for child in node.children
        )
        if whole:  # a parser keeps no leaf for the text between the quotes
            yield node, text_of(node), True
            return
        for index, child in enumerate(node.children):
            if header and self.is_statement(node, index):
                continue
            code = node.field_name_for_child(index) == "expression"
            code |= node.type == UNNAMED and child.is_named
            yield from self._pieces(child, header, string and not code)

    def is_statement(self, parent: Node, index: int) -> bool:
        """Whether a child is a logical statement, by the rule above."""
        child = parent.children[index]
        if not child.is_named or child.type in self.comments:
            return False
        if child.type in self.branches:
            return True
        if parent.type == "else_clause" and child.type in self.chained:
            return True
        return (
            parent.type in self.blocks
            and child.type not in self.parts
            and parent.field_name_for_child(index) not in self.heads
        )

    def statements(self, root: Node) -> list[Statement]:
        """Return all statements below a node of a normal form, in order."""
        return list(self._statements(root, (), ()))

    def _statements(
        self, node: Node, functions: tuple[str, ...], inside: tuple[str, ...]
    ) -> Iterator[Statement]:
        below = (*inside, node.type)
        for index, child in enumerate(node.children):
            if self.is_statement(node, index):
                yield Statement(child, functions, below)
            named = functions
            if child.type in self.functions:
                named = (*functions, function_name(child))
            yield from self._statements(child, named, below)

    def tokens(self, root: Node) -> int:
        """Return how many tokens a tree has."""
        return sum(1 for _ in self.leaves(root))


def text_of(node: Node) -> str:
    return (node.text or b"").decode()


def function_name(node: Node) -> str:
    """Return the name in a function's header, inside any declarators."""
    inner = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    while inner is not None and (further := inner.child_by_field_name("declarator")):
        inner = further
    return text_of(inner) if inner is not None else ""


def join(first: str, second: str) -> str:
    """Return two adjacent strings as one, if both are plain."""
    plain = first.endswith('"') and second.startswith('"')
    escape = re.search(r"\\(x[0-9a-fA-F]+|[0-7]{1,2})\"$", first)  # it would continue
    return first[:-1] + second[1:] if plain and not escape else f"{first} {second}"


def first_error(root: Node) -> int | None:
    """Return the line, from 1, of the first error of a parser."""
    if not root.has_error:
        return None
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            return int(node.start_point[0]) + 1
        waiting += [child for child in reversed(node.children) if child.has_error]
    return int(root.start_point[0]) + 1
