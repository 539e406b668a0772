"""What a user may have meant, and what to type next: shared by all error messages."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path

SUGGESTIONS_MAX = 4
CUTOFF = 0.4


def near(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean x or y?" with the known words most like ``word``, or ''."""
    close = difflib.get_close_matches(word, list(known), SUGGESTIONS_MAX, CUTOFF)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def command(words: str) -> str:
    """Return how to call the command line here: with the Python that runs now."""
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    return f"{python} -m bench {words}"
