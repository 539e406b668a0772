"""A number with everything that a reader of it must know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.errors import ResultsError, UsageError
from bench.suggest import near


def load_numbers(path: Path) -> list[dict[str, Any]]:
    """Read numbers.json. Raises UsageError where there is none, ResultsError if damaged."""
    if not path.exists():
        raise UsageError(
            f"{path} does not exist: measure with `make bench`, or rebuild the report of "
            "a run with `make report`"
        )
    try:
        entries = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ResultsError(
            f"{path} is damaged: {error}; rebuild it: `make report`"
        ) from error
    if not isinstance(entries, list):
        raise ResultsError(f"{path} is no list of numbers; rebuild it: `make report`")
    return entries


def cite(identifier: str, numbers: Path) -> str:
    """Return a number as text: sentence, case, machine, versions, date and run.

    Raises UsageError for an unknown id, with those most like it.
    """
    entries = {entry["id"]: entry for entry in load_numbers(numbers)}
    if identifier not in entries:
        raise UsageError(
            f"no number is called {identifier!r}{near(identifier, entries)}; "
            f"every id is in {numbers}"
        )
    entry = entries[identifier]
    lines = [
        f"{entry['sentence']}.",
        f"  cells     {', '.join(entry['cells'])}",
        f"  case      {entry['case']}",
        f"  machine   {entry['machine']}; loopback, one machine",
        f"  versions  {entry['versions']}",
        f"  run       {entry['run']}, {entry['date']}, grade {entry['grade']}",
        f"  id        {entry['id']}",
    ]
    return "\n".join(lines)
