"""Python's normal form, and the types of nodes of its statements and tokens.

The normal form comes from the running Python (``ast.unparse``). So only sizes of the same
version of Python can be compared.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_python
from tree_sitter import Node

from bench.measure.code.grammar import Grammar


def _cut(leaf: Node, text: str) -> list[str]:
    return [] if leaf.type == "line_continuation" else [text]


GRAMMAR = Grammar(
    load=tree_sitter_python.language,
    blocks=frozenset({"module", "block"}),
    heads=frozenset(),
    parts=frozenset({"case_clause"}),
    branches=frozenset({"elif_clause"}),
    chained=frozenset(),
    functions=frozenset({"function_definition", "class_definition"}),
    strings=frozenset({"string"}),
    comments=frozenset({"comment"}),
    is_layout=lambda leaf: leaf.type == ";",
    cut=_cut,
)


def tree_of(content: bytes, name: str) -> ast.Module:
    """Return a module's tree. Raises SyntaxError or ValueError if it is not Python."""
    return ast.parse(content, filename=name)


def text_of(content: bytes) -> str:
    """Return a module's text. Raises SyntaxError or ValueError if it has none."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return content.decode(encoding)


def normal(text: str) -> str:
    """Return the normal form of a module that is Python."""
    return ast.unparse(_NormalForm().visit(ast.parse(text)))


def needs(content: bytes, file: Path) -> Iterator[Path]:
    """Yield the files that imports could mean: relative to a search folder, or absolute."""
    for node in ast.walk(tree_of(content, str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _module_files(Path(), alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            # An absolute folder makes the path absolute: relative imports search none.
            folder = file.parents[node.level - 1] if node.level else Path()
            parents = node.module.split(".") if node.module else []
            for alias in node.names:
                yield from _module_files(folder, [*parents, alias.name])


def _module_files(folder: Path, names: list[str]) -> Iterator[Path]:
    """Yield the files of a dotted module and of the packages that it is in.

    The last name of ``from a import b`` may be no module at all; then no file has it.
    """
    for end in range(1, len(names) + 1):
        module = folder.joinpath(*names[:end])
        yield module / "__init__.py"
        yield module.with_name(module.name + ".py")


def is_prose(node: Node) -> bool:
    """Return whether a statement is only a string, such as a docstring."""
    return node.type == "expression_statement" and [c.type for c in node.children] == [
        "string"
    ]


class _NormalForm(ast.NodeTransformer):
    """Remove explanations: annotations, and statements that are only strings.

    A body with only a docstring becomes ``pass``, which it would need without one. The
    import that an annotation needs is a statement like any other, and stays.
    """

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if getattr(node, "body", None) == [] and not isinstance(node, ast.Module):
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        value = node.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return None
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        # A declaration without a value keeps its name: it may be a dataclass's field.
        bare: ast.stmt = ast.Expr(node.target)
        if node.value is not None:
            bare = ast.Assign([node.target], node.value)
        return self.generic_visit(ast.copy_location(bare, node))
