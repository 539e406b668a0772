"""Sections to one HTML file and one Markdown file, by templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bench.charts import style
from bench.charts.ratios import MARGIN_COLOR, NOISE_COLOR

TEMPLATES = Path(__file__).parent / "templates"
COLORS = {
    style.INK: "var(--ink)",
    style.MUTED: "var(--muted)",
    style.GRID: "var(--grid)",
    style.PAPER: "var(--paper)",
    MARGIN_COLOR: "var(--margin)",
    NOISE_COLOR: "var(--noise)",
}
"""What follows the reader's light or dark scheme; the stacks' colours do not."""


def _environment(*, escape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,  # noqa: S701 - Markdown, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def inline(svg: str, name: str, title: str) -> Markup:
    """Return an SVG as part of a page: its own ids, the page's colours, no namespaces.

    Namespaces and metadata hold web addresses, which a page that works offline needs
    none of.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'\s(xmlns(:\w+)?|version)="[^"]*"', "", body)
    body = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?)\sheight="[^"]*"', r"\1", body, count=1)
    body = body.replace("xlink:href", "href")
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'href="#', f'href="#{name}-', body)
    body = re.sub(r"url\(#", f"url(#{name}-", body)
    for color, variable in COLORS.items():
        body = body.replace(color, variable)
    label = Markup("<svg role='img' aria-label=\"{}\"").format(title)
    return label + Markup(body.removeprefix("<svg"))  # noqa: S704 - our own figure


def html(parts: Mapping[str, Any], svgs: Mapping[str, str]) -> str:
    """Return the whole page: one file, no reference to anything outside it."""
    template = _environment(escape=True).get_template("index.html")
    inlined = {
        figure.name: inline(svgs[figure.name], figure.name, figure.title)
        for section in parts["sections"]
        for figure in section.figures
    }
    # Both are the project's own, and made to stand in a script element.
    explored = Markup(parts["explored"])  # noqa: S704
    script = Markup((TEMPLATES / "explore.js").read_text())  # noqa: S704
    page = {**parts, "explored": explored, "explore_js": script}
    return template.render(**page, svgs=inlined) + "\n"


def plain(name: str, parts: Mapping[str, Any]) -> str:
    """Return a page without figures, by the template of that name."""
    return _environment(escape=True).get_template(name).render(**parts) + "\n"


def _cell(text: str) -> str:
    """Return text that stays in its Markdown table cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def markdown(parts: Mapping[str, Any]) -> str:
    environment = _environment(escape=False)
    environment.filters["cell"] = _cell
    return environment.get_template("REPORT.md").render(**parts) + "\n"
