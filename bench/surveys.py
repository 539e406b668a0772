"""What was tried once, beside all runs: a dated document in reports/."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.archive import write_whole
from bench.errors import ResultsError
from bench.suggest import command

MACHINE = ("host", "cpu", "hypervisor", "cpus", "kernel", "system", "revision")
"""What of a machine's description a survey keeps, beside the versions that it used."""


def opening(about: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, Any]:
    """Return when and where a survey is made, of ``bench.machine.describe``'s facts."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**{name: about[name] for name in MACHINE}, "versions": {**versions}},
    }


def write(path: Path, survey: Mapping[str, Any]) -> None:
    """Write a survey whole."""
    write_whole(path, json.dumps(survey, indent=1, ensure_ascii=False) + "\n")


def read(
    path: Path, check: Callable[[dict[str, Any]], Any], again: str
) -> dict[str, Any] | None:
    """Return a survey, None where there is none; ``check`` looks at it and may raise.

    Raises ResultsError if damaged, with the command that makes it ``again``.
    """
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        check(found)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ResultsError(
            f"{path} is damaged: {error!r}; make it again: {command(again)}"
        ) from error
    return found
