"""Count the code of a cell, in the same way in every language.

There are three counts, because each alone can mislead: statements if much is packed into
one, tokens if code repeats, compressed bytes if text compresses well. All three are counted
in a normal form of the program. So layout, comments, docstrings, annotations and optional
braces change none of them. Lines are counted as well, because they are familiar; they are
lines of the file as written.

``bench.measure.code.grammar`` defines statements and tokens.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from types import ModuleType

from tree_sitter import Node

from bench.errors import NoMiddleError
from bench.measure.code import c, javascript, python
from bench.measure.code.grammar import Grammar, first_error


class SizeError(NoMiddleError):
    """A file cannot be counted; the message names it, and the line if there is one."""


@dataclass(frozen=True)
class Size:
    """The size of a cell with the local files that it needs.

    ``statements`` and ``tokens`` are defined in ``bench.measure.code.grammar``.

    ``gzip_bytes`` is the length of the normal forms, joined and compressed as one. So
    repeated code hardly counts again. The idea is from the Computer Language Benchmarks
    Game ("How programs are measured"), with gzip's lowest level. Here it is the highest
    level, 9, so that the place of repetitions matters as little as possible. The header has
    neither a name nor a time.

    ``lines`` are lines with a token: neither empty nor only a comment.

    ``complexity`` is McCabe's number of all functions together, as lizard counts it: one
    for each function and one for each branch. ``complexity_max`` is that of the worst.

    ``files`` are the absolute paths of counted files: the cell, then in order of import.
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
    """One file: its text, its normal form with a tree, and the files that it needs.

    ``needs`` are files that its imports could mean: relative to a search folder, or
    absolute. Files that do not exist there belong to the standard library or to a package.

    The normal form is made when it is asked for: the files are known without it.
    """

    path: Path
    language: str
    text: str
    needs: tuple[Path, ...]

    @property
    def grammar(self) -> Grammar:
        return GRAMMARS[self.language]

    @cached_property
    def normal(self) -> str:
        return NORMAL_FORMS[self.language](self.text)

    @cached_property
    def tree(self) -> Node:
        return self.grammar.parse(self.normal)

    @cached_property
    def lines(self) -> int:
        return len(code_rows(self))


@dataclass(frozen=True)
class Program:
    """A cell with all local files that it needs, the cell first."""

    sources: tuple[Source, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(source.path for source in self.sources)


def read_program(path: Path, search: Sequence[Path]) -> Program:
    """Read the cell ``path`` and every local file that it imports, each file once.

    ``search`` are the folders in which an import is local, in order: the folder of the cell
    and that of its stack (``Cell.search``). Imports count in any place, also inside
    functions. Names made at run time (``importlib.import_module``) are not followed.

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
    """Return the size of a cell. Parameters and errors are those of ``read_program``."""
    return size_of(read_program(path, search))


def size_of(program: Program) -> Size:
    """Return the size of a program that was read."""
    joined = "\n".join(source.normal for source in program.sources)
    each = [c for source in program.sources for c in complexities(source)]
    return Size(
        statements=sum(map(_statements, program.sources)),
        tokens=sum(map(_tokens, program.sources)),
        gzip_bytes=len(gzip.compress(joined.encode(), compresslevel=9, mtime=0)),
        lines=sum(source.lines for source in program.sources),
        complexity=sum(each),
        complexity_max=max(each, default=0),
        files=program.files,
    )


# A file that several programs need is counted once.


@lru_cache(maxsize=256)
def _statements(source: Source) -> int:
    return len(source.grammar.statements(source.tree))


@lru_cache(maxsize=256)
def _tokens(source: Source) -> int:
    return source.grammar.tokens(source.tree)


@lru_cache(maxsize=256)
def complexities(source: Source) -> tuple[int, ...]:
    """Return McCabe's number of each function of a file, of its normal form."""
    from lizard import analyze_file  # a heavy module: loaded only for this count

    found = analyze_file.analyze_source_code(source.path.name, source.normal + "\n")
    return tuple(function.cyclomatic_complexity for function in found.function_list)


def read_source(file: Path) -> Source:
    """Read one file. Raises SizeError if it cannot be counted."""
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
    needs = tuple(python.needs(content, file))
    return Source(file, "python", python.text_of(content), needs)


@lru_cache(maxsize=256)
def _read_parsed(language: str, file: Path, content: bytes) -> Source:
    """Read a file of a language that is counted from its parser's tree alone."""
    module, spoken = PARSED[language]
    text = content.decode()
    raw = module.GRAMMAR.parse(text)
    if (line := first_error(raw)) is not None:
        raise SizeError(f"{file}:{line}: this is not valid {spoken}")
    return Source(file, language, text, tuple(module.needs(raw, file)))


def _parsed_normal(module: ModuleType, text: str) -> str:
    return str(module.normal(module.GRAMMAR.parse(text)))


def code_rows(source: Source) -> set[int]:
    """Return the rows of a file, from 0, that have at least a part of a token."""
    is_prose = python.is_prose if source.language == "python" else None
    rows: set[int] = set()
    waiting = [source.grammar.parse(source.text)]
    while waiting:
        node = waiting.pop()
        if node.type in source.grammar.comments or (is_prose and is_prose(node)):
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
"""The grammars, by the language of a cell."""
NORMAL_FORMS: dict[str, Callable[[str], str]] = {
    "python": python.normal,
    **{
        language: partial(_parsed_normal, module)
        for language, (module, _) in PARSED.items()
    },
}
READERS: dict[str, Callable[[Path, bytes], Source]] = {
    ".py": _read_python,
    ".c": partial(_read_parsed, "c"),
    ".h": partial(_read_parsed, "c"),
    ".js": partial(_read_parsed, "javascript"),
}
"""The readers, by the suffix of file names."""
