"""What a word may have been meant to be: shared by every error about an unknown name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SUGGESTIONS_MAX = 4
CUTOFF = 0.4


def near(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean x or y?" with the known words most like ``word``, or ''."""
    close = difflib.get_close_matches(word, list(known), SUGGESTIONS_MAX, CUTOFF)
    return f"; did you mean {' or '.join(close)}?" if close else ""
