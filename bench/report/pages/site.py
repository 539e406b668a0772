"""The pages of a report, and which section stands on which: plain files with links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.report.model import Section
from bench.report.pages import page
from bench.run.archive import write_whole

INDEX, CLAIMS, EXPLORE = "index.html", "claims.html", "explore.html"
ONE_FILE = "report.html"
ANSWER = "answer"
"""The section that index.html tells in its own way."""


class Page(NamedTuple):
    """A page with the ids of its sections. Its question is its headline."""

    file: str
    title: str
    question: str
    sections: tuple[str, ...]


PAGES = (
    Page(
        "workloads.html",
        "Workloads",
        "how fast is each stack, and what limits it?",
        (
            "latency", "throughput", "response", "connections", "placement", "network",
            "limits",
            "other", "encryption", "cost", "loses", "undecided", "comparisons", "machines",
            "runs",
        ),
    ),
    Page(
        "failures.html",
        "Failures",
        "what does a program do when something breaks?",
        ("failures", "price", "timelines", "across"),
    ),
    Page(
        "code.html",
        "Code",
        "how much is there to write, and to change?",
        ("side_by_side", "size", "languages", "flexibility", "embedding", "bindings"),
    ),
    Page(
        "topologies.html",
        "Topologies",
        "what does a box in the middle give and take?",
        ("topologies",),
    ),
    Page(
        "experiments.html",
        "Experiments",
        "what happens if one effect is provoked?",
        ("experiments",),
    ),
    Page(CLAIMS, "Claims", "which sentences of the talk hold?", ("claims",)),
    Page(
        "method.html",
        "Method",
        "why believe these numbers?",
        (
            "words", "read", "method", "noise", "precision", "environment", "machine",
            "conformance", "cells", "time",
        ),
    ),
    Page(EXPLORE, "Explore", "every number", ("explore",)),
)  # fmt: skip
"""The pages in the order of their links. A section that is new is named here."""


def page_of(section: str) -> Page:
    """Return the page of a section. Raises KeyError for one that has none."""
    for one in PAGES:
        if section in one.sections:
            return one
    raise KeyError(f"no page of bench/report/pages/site.py has the section {section!r}")


def shown(sections: Sequence[Section]) -> list[Page]:
    """Return the pages that have something to show. The answer is on the first page."""
    there = {page_of(s.id).file for s in sections if s.id != ANSWER} | {EXPLORE}
    return [one for one in PAGES if one.file in there]


def contents(sections: Sequence[Section]) -> Iterator[tuple[str, str, str]]:
    """Yield id, title and address of every section: old addresses led to these ids."""
    for section in sections:
        if section.id != ANSWER:
            yield section.id, section.title, f"{page_of(section.id).file}#{section.id}"
    yield "explore", "Explore the numbers", f"{EXPLORE}#explore"


def write(
    out: Path,
    facts: Mapping[str, Any],
    sections: Sequence[Section],
    story: Mapping[str, Any],
    claims: Mapping[str, Any],
    explored: str,
    svgs: Mapping[str, str],
    headers: Mapping[str, str],
) -> Path:
    """Write every page into a folder, remove those without a section; return the first.

    ``story`` is what index.html needs, ``claims`` what claims.html does. ``headers`` are
    lines for the pages of surveys, by the only section of each: whence their numbers are.
    """
    told = [section for section in sections if section.id != ANSWER]
    there = shown(told)
    for old in PAGES:
        if old not in there:
            (out / old.file).unlink(missing_ok=True)
    every = {**facts, "pages": there, "up": ""}
    for one in there:
        parts = {**every, "title": one.title, "question": one.question, "here": one.file}
        mine = [section for name in one.sections for section in told if section.id == name]
        if len(mine) == 1:
            parts["header"] = headers.get(mine[0].id, "")
        if one.file == CLAIMS:
            made = page.plain(
                CLAIMS,
                {**parts, **claims, "title": "What the talk claims, and what was measured"},
            )
        elif one.file == EXPLORE:
            made = page.explorer({**parts, "title": "Explore the numbers"}, explored)
        else:
            figures = [figure for section in mine for figure in section.figures]
            made = page.html("page.html", {**parts, "sections": mine}, figures, svgs)
        write_whole(out / one.file, made)
    first = {
        **every,
        **story,
        "title": "The same messages on BSD sockets, HTTP and ZeroMQ",
        "here": INDEX,
        "contents": list(contents(told)),
    }
    figures = [f for part in (story["first"], *story["screens"]) for f in part.figures]
    write_whole(out / INDEX, page.html(INDEX, first, figures, svgs))
    return out / INDEX


def joined(out: Path) -> Path:
    """Write one file with all pages but the explorer, to send by mail; return its path.

    Links between pages become links within it. An id keeps its first place.
    """
    first, *others = [INDEX, *(one.file for one in PAGES if one.file != EXPLORE)]
    text = (out / first).read_text(encoding="utf-8")
    head, tail = text.split("</main>")
    styles = []
    for name in others:
        if not (out / name).exists():
            continue
        other = (out / name).read_text(encoding="utf-8")
        styles += re.findall(r"<style>(.*?)</style>", other, re.DOTALL)
        main = other.split("<main", 1)[1].split(">", 1)[1].split("</main>")[0]
        heading = re.search(r"<h1>.*?</h1>", other, re.DOTALL)
        assert heading
        head += f'<div id="page-{name.removesuffix(".html")}">{heading[0]}{main}</div>\n'
    tail = re.sub(
        r"<details><summary>Everything that.*?</details>|<script>.*?</script>",
        "",
        tail,
        flags=re.DOTALL,
    )
    head = head.replace(
        "</head>", f"<style>{''.join(dict.fromkeys(styles))}</style></head>", 1
    )
    made = _once(_within(f"{head}</main>{tail}"))
    write_whole(out / ONE_FILE, made)
    return out / ONE_FILE


def _within(text: str) -> str:
    text = re.sub(r'href="(?!explore)[a-z_]+\.html#', 'href="#', text)
    text = text.replace(f'href="{INDEX}"', 'href="#answer"')
    return re.sub(r'href="(?!explore)([a-z_]+)\.html"', r'href="#page-\1"', text)


def _once(text: str) -> str:
    seen: set[str] = set()

    def kept(found: re.Match[str]) -> str:
        if found[1] in seen:
            return ""
        seen.add(found[1])
        return found[0]

    return re.sub(r'\sid="([^"]+)"', kept, text)
