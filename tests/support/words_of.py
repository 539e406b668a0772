"""Reports without their pictures, which take longest: for tests of what a report says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.report import build as report


@contextmanager
def without_charts() -> Iterator[pytest.MonkeyPatch]:
    """Have reports draw no chart of a run while the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "charts", lambda *_: [])
        yield patch


def build_words(runs: list[Path], out: Path) -> Path:
    """Build a report into a folder, without any picture, and return the folder."""
    with without_charts() as patch:
        patch.setattr(report.side_by_side_pages, "write_pages", lambda *_, **__: None)
        return report.build(runs, out).parent


def html_of(out: Path) -> str:
    """Return all pages of a report, one after the other."""
    return "\n".join(page.read_text() for page in sorted(out.glob("*.html")))
