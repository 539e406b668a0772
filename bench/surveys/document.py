"""The dated document of a survey in reports/."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.errors import ResultsError, command
from bench.run.archive import write_whole

Survey = Mapping[str, Any]
"""The document of a survey, as ``read`` returns it."""
MACHINE = ("host", "cpu", "hypervisor", "cpus", "kernel", "system", "revision")
"""The facts about a machine that a survey keeps, beside the versions that it used."""


def opening(about: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, Any]:
    """Return the time and the machine of a survey, as its document begins.

    ``about`` are the facts of ``bench.run.machine.describe``.
    """
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**{name: about[name] for name in MACHINE}, "versions": {**versions}},
    }


def write(path: Path, survey: Survey) -> None:
    """Write a survey to ``path``, whole or not at all."""
    write_whole(path, json.dumps(survey, indent=1, ensure_ascii=False) + "\n")


def read(
    path: Path, check: Callable[[dict[str, Any]], Any], again: str
) -> dict[str, Any] | None:
    """Return a survey, or None if there is none.

    ``check`` examines the document and may raise. Raises ResultsError if the document is
    damaged; the message names ``again``, the command that makes it anew.
    """
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        check(found)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ResultsError(
            f"{path} is damaged: {error!r}; make it again: {command(again)}"
        ) from error
    return found
