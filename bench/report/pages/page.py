"""Sections to HTML and Markdown, by templates."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bench.report.charts.style import NARROW
from bench.report.model import Figure
from bench.report.pages import datatables, vega

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

    Namespaces hold web addresses, which a page that works offline needs none of. Ids are
    short, and begin with a digest of the name, so that no other figure has them.
    """
    body = re.sub(r'\s(xmlns(:\w+)?|version)="[^"]*"', "", svg)
    body = re.sub(r'(<svg[^>]*?)\s(width|height)="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?)\s(width|height)="[^"]*"', r"\1", body, count=1)
    body = body.replace("xlink:href", "href")
    ids = list(dict.fromkeys(re.findall(r'\bid="([^"]+)"', body)))
    short = {known: f"{_digest(name)}-{number}" for number, known in enumerate(ids)}
    body = re.sub(
        r'(\bid="|href="#|url\(#)([^")]+)',
        lambda found: found[1] + short.get(found[2], found[2]),
        body,
    )
    label = Markup("<svg role='img' aria-label=\"{}\"").format(title)
    return label + Markup(body.removeprefix("<svg"))  # noqa: S704 - our own figure


def _digest(text: str) -> str:
    """Return a short name that begins with a letter, the same in every page and report."""
    return f"s{zlib.crc32(text.encode()):x}"


def styled(svgs: Mapping[str, Markup]) -> tuple[dict[str, Markup], Markup]:
    """Return SVGs with classes for their styles, and the style sheet of these classes.

    A chart repeats few styles many times. A class is named by its style alone, so that
    pages can be joined.
    """
    rules: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        rules[_digest(found[1])] = found[1]
        return f'class="{_digest(found[1])}"'

    made = {
        name: Markup(re.sub(r'(?<= )style="([^"]*)"', named, svg))  # noqa: S704
        for name, svg in svgs.items()
    }
    sheet = "\n".join(f".{name} {{ {style} }}" for name, style in rules.items())
    return made, Markup(sheet)  # noqa: S704 - our own figures


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
    drawn, styles = styled(inlined)
    return plain(name, {**parts, "svgs": drawn, "styles": styles})


def explorer(parts: Mapping[str, Any], explored: str) -> str:
    """Return the page of all numbers. ``explored`` is made to stand in a script element."""
    mine = {
        "explored": Markup(explored),  # noqa: S704
        "vega": Markup(vega.script()),  # noqa: S704
        "datatables": Markup(datatables.script()),  # noqa: S704
    }
    return plain("explore.html", {**parts, **mine})


def plain(name: str, parts: Mapping[str, Any]) -> str:
    """Return a page by the template of that name."""
    environment = _environment(escape=True)
    environment.filters["commands"] = _commands
    return environment.get_template(name).render(**{"styles": "", **parts}) + "\n"


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
