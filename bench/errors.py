"""Errors for users: each names what happened and what to do next."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path

SUGGESTIONS_MAX = 4
CUTOFF = 0.4
LONG_CHARACTERS = 40
"""Of suggestions with a longer one among them, each has a line."""


class NoMiddleError(Exception):
    """An error that a user can act on; the command line prints it without a traceback."""


class UsageError(NoMiddleError):
    """A command names a thing that does not exist, or options that cannot be combined."""


class ContractError(NoMiddleError):
    """A file below an implementations root does not follow the contract."""


class ResultsError(NoMiddleError):
    """A results folder is half-written, edited, or of another format."""


class NotMeasurable(NoMiddleError):
    """This machine lacks a requirement of the case; tables show why instead of a number."""


class TrialError(NoMiddleError):
    """A trial ended without a value: a role failed, hung, or broke its contract."""


class HostGone(Exception):
    """A host of a run is gone for good: no further trial makes sense, and all kept ones do.

    It is no NoMiddleError, so that it ends a run instead of one trial.
    """


def near(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean x or y?" with the known words most like ``word``, or ''."""
    close = difflib.get_close_matches(word, list(known), SUGGESTIONS_MAX, CUTOFF)
    if not close:
        return ""
    if max(map(len, close)) > LONG_CHARACTERS:
        return "; did you mean\n  " + "\n  or ".join(close) + "?"
    return f"; did you mean {' or '.join(close)}?"


def command(words: str) -> str:
    """Return a command line of this program, with the Python that runs now."""
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    return f"{python} -m bench {words}"
