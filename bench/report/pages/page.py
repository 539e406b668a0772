"""Sections to one HTML file and one Markdown file, by templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bench.report.charts.dark import HEX_COLOR, mirrored
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
    """Return an SVG as part of a page: its own ids, colours by name, no namespaces.

    A page may define its colours, see ``palette``; else they are those of light paper.
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
    body = _by_name(body)
    label = Markup("<svg role='img' aria-label=\"{}\"").format(title)
    return label + Markup(body.removeprefix("<svg"))  # noqa: S704 - our own figure


def _by_name(text: str) -> str:
    """Return text with the page's names of colours, which have dark variants."""
    return HEX_COLOR.sub(lambda match: f"var({_variable(match[0])},{match[0]})", text)


def _variable(color: str) -> str:
    """Return what the page calls a colour: "--c1a1a1b" is "#1a1a1b" on light paper."""
    return f"--c{color.removeprefix('#')}"


def palette(colored: Iterable[str]) -> list[tuple[str, str]]:
    """Return each colour in these texts with its name in the page and its dark variant."""
    used = sorted({color for text in colored for color in HEX_COLOR.findall(text)})
    return [(_variable(color), mirrored(color)) for color in used]


def html(parts: Mapping[str, Any], svgs: Mapping[str, str]) -> str:
    """Return the whole page: one file, no reference to anything outside it."""
    template = _environment(escape=True).get_template("index.html")
    inlined = {
        figure.name: inline(svgs[figure.name], figure.name, figure.title)
        for section in parts["sections"]
        for figure in section.figures
    }
    # Both are made to stand in a script element.
    explored = Markup(_by_name(parts["explored"]))  # noqa: S704
    page = {**parts, "explored": explored, "vega": Markup(vega.script())}  # noqa: S704
    colored = [*svgs.values(), parts["explored"]]
    return template.render(**page, palette=palette(colored), svgs=inlined) + "\n"


def plain(name: str, parts: Mapping[str, Any]) -> str:
    """Return a page without figures, by the template of that name."""
    return _environment(escape=True).get_template(name).render(**parts) + "\n"


def _cell(text: str) -> str:
    """Return text that stays in its Markdown table cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def markdown(parts: Mapping[str, Any], template: str = "REPORT.md") -> str:
    environment = _environment(escape=False)
    environment.filters["cell"] = _cell
    return environment.get_template(template).render(**parts) + "\n"
