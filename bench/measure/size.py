"""How much a cell makes its author write, counted the same way in every language.

Statements, tokens and compressed bytes, because each alone can be fooled: statements by
what is packed into one line, tokens by repetition, compressed bytes by how well text of
this kind compresses. All three are taken from a normal form of the program, so that layout,
comments, docstrings, annotations and braces that may be left out change none of them. Lines
are counted beside them, because people say lines; they are of the file as it is laid out.

What a statement and a token are is said in ``bench.source.grammar``.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from tree_sitter import Node

from bench.errors import NoMiddleError
from bench.source import c, javascript, python
from bench.source.grammar import Grammar, first_error


class SizeError(NoMiddleError):
    """A file cannot be counted; the message names it, and the line if there is one."""


@dataclass(frozen=True)
class Size:
    """The size of a cell with the local files that it needs.

    ``statements`` and ``tokens`` are those of ``bench.source.grammar``.

    ``gzip_bytes`` is the length of the normal forms, joined and compressed as one, so
    that what repeats is hardly counted again. The idea is the Computer Language
    Benchmarks Game's ("How programs are measured"), which takes gzip's lowest level;
    here it is the highest, 9, so that the count depends as little as possible on where
    the repetition is. The header carries neither a name nor a time.

    ``lines`` are those with a token on them: neither empty nor only explaining.

    ``complexity`` is McCabe's of all functions together, as lizard counts it: one for
    each function and one for each branch. ``complexity_max`` is that of the worst.

    ``files`` are the absolute paths counted, the cell first, then in order of import.
    """

    statements: int
    tokens: int
    gzip_bytes: int
    lines: int
    complexity: int
    complexity_max: int
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Source:
    """One file: its text, its normal form with the tree of that, and what it needs.

    ``needs`` are the files that its imports could mean: relative to a search folder, or
    absolute. Those that do not exist (the standard library's, a package's) are someone
    else's code.
    """

    path: Path
    language: str
    text: str
    normal: str
    tree: Node
    lines: int
    needs: tuple[Path, ...]

    @property
    def grammar(self) -> Grammar:
        return GRAMMARS[self.language]


@dataclass(frozen=True)
class Program:
    """A cell with all local files that it needs, the cell first."""

    sources: tuple[Source, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(source.path for source in self.sources)


def read_program(path: Path, search: Sequence[Path]) -> Program:
    """Read the cell ``path`` and every local file that it imports, each file once.

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
            sources[file] = read_source(file)
            waiting += _found(sources[file].needs, search)
    return Program(tuple(sources.values()))


def size(path: Path, search: Sequence[Path]) -> Size:
    """Return the size of a cell. Raises as ``read_program``, whose parameters these are."""
    return size_of(read_program(path, search))


def size_of(program: Program) -> Size:
    """Return the size of a program that was read."""
    joined = "\n".join(source.normal for source in program.sources)
    each = [c for source in program.sources for c in complexities(source)]
    return Size(
        statements=sum(len(s.grammar.statements(s.tree)) for s in program.sources),
        tokens=sum(source.grammar.tokens(source.tree) for source in program.sources),
        gzip_bytes=len(gzip.compress(joined.encode(), compresslevel=9, mtime=0)),
        lines=sum(source.lines for source in program.sources),
        complexity=sum(each),
        complexity_max=max(each, default=0),
        files=program.files,
    )


def complexities(source: Source) -> list[int]:
    """Return McCabe's number of each function of a file, of its normal form."""
    from lizard import analyze_file  # only where it is asked for: it loads a lot

    found = analyze_file.analyze_source_code(source.path.name, source.normal + "\n")
    return [function.cyclomatic_complexity for function in found.function_list]


def read_source(file: Path) -> Source:
    """Read one file. Raises SizeError where it cannot be counted."""
    try:
        reader = READERS[file.suffix]
    except KeyError:
        known = ", ".join(READERS)
        raise SizeError(f"{file}: sizes are counted of {known} files only") from None
    try:
        return reader(file, file.read_bytes())
    except SyntaxError as error:
        where = f"{file}:{error.lineno}" if error.lineno else file
        raise SizeError(f"{where}: {error.msg}") from error
    except (OSError, ValueError) as error:  # ValueError: a null byte, another encoding
        raise SizeError(f"{file}: {error}") from error


def _found(needs: Iterable[Path], search: Sequence[Path]) -> Iterator[Path]:
    """Yield each need that exists, from the first folder that has it."""
    for need in needs:
        for folder in search:
            if (folder / need).is_file():
                yield (folder / need).resolve()
                break


@lru_cache(maxsize=256)
def _read_python(file: Path, content: bytes) -> Source:
    grammar = python.GRAMMAR
    text, normal = python.normal(content, str(file))
    tree = grammar.parse(normal)
    lines = len(_rows(grammar, grammar.parse(text), python.is_prose))
    needs = tuple(python.needs(content, file))
    return Source(file, "python", text, normal, tree, lines, needs)


@lru_cache(maxsize=256)
def _read_parsed(language: str, file: Path, content: bytes) -> Source:
    """Read what is counted from its parser's tree alone."""
    module, spoken = PARSED[language]
    text = content.decode()
    raw = module.GRAMMAR.parse(text)
    if (line := first_error(raw)) is not None:
        raise SizeError(f"{file}:{line}: not understood as {spoken}")
    normal = module.normal(raw)
    tree, lines = module.GRAMMAR.parse(normal), len(_rows(module.GRAMMAR, raw))
    return Source(file, language, text, normal, tree, lines, tuple(module.needs(raw, file)))


def code_rows(source: Source) -> set[int]:
    """Return the rows of a file, from 0, that have something of a token on them."""
    is_prose = python.is_prose if source.language == "python" else None
    return _rows(source.grammar, source.grammar.parse(source.text), is_prose)


def _rows(
    grammar: Grammar, raw: Node, is_prose: Callable[[Node], bool] | None = None
) -> set[int]:
    rows: set[int] = set()
    waiting = [raw]
    while waiting:
        node = waiting.pop()
        if node.type in grammar.comments or (is_prose and is_prose(node)):
            continue
        waiting += node.children
        if not node.children and node.text and node.text.strip():
            rows.update(range(node.start_point[0], node.end_point[0] + 1))
    return rows


PARSED = {"c": (c, "C"), "javascript": (javascript, "JavaScript")}
GRAMMARS: dict[str, Grammar] = {
    "python": python.GRAMMAR,
    **{language: module.GRAMMAR for language, (module, _) in PARSED.items()},
}
"""By the name that a cell has for its language."""
READERS: dict[str, Callable[[Path, bytes], Source]] = {
    ".py": _read_python,
    ".c": partial(_read_parsed, "c"),
    ".h": partial(_read_parsed, "c"),
    ".js": partial(_read_parsed, "javascript"),
}
"""By file name suffix."""
