"""Sections to HTML and Markdown, by templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bench.report.charts.dark import HEX_COLOR, mirrored
from bench.report.model import Figure
from bench.report.pages import vega

NARROW = "_narrow"
"""The end of the name of a chart that is drawn again for a narrow screen."""
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
    return plain(name, {**parts, "palette": palette(mine.values()), "svgs": inlined})


def explorer(parts: Mapping[str, Any], explored: str) -> str:
    """Return the page of all numbers. ``explored`` is made to stand in a script element."""
    mine = {
        "explored": Markup(_by_name(explored)),  # noqa: S704
        "vega": Markup(vega.script()),  # noqa: S704
        "palette": palette([explored]),
    }
    return plain("explore.html", {**parts, **mine})


def plain(name: str, parts: Mapping[str, Any]) -> str:
    """Return a page by the template of that name."""
    environment = _environment(escape=True)
    environment.filters["commands"] = _commands
    return environment.get_template(name).render(**parts) + "\n"


def _commands(text: str) -> Markup:
    """Return text for a page, with what stands in backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S704


def _cell(text: str) -> str:
    """Return text that stays in its Markdown table cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def markdown(parts: Mapping[str, Any], template: str = "REPORT.md") -> str:
    environment = _environment(escape=False)
    environment.filters["cell"] = _cell
    return environment.get_template(template).render(**parts) + "\n"
