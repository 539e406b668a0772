"""The shortest programs of a workload beside each other, as on a slide."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from pygments import lexers
from pygments.styles import get_style_by_name

from bench.analysis.code_rows import ProgramCode
from bench.analysis.results import Run
from bench.analysis.side_by_side import SHORTEST, beside
from bench.measure.code.programs import source_of
from bench.measure.code.size import code_rows
from bench.report import words
from bench.report.charts import style
from bench.report.charts.style import Chart, Look

LIGHT = "xcode"
"""The style of Pygments whose colours differ most from white."""
STYLE = get_style_by_name(LIGHT)
PLAIN, BLACK = style.INK, (None, "", "000000")
TOP, BOTTOM, LEFT, RIGHT = 0.71, 0.085, 0.015, 0.99
ADVANCE, LEADING = 0.602, 1.22
"""A monospaced letter's width and a line's height, in font sizes."""
BETWEEN_CHARS, INDENT = 3, "        "
NARROWEST, WIDEST = 38, 82
LARGEST_PT = 15.0
Piece = tuple[str, str]
"""Text of one line, and its colour."""


def shown_lines(name: str, text: str) -> list[str]:
    """Return the lines of a file that have code, without what only explains it."""
    source = source_of(name, text)
    rows = code_rows(source)
    return [line for number, line in enumerate(text.splitlines()) if number in rows]


def pieces(name: str, lines: Sequence[str]) -> list[list[Piece]]:
    """Return lines as coloured text, their comments left out."""
    lexer = lexers.get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    made: list[list[Piece]] = [[]]
    for kind, text in lexer.get_tokens("\n".join(lines)):
        look = STYLE.style_for_token(kind)
        color = PLAIN if look["color"] in BLACK else f"#{look['color']}"
        if "Comment" in str(kind) and "Preproc" not in str(kind):
            text = ""  # noqa: PLW2901 - a comment is not shown
        for number, part in enumerate(text.split("\n")):
            if number:
                made.append([])
            if part:
                made[-1].append((part, color))
    return [_stripped(line) for line in made]


def _stripped(line: list[Piece]) -> list[Piece]:
    while line and not line[-1][0].strip():
        line = line[:-1]
    return line


def wrapped(lines: Sequence[list[Piece]], width: int) -> list[list[Piece]]:
    """Break lines that are longer than ``width`` characters; the rest is indented."""
    made = []
    for line in lines:
        text = "".join(part for part, _ in line)
        indent = text[: len(text) - len(text.lstrip())] + INDENT
        chunks = textwrap.wrap(
            text, width, subsequent_indent=indent, drop_whitespace=False,
            break_long_words=False, break_on_hyphens=False,
        ) or [""]  # fmt: skip
        if len(chunks) == 1:
            made.append(line)
            continue
        letters = [(letter, color) for part, color in line for letter in part]
        for number, chunk in enumerate(chunks):
            length = len(chunk) - (len(indent) if number else 0)
            own, letters = letters[:length], letters[length:]
            made.append([*([(indent, PLAIN)] if number else []), *own])
    return made


def font_pt(columns: Sequence[Sequence[list[Piece]]], width: int) -> float:
    """Return the largest type in which columns fit, when broken at ``width``."""
    broken = [wrapped(lines, width) for lines in columns]
    wide = sum(map(_widest, broken)) + BETWEEN_CHARS * (len(columns) - 1)
    high = max(map(len, broken))
    room_pt = (RIGHT - LEFT) * style.WIDTH_IN * 72, (TOP - BOTTOM) * style.HEIGHT_IN * 72
    return min(room_pt[0] / wide / ADVANCE, room_pt[1] / high / LEADING, LARGEST_PT)


def _widest(lines: Sequence[list[Piece]]) -> int:
    return max((sum(len(text) for text, _ in line) for line in lines), default=1)


def _by_color(line: Sequence[Piece]) -> dict[str, str]:
    """Return one text per colour, with spaces where other colours are."""
    return {
        color: "".join(text if own == color else " " * len(text) for text, own in line)
        for color in sorted({color for text, color in line if text.strip()})
    }


def listing(run: Run, workload: str, look: Look) -> Chart | None:
    """Return the shortest programs of a workload, each under its size."""
    rows = beside(run.code.programs, workload, SHORTEST)
    if len(rows) < 2:
        return None
    texts = run.code.texts
    columns = [
        pieces(row.files[0], shown_lines(row.files[0], texts[row.files[0]])) for row in rows
    ]
    width = max(range(NARROWEST, WIDEST), key=lambda w: (font_pt(columns, w), w))
    size_pt = font_pt(columns, width)
    title = f"{words.workload(workload)}: {_found(rows, look)}"
    subtitle = (
        "The shortest program of each stack that keeps the contract on the happy path"
    )
    footer = (
        "Without comments and blank lines; long lines are broken. Statements of all files"
    )
    figure = style.blank(title, subtitle, footer, look)
    broken = [wrapped(lines, width) for lines in columns]
    x = LEFT
    for row, lines in zip(rows, broken, strict=True):
        _column(figure, x, row, lines, size_pt, look)
        chars = _widest(lines) + BETWEEN_CHARS
        x += chars * ADVANCE * size_pt / 72 / style.WIDTH_IN
    return Chart(f"side_by_side_{workload}", "side_by_side", title, figure, _table(rows))


def _found(rows: Sequence[ProgramCode], look: Look) -> str:
    """Return the statements of each program, the fewest first."""
    ordered = sorted(rows, key=lambda row: row.statements)
    said = [
        f"{words.stack(row.program.stack, look.stacks)} {row.statements}" for row in ordered
    ]
    return f"{said[0]} statements, {', '.join(said[1:])}"


def _table(rows: Sequence[ProgramCode]) -> pd.DataFrame:
    kept = ("stack", "variant", "workload", "language", "cell", "key")
    counted = ("statements", "tokens", "gzip_bytes", "lines")
    return pd.DataFrame(
        {
            **{name: getattr(row.program, name) for name in kept},
            **{name: getattr(row, name) for name in counted},
            "promise": row.program.promise,
            "files": ",".join(row.files),
        }
        for row in rows
    )


def _column(
    figure: Figure,
    x: float,
    row: ProgramCode,
    lines: Sequence[list[Piece]],
    size_pt: float,
    look: Look,
) -> None:
    style.text(
        figure, x, 0.815, words.cell(row.program, look.stacks), fontsize=style.LABEL_PT + 3,
        fontweight="bold", color=look.colors[row.program.stack],
    )  # fmt: skip
    others = len(row.files) - 1
    shared = f", {words.plural(others, 'file')} more" if others else ""
    style.text(
        figure, x, 0.766, f"{row.statements} statements{shared}",
        fontsize=style.SMALL_PT, color=style.MUTED,
    )  # fmt: skip
    for number, line in enumerate(lines):
        y = TOP - number * LEADING * size_pt / 72 / style.HEIGHT_IN
        for color, text in _by_color(line).items():
            figure.text(
                x, y, text.rstrip(), fontsize=size_pt, color=color, va="baseline",
                ha="left", family="DejaVu Sans Mono", parse_math=False,
            )  # fmt: skip
