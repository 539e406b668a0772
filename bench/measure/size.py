"""How much a cell makes its author write: statements, tokens and compressed bytes.

Three counts because each alone can be fooled: statements by what is packed into one
line, tokens by repetition, compressed bytes by how well text of this kind compresses.
All three are taken from a normal form of the program, so that layout, comments,
docstrings and annotations change none of them. The normal form is the running Python's
own (``ast.unparse``): compare sizes that one version of Python has counted.

A language is a way to bring a file into normal form (``Language.read``) and its
operators; the token counter, the search for local files and the compression serve all.
"""

from __future__ import annotations

import ast
import gzip
import re
import token
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pygments import lexers
from pygments.token import Comment, String

from bench.errors import NoMiddleError

NAME_OR_NUMBER = r"\.?\d(?:[eEpP][+-]|[\w.])*|\w+"
"""The number is C's preprocessing number, which every number of Python is as well."""


class SizeError(NoMiddleError):
    """A file cannot be counted; the message names it, and the line if there is one."""


@dataclass(frozen=True)
class Size:
    """The size of a cell with the local files that it needs.

    ``statements`` are the nodes of Python's grammar rule "stmt": simple statements, and
    compound ones once for their header; ``else``, ``except`` and decorators add none.

    ``tokens`` are lexical tokens as the language's reference defines them: names,
    keywords, numbers, operators, delimiters; line ends and indentation are none. A
    string is one, and one more for each piece of it that follows a replacement field.

    ``gzip_bytes`` is the length of the normal forms, joined and compressed as one, so
    that what repeats is hardly counted again. The idea is the Computer Language
    Benchmarks Game's ("How programs are measured"), which takes gzip's lowest level;
    here it is the highest, 9, so that the count depends as little as possible on where
    the repetition is. The header carries neither a name nor a time.

    ``files`` are the absolute paths counted, the cell first, then in order of import.
    """

    statements: int
    tokens: int
    gzip_bytes: int
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Source:
    """One file in normal form.

    ``needs`` are the files that its imports could mean: relative to a search folder, or
    absolute. Those that do not exist (the standard library's, a package's) are someone
    else's code.
    """

    statements: int
    text: str
    needs: tuple[Path, ...]


@dataclass(frozen=True)
class Language:
    """What differs between languages. ``lexer`` is Pygments' name of the language."""

    lexer: str
    operators: tuple[str, ...]
    read: Callable[[Path], Source]

    @cached_property
    def code_token(self) -> re.Pattern[str]:
        """Match one token outside strings: of two operators that fit, the longer."""
        longest_first = sorted(self.operators, key=len, reverse=True)
        operators = "|".join(map(re.escape, longest_first))
        return re.compile(rf"{NAME_OR_NUMBER}|{operators}|\S")


def size(path: Path, search: Sequence[Path]) -> Size:
    """Count the cell ``path`` and every local file that it imports, each file once.

    ``search`` are the folders in which an import is local, in order: the cell's own and
    its stack's (``Cell.search``). Imports count wherever they stand, also inside
    functions; names made at run time (``importlib.import_module``) are not followed.

    Raises SizeError for a language without a counter, and for a file that is missing
    or that the language's parser refuses.
    """
    sources: dict[Path, Source] = {}
    waiting = [path.resolve()]
    while waiting:
        file = waiting.pop(0)
        if file not in sources:
            sources[file] = _language(file).read(file)
            waiting += _found(sources[file].needs, search)
    joined = "\n".join(source.text for source in sources.values())
    return Size(
        statements=sum(source.statements for source in sources.values()),
        tokens=sum(
            count_tokens(source.text, _language(file)) for file, source in sources.items()
        ),
        gzip_bytes=len(gzip.compress(joined.encode(), compresslevel=9, mtime=0)),
        files=tuple(sources),
    )


def count_tokens(code: str, language: Language) -> int:
    """Return the number of lexical tokens of ``code`` without comments.

    Pygments tells strings and comments from code, in which it is reliable; its pieces
    are made for colouring (``a.b`` is sometimes one, ``**`` always two), so the code
    between is cut anew by the language's operators.
    """
    strings, rest, inside = 0, [], False
    for kind, text in lexers.get_lexer_by_name(language.lexer).get_tokens(code):
        # C's directives are filed under comments; a header's name is like a string.
        string = kind in String or kind is Comment.PreprocFile
        comment = kind in Comment and kind is not Comment.Preproc
        strings += string and not inside
        inside = string
        rest.append(" " if string or comment else text)
    return strings + len(language.code_token.findall("".join(rest)))


def _language(file: Path) -> Language:
    try:
        return LANGUAGES[file.suffix]
    except KeyError:
        known = ", ".join(LANGUAGES)
        raise SizeError(f"{file}: sizes are counted of {known} files only") from None


def _found(needs: Iterable[Path], search: Sequence[Path]) -> Iterator[Path]:
    """Yield each need that exists, from the first folder that has it."""
    for need in needs:
        for folder in search:
            if (folder / need).is_file():
                yield (folder / need).resolve()
                break


def _read_python(file: Path) -> Source:
    try:
        tree = ast.parse(file.read_bytes(), filename=str(file))
    except SyntaxError as error:
        where = f"{file}:{error.lineno}" if error.lineno else file
        raise SizeError(f"{where}: {error.msg}") from error
    except (OSError, ValueError) as error:  # ValueError: a null byte before 3.11.4
        raise SizeError(f"{file}: {error}") from error
    needs = tuple(_python_needs(tree, file))
    _NormalForm().visit(tree)
    statements = sum(isinstance(node, ast.stmt) for node in ast.walk(tree))
    return Source(statements, ast.unparse(tree), needs)


def _python_needs(tree: ast.Module, file: Path) -> Iterator[Path]:
    for node in ast.walk(tree):
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


class _NormalForm(ast.NodeTransformer):
    """Remove what only explains: annotations, and strings that stand as statements.

    A body of nothing but a docstring becomes ``pass``, which it would otherwise need.
    The import that an annotation needs is a statement like any other and stays.
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


LANGUAGES = {
    ".py": Language("python", tuple(token.EXACT_TOKEN_TYPES), _read_python),
}
"""By file name suffix."""
