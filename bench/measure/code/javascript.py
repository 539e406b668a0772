"""JavaScript's normal form, and the types of nodes of its statements and tokens.

The normal form is JavaScript again: without comments, a statement on each line that ends
with a semicolon, every body in braces, one space between tokens, no comma before a closing
bracket. An arrow function is an expression; its body counts if it is a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_javascript
from tree_sitter import Node

from bench.measure.code.grammar import Grammar, text_of

BODIES = frozenset({"statement_block", "class_body", "switch_body"})
SIMPLE = frozenset(
    {
        "break_statement",
        "continue_statement",
        "debugger_statement",
        "do_statement",
        "export_statement",
        "expression_statement",
        "field_definition",
        "import_statement",
        "lexical_declaration",
        "return_statement",
        "throw_statement",
        "variable_declaration",
    }
)
"""Statements that a semicolon or the end of a line ends."""
BODIED = {
    "if_statement": "consequence",
    "while_statement": "body",
    "do_statement": "body",
    "for_statement": "body",
    "for_in_statement": "body",
    "else_clause": "",
}
"""Statements whose body may have no braces, and its field; '' is the only child."""
LOCAL = re.compile(r"""(?:require\(|from|import\()\s*["'](\.{1,2}/[^"']+)["']""")
CLOSING = frozenset({")", "]", "}"})


def _is_layout(leaf: Node) -> bool:
    parent = leaf.parent
    if leaf.type == ";":
        return parent is None or not (parent.type == "for_statement" or _in_header(parent))
    if leaf.type in ("{", "}"):
        return parent is not None and parent.type in BODIES
    if leaf.type == ",":
        after = leaf.next_sibling
        return after is not None and after.type in CLOSING
    return text_of(leaf).strip() == ""


GRAMMAR = Grammar(
    load=tree_sitter_javascript.language,
    blocks=frozenset({"program", *BODIES, "switch_case", "switch_default"}),
    heads=frozenset({"value"}),
    parts=frozenset({"statement_block", "switch_case", "switch_default", "decorator"}),
    branches=frozenset(),
    chained=frozenset({"if_statement"}),
    functions=frozenset(
        {"function_declaration", "generator_function_declaration", "method_definition"}
    ),
    strings=frozenset({"string", "template_string", "regex"}),
    comments=frozenset({"comment", "html_comment", "hash_bang_line"}),
    is_layout=_is_layout,
    cut=lambda leaf, text: [] if leaf.type == "comment" else [text],
)


def normal(root: Node) -> str:
    """Return the normal form of a tree without errors."""
    lines: list[str] = []
    line: list[str] = []

    def end() -> None:
        if line:
            lines.append(" ".join(line))
            line.clear()

    def visit(node: Node) -> None:
        if node.type in GRAMMAR.comments or node.is_missing:
            return
        if node.type in GRAMMAR.strings or not node.child_count:
            leaf(node)
            return
        for child in node.children:
            if _wants_braces(node, child):
                line.append("{")
                end()
                visit(child)
                end()
                line.append("}")
                end()
            else:
                visit(child)
        if node.type in SIMPLE and not _in_header(node):
            line.append(";")
            end()

    def leaf(node: Node) -> None:
        if node.type == ";" or (node.type == "," and _is_layout(node)):
            if not _is_layout(node):
                line.append(";")
            return
        if node.type == "}" and _is_layout(node):
            end()
        line.append(text_of(node))
        if node.type in ("{", "}") and _is_layout(node):
            holder = node.parent.parent if node.parent else None
            if node.type == "{" or (holder is not None and _ends_line(holder)):
                end()

    visit(root)
    end()
    return "\n".join(line for line in lines if line != ";")


def _ends_line(holder: Node) -> bool:
    """Return whether a statement ends with its block; a function as a value does not."""
    return not holder.type.endswith(("_expression", "arrow_function", "class"))


def _in_header(node: Node) -> bool:
    """Return whether a node is part of a statement: of a ``for``, or of an export."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type in ("for_statement", "for_in_statement"):
        return parent.child_by_field_name("body") != node
    return parent.type == "export_statement"


def _wants_braces(parent: Node, child: Node) -> bool:
    if parent.type not in BODIED or not child.is_named or child.type == "statement_block":
        return False
    if child.type in GRAMMAR.comments:
        return False
    field = BODIED[parent.type]
    if not field:
        return child.type != "if_statement"
    return parent.child_by_field_name(field) == child


def needs(root: Node, file: Path) -> Iterator[Path]:
    """Yield the files of relative imports; others do not belong to the program."""
    for found in LOCAL.findall(text_of(root)):
        path = (file.parent / found).resolve()
        yield path if path.suffix else path.with_suffix(".js")
