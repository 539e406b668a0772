"""Text of a page between two markers, which is rendered and not typed."""

from __future__ import annotations

from pathlib import Path

from bench.errors import UsageError


def markers(name: str) -> tuple[str, str]:
    """Return the comments before and after a rendered text."""
    return f"<!-- {name}:begin -->", f"<!-- {name}:end -->"


def replaced(page: Path, name: str, lines: str) -> str:
    """Return a page's text with other lines between its markers.

    Raises UsageError if the page lacks them.
    """
    begin, end = markers(name)
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise UsageError(f"{page} lacks the lines {begin} and {end}; put them back")
    return f"{before}{begin}\n\n{lines}\n\n{end}{after}"
