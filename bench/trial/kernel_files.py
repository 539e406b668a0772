"""Read facts of the kernel from files below /proc and /sys.

The root is a parameter, so that tests can read an invented machine.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/")


def text(root: Path, path: str) -> str:
    """Return a file's words in one line, or an empty string if it cannot be read."""
    try:
        return " ".join((root / path).read_text(encoding="utf-8").split())
    except OSError:
        return ""
