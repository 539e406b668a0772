"""C's normal form, and the types of nodes of its statements and tokens.

The normal form is C again: without comments, a statement on each line, every body in
braces, one space between tokens, and adjacent strings joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_c
from tree_sitter import Node

from bench.measure.code.grammar import Grammar, join, text_of

BODIES = frozenset({"compound_statement", "field_declaration_list"})
DIRECTIVES = frozenset({"preproc_if", "preproc_ifdef", "preproc_elif", "preproc_else"})
BODIED = frozenset({"if_statement", "while_statement", "do_statement", "for_statement"})
"""Statements whose body may have no braces."""
LINES = DIRECTIVES | {
    "preproc_include",
    "preproc_def",
    "preproc_function_def",
    "preproc_call",
}
"""Directives, each on its own line."""
MACRO_PARTS = frozenset({"preproc_arg", "preproc_params"})
MACRO_TOKEN = re.compile(
    r"//.*|/\*.*?\*/|\\\n"  # comments and continued lines, which are none
    r"|(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
    r"|\.?\d(?:[eEpP][+-]|[\w.])*|\w+"
    r"|\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||##|[-+*/%&|^]=|\S)",
    re.DOTALL,
)


def _is_layout(leaf: Node) -> bool:
    parent = leaf.parent
    if leaf.type == ";":
        header = parent
        if parent and parent.type == "declaration" and parent.parent:
            header = parent.parent  # the first part of a for's header
        return header is None or header.type != "for_statement"
    if leaf.type in ("{", "}"):
        return parent is not None and parent.type in BODIES
    return leaf.type == "#endif" or text_of(leaf).strip() == ""


def _cut(leaf: Node, text: str) -> list[str]:
    if leaf.type == "preproc_arg":
        return [piece for piece in MACRO_TOKEN.findall(text) if piece]
    if text.startswith("#"):  # "#include", also with spaces: the sign and the word
        return ["#", text[1:].strip()]
    if leaf.type == "number_literal" and text[0] in "+-":
        return [text[0], text[1:]]  # to the parser one, to the language two
    return [text]


GRAMMAR = Grammar(
    load=tree_sitter_c.language,
    blocks=BODIES
    | DIRECTIVES
    | {"translation_unit", "case_statement", "labeled_statement"},
    heads=frozenset({"name", "condition", "value", "label"}),
    parts=frozenset(
        {"compound_statement", "case_statement", "labeled_statement", "preproc_else"}
    ),
    branches=frozenset(),
    chained=frozenset({"if_statement"}),
    functions=frozenset({"function_definition"}),
    strings=frozenset({"string_literal", "system_lib_string"}),
    comments=frozenset({"comment"}),
    is_layout=_is_layout,
    cut=_cut,
)


def normal(root: Node) -> str:
    """Return the normal form of a tree without errors."""
    printer = _Printer()
    printer.visit(root)
    printer.end_line()
    return "\n".join(printer.lines)


def needs(root: Node, file: Path) -> Iterator[Path]:
    """Yield the files of local includes, and the sources beside included headers.

    A path counts from the folder of the file that includes it, then from each search
    folder. ``framing.c`` beside an included ``framing.h`` is compiled with it.
    """
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        waiting += [child for child in node.children if child.type.startswith("preproc")]
        path = node.child_by_field_name("path")
        if node.type == "preproc_include" and path and path.type == "string_literal":
            header = Path(text_of(path).strip('"'))
            for found in (header, header.with_suffix(".c")):
                beside = file.parent / found
                yield beside if beside.is_file() else found


class _Printer:
    """Prints a tree, a statement a line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []

    def end_line(self) -> None:
        if self.line:
            self.lines.append(" ".join(self.line))
        self.line = []

    def visit(self, node: Node) -> None:
        if node.type in GRAMMAR.comments or node.is_missing:
            return
        if node.type in MACRO_PARTS:
            self._macro_part(node)
        elif node.type in LINES:
            self._directive(node)
        elif node.type == "concatenated_string":
            self._strings(node)
        elif node.type in GRAMMAR.strings or not node.child_count:
            self._leaf(node)
        else:
            for index, child in enumerate(node.children):
                if _wants_braces(node, index):
                    self._braced(child)
                else:
                    self.visit(child)

    def _braced(self, body: Node) -> None:
        self.line.append("{")
        self.end_line()
        self.visit(body)
        self.end_line()
        self.line.append("}")
        self.end_line()

    def _leaf(self, leaf: Node) -> None:
        parent = leaf.parent.type if leaf.parent else ""
        if leaf.type == "}" and parent in BODIES:
            self.end_line()
        self.line += [piece for piece in _cut(leaf, text_of(leaf)) if piece.strip()]
        ends = _is_layout(leaf) if leaf.type in ("{", ";") else False
        ends |= leaf.type == "}" and parent == "compound_statement"
        ends |= leaf.type == ":" and parent in ("case_statement", "labeled_statement")
        if ends:
            self.end_line()

    def _strings(self, node: Node) -> None:
        joined: list[str] = []
        for child in node.children:
            if child.type in GRAMMAR.comments:
                continue
            text = text_of(child)
            if joined and child.type in GRAMMAR.strings:
                joined[-1:] = [join(joined[-1], text)]
            else:
                joined.append(text)
        self.line += joined

    def _directive(self, node: Node) -> None:
        """Print a directive on its own line, and then the lines that it encloses."""
        self.end_line()
        for index, child in enumerate(node.children):
            if GRAMMAR.is_statement(node, index) or child.type in DIRECTIVES:
                self.end_line()
            if child.type == "#endif":
                self.end_line()
            self.visit(child)
        self.end_line()

    def _macro_part(self, node: Node) -> None:
        pieces = MACRO_TOKEN.findall(text_of(node))
        text = " ".join(piece for piece in pieces if piece)
        if node.type == "preproc_params" and self.line:  # "(x)" touches the macro's name
            self.line[-1] += text
        elif text:
            self.line.append(text)


def _wants_braces(parent: Node, index: int) -> bool:
    child = parent.children[index]
    if not child.is_named or child.type in ("compound_statement", *GRAMMAR.comments):
        return False
    if parent.type == "else_clause":
        return child.type != "if_statement"
    field = parent.field_name_for_child(index)
    return parent.type in BODIED and field in ("body", "consequence")
