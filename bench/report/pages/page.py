"""Sections to HTML and Markdown, by templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bench.report.charts.style import NARROW
from bench.report.model import Figure
from bench.report.pages import vega

TEMPLATES = Path(__file__).parent / "templates"


def _environment(*, escape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,  # noqa: S701 - Markdown, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def inline(svg: str, name: str, title: str) -> Markup:
    """Return an SVG as part of a page: with its own ids, and no namespaces.

    Namespaces hold web addresses, which a page that works offline needs none of.
    """
    body = re.sub(r'\s(xmlns(:\w+)?|version)="[^"]*"', "", svg)
    body = re.sub(r'(<svg[^>]*?)\s(width|height)="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?)\s(width|height)="[^"]*"', r"\1", body, count=1)
    body = body.replace("xlink:href", "href")
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{name}-", body)
    label = Markup("<svg role='img' aria-label=\"{}\"").format(title)
    return label + Markup(body.removeprefix("<svg"))  # noqa: S704 - our own figure


def html(
    name: str,
    parts: Mapping[str, Any],
    figures: Iterable[Figure],
    svgs: Mapping[str, str],
) -> str:
    """Return a page with these figures, by the template of that name."""
    shown = {figure.name: figure.title for figure in figures}
    shown |= {f"{name}{NARROW}": title for name, title in shown.items()}
    mine = {name: svgs[name] for name in shown if name in svgs}
    inlined = {name: inline(svg, name, shown[name]) for name, svg in mine.items()}
    return plain(name, {**parts, "svgs": inlined})


def explorer(parts: Mapping[str, Any], explored: str) -> str:
    """Return the page of all numbers. ``explored`` is made to stand in a script element."""
    mine = {
        "explored": Markup(explored),  # noqa: S704
        "vega": Markup(vega.script()),  # noqa: S704
    }
    return plain("explore.html", {**parts, **mine})


def plain(name: str, parts: Mapping[str, Any]) -> str:
    """Return a page by the template of that name."""
    environment = _environment(escape=True)
    environment.filters["commands"] = _commands
    return environment.get_template(name).render(**parts) + "\n"


def _commands(text: str) -> Markup:
    """Return text for a page, with what stands in backticks as code."""
    safe = str(escape(text))  # a Markup would escape the tags as well
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", safe))  # noqa: S704


def _cell(text: str) -> str:
    """Return text that stays in its Markdown table cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def markdown(parts: Mapping[str, Any], template: str = "REPORT.md") -> str:
    environment = _environment(escape=False)
    environment.filters["cell"] = _cell
    return environment.get_template(template).render(**parts) + "\n"
