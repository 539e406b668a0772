"""The programs of a workload beside each other: a page of each workload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pygments import highlight, lexers
from pygments.filter import simplefilter
from pygments.formatters import HtmlFormatter
from pygments.styles import get_style_by_name
from pygments.token import Name, Text, Token, Whitespace

from bench.analysis.code_rows import ProgramCode
from bench.analysis.recovery import with_fault
from bench.analysis.rows import grouped
from bench.analysis.side_by_side import CHOICES, IN_C, MINIMAL, SHORTEST, SURVIVING, beside
from bench.measure.recovery import KEPT
from bench.report import words
from bench.report.charts.style import Look
from bench.report.model import Data
from bench.report.pages import page
from bench.report.sections.code import programs
from bench.report.sections.side_by_side import FOLDER, workloads
from bench.run.archive import write_whole

LIGHT, DARK = "xcode", "github-dark"
TITLES = {
    SHORTEST: "While nothing fails",
    MINIMAL: "With the client that most people know",
    IN_C: "The same in C",
    SURVIVING: "Surviving failures",
}
LEADS = {
    SHORTEST: "The least that keeps the contract while nothing fails. For fan-out it is "
    "the program that loses nothing.",
    MINIMAL: "The minimal programs, where a stack's minimal program is not its shortest.",
    IN_C: "The same in C, every return code checked.",
    SURVIVING: "Equal guarantees: under every fault of level L2's list each message "
    "arrives, or the application is told.",
}


def survives(data: Data) -> dict[str, str]:
    """Return, by cell, at which level it was seen and how many faults it survived."""
    levels = {row.program.cell: row.level for row in data.levels}
    said = {}
    met = grouped(with_fault(data.recoveries), lambda row: row.case.cell)
    for cell, rows in met.items():
        seen = f"level {level}; " if (level := levels.get(cell)) else ""
        kept = sum(row.verdict == KEPT for row in rows)
        said[cell] = f"{seen}survives {kept} of {words.plural(len(rows), 'fault')}"
    return said


@cache
def _plain() -> frozenset[Any]:
    """Return the kinds of tokens that look as names do in both styles, and white space."""
    styles = [dict(get_style_by_name(name)) for name in (LIGHT, DARK)]
    looks = [(style, (style[Token], style[Name])) for style in styles]
    alike = {k for k in styles[0] if all(style[k] in usual for style, usual in looks)}
    return frozenset(alike | {Whitespace})


def _unmarked(
    _self: Any, _lexer: Any, stream: Iterable[tuple[Any, str]], _options: Any
) -> Iterator[tuple[Any, str]]:
    """Yield tokens, those that look like any text as such: they need no mark in a page."""
    for kind, value in stream:
        yield (Text if kind in _plain() else kind), value


@lru_cache(maxsize=256)
def _highlighted(name: str, text: str) -> Markup:
    lexer = lexers.get_lexer_for_filename(name)
    lexer.add_filter(simplefilter(_unmarked)())
    made = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return Markup(made.rstrip("\n"))  # noqa: S704 - escaped by the formatter


def _program(
    data: Data, row: ProgramCode, look: Look, seen: Mapping[str, str]
) -> dict[str, Any]:
    texts, program = data.run.code.texts, row.program
    return {
        "label": data.cell(program),
        "color": look.colors[program.stack],
        "size": f"{row.statements} statements",
        "more": f"{row.tokens:,} tokens, {row.lines} lines with code, "
        f"{len(row.names)} names of libraries, {row.gzip_bytes:,} bytes compressed",
        "survives": seen.get(program.cell, "tried with no fault in this run"),
        "files": [
            {"name": name, "code": _highlighted(name, texts[name])} for name in row.files
        ],
    }


def _choices(
    data: Data, workload: str, look: Look, seen: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    shown: list[list[str]] = []
    for choice in CHOICES:
        rows = beside(programs(data), workload, choice)
        cells = [row.program.cell for row in rows]
        if rows and cells not in shown:
            shown.append(cells)
            yield {
                "id": choice.replace(" ", "_"),
                "title": TITLES[choice],
                "lead": LEADS[choice],
                "programs": [_program(data, row, look, seen) for row in rows],
            }


def _colors(style: str) -> Markup:
    rules = HtmlFormatter(style=style, cssclass="code").get_style_defs(".code")
    kept = [line for line in rules.splitlines() if line.startswith(".code .")]
    return Markup("\n".join(kept))  # noqa: S704 - a style sheet


def write_pages(data: Data, look: Look, facts: Mapping[str, Any], out: Path) -> None:
    """Write a page for each workload; remove those of before."""
    folder, names, seen = out / FOLDER, workloads(data), survives(data)
    for old in folder.glob("*.*"):
        old.unlink()
    if names:
        folder.mkdir(parents=True, exist_ok=True)
    pages = [(name, words.workload(name)) for name in names]
    for name, title in pages:
        parts = {
            **facts,
            "name": name,
            "title": title,
            "workloads": pages,
            "up": "../",
            "here": "",
            "choices": list(_choices(data, name, look, seen)),
            "light": _colors(LIGHT),
            "dark": _colors(DARK),
        }
        write_whole(folder / f"{name}.html", page.plain("side_by_side.html", parts))
