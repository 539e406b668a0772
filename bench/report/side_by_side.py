"""The programs of a workload beside each other: pages of their own, and a section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib import rc_context
from pygments import highlight, lexers
from pygments.formatters import HtmlFormatter

from bench.archive import write_whole
from bench.beside import IN_C, SHORTEST, SURVIVING, TIERS, beside
from bench.charts import Look, style, words
from bench.charts.listing import LIGHT, listing
from bench.charts.price import survived
from bench.frames import records
from bench.report import page
from bench.report.code import programs
from bench.report.levels import statements
from bench.report.model import Data, Section

FOLDER = "side_by_side"
DARK = "github-dark"
TITLES = {
    SHORTEST: "While nothing fails",
    IN_C: "The same in C",
    SURVIVING: "Surviving failures",
}
LEADS = {
    SHORTEST: "The least that keeps the contract while nothing fails. For fan-out it is "
    "the program that loses nothing.",
    IN_C: "The same in C, every return code checked.",
    SURVIVING: "Equal guarantees: every message arrives, or the application is told, "
    "whatever of the faults in this report befalls.",
}
Row = Mapping[str, Any]


def workloads(data: Data) -> list[str]:
    """Return the workloads of which a run kept at least two programs to compare."""
    rows = data.run.code["programs"]
    return [w for w in words.WORKLOADS if len(beside(rows, w, SHORTEST)) > 1]


def survives(data: Data) -> dict[str, str]:
    """Return, by cell, at which level it was seen and how many faults it survived."""
    levels = {row["cell"]: row["level"] for row in records(data.levels)}
    said = {}
    for row in records(survived(data.recoveries, statements(data))):
        level = levels.get(row["cell"])
        seen = f"level {level}; " if level else ""
        said[row["cell"]] = (
            f"{seen}survives {row['kept']} of {words.plural(row['faults'], 'fault')}"
        )
    return said


def _highlighted(name: str, text: str) -> Markup:
    lexer = lexers.get_lexer_for_filename(name)
    made = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return Markup(made.rstrip("\n"))  # noqa: S704 - escaped by the formatter


def _program(data: Data, row: Row, look: Look, seen: Mapping[str, str]) -> dict[str, Any]:
    texts = data.run.code["texts"]
    return {
        "label": words.cell(row, data.stacks),
        "color": look.colors[row["stack"]],
        "size": f"{row['statements']} statements",
        "more": f"{row['tokens']:,} tokens, {row['lines']} lines with code, "
        f"{len(row['names'])} names of libraries, {row['gzip_bytes']:,} bytes compressed",
        "survives": seen.get(row["cell"], "put to no fault in this run"),
        "files": [
            {"name": name, "code": _highlighted(name, texts[name])} for name in row["files"]
        ],
    }


def _tiers(
    data: Data, workload: str, look: Look, seen: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for tier in TIERS:
        rows = beside(programs(data), workload, tier)
        if rows:
            yield {
                "id": tier.replace(" ", "_"),
                "title": TITLES[tier],
                "lead": LEADS[tier],
                "programs": [_program(data, row, look, seen) for row in rows],
            }


def _colors(style: str) -> Markup:
    rules = HtmlFormatter(style=style, cssclass="code").get_style_defs(".code")
    kept = [line for line in rules.splitlines() if line.startswith(".code .")]
    return Markup("\n".join(kept))  # noqa: S704 - a style sheet


def write_pages(data: Data, look: Look, facts: Mapping[str, Any], out: Path) -> None:
    """Write a page and a figure for each workload; remove those of before."""
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
            "pages": pages,
            "tiers": list(_tiers(data, name, look, seen)),
            "light": _colors(LIGHT),
            "dark": _colors(DARK),
        }
        write_whole(folder / f"{name}.html", page.plain("side_by_side.html", parts))
        _write_figure(data, name, look, folder)


def _write_figure(data: Data, workload: str, look: Look, folder: Path) -> None:
    with rc_context(style.RC):
        chart = listing(data.run, workload, look)
    assert chart is not None
    write_whole(folder / f"{workload}.svg", style.svg(chart.figure))
    (folder / f"{workload}.png").write_bytes(style.png(chart.figure))


def section(data: Data) -> Section:
    """Return where the pages and the figures are."""
    names = workloads(data)
    lead = (
        "The programs as they were measured, one beside the other, with what each "
        "survives: for the happy path, the same in C, and those that survive failures. "
        "They stand beside this report; the pictures are for slides."
    )
    said = [
        f"{words.workload(name)}: {FOLDER}/{name}.html, {name}.svg and {name}.png"
        for name in names
    ]
    return Section(FOLDER, "Side by side", [lead] if names else [], said)
