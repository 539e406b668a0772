"""The protocol of helper processes: one line of JSON for each command and each answer."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def serve(answer: Callable[..., dict[str, Any]]) -> None:
    """Answer every line, until the end of the input."""
    for line in sys.stdin.buffer:
        try:
            say(answer(**json.loads(line)))
        except Exception as error:
            say({"failed": f"{type(error).__name__}: {error}"})
