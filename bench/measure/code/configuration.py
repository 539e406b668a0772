"""Count the configuration of a program: nginx.conf, haproxy.cfg, httpd.conf.

A directive counts as a statement, and a word of it as a token. Its normal form, of which
the compressed bytes count, has one space between words and no comments. In nginx.conf a
directive ends in a semicolon or opens a block; in other files it is a line. The end of a
block is none, neither nginx's nor Apache's.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SUFFIXES = (".conf", ".cfg", ".yaml")
NGINX = "nginx.conf"
PIECE = r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\n|"""
OF_NGINX = re.compile(PIECE + r"""[{};]|[^\s{};"'#]+""")
OF_LINES = re.compile(PIECE + r"""[^\s"'#]+""")


class Configuration(NamedTuple):
    """The size of some files: their directives, the words of these, and how many bytes
    their normal form adds to a compressed program (an empty one has some already).
    """

    directives: int
    words: int
    gzip_bytes: int


def configuration(folder: Path) -> Configuration:
    """Return the size of all files of configuration in a folder."""
    found = [
        [*directives(path.read_text(encoding="utf-8"), path.name)]
        for path in _files(folder)
    ]
    every = [words for file in found for words in file]
    normal = "\n".join(map(" ".join, every))
    return Configuration(len(every), sum(map(len, every)), _packed(normal) - _packed(""))


def configuration_digest(folder: Path) -> str:
    """Return a checksum of all files of configuration in a folder."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES]


def _packed(text: str) -> int:
    return len(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def directives(text: str, name: str) -> Iterator[list[str]]:
    """Yield the words of each directive of a file with that name."""
    pieces, ends = (OF_NGINX, {";", "{", "}"}) if name == NGINX else (OF_LINES, {"\n"})
    words: list[str] = []
    for piece in [*pieces.findall(text), "\n"]:
        if piece in ends:
            if words and not words[0].startswith("</"):
                yield words
            words = []
        elif not piece.isspace() and not piece.startswith("#"):
            words.append(piece)
    if words:
        yield words
