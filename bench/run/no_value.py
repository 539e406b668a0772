"""Why a trial has no value: the cause, and the error; as failures.json keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

NOT_MEASURED = "not measured"
"""The beginning of the text, if the machine does not permit a trial."""


class Cause(StrEnum):
    """Why a trial has no value: the machine does not permit it, or it failed twice."""

    NOT_PERMITTED = "not permitted"
    FAILED = "failed"


class NoValue(NamedTuple):
    """A trial, or a whole case, without a value."""

    cause: Cause
    error: str

    def __str__(self) -> str:
        if self.cause == Cause.NOT_PERMITTED:
            return f"{NOT_MEASURED}: {self.error}"
        return self.error

    def to_json(self) -> dict[str, str]:
        """Return the fields of an entry of failures.json."""
        return {"cause": str(self.cause), "reason": self.error}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> NoValue:
        """Return the cause and the error of an entry of failures.json.

        Earlier versions wrote no cause: their reason begins with ``NOT_MEASURED`` if the
        machine did not permit a trial.
        """
        reason = str(kept["reason"])
        if "cause" in kept:
            return cls(Cause(kept["cause"]), reason)
        if reason.startswith(NOT_MEASURED):
            return cls(Cause.NOT_PERMITTED, reason.removeprefix(f"{NOT_MEASURED}: "))
        return cls(Cause.FAILED, reason)


def none_failed(failures: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether the machine forbids each trial that failures.json lists."""
    return all(NoValue.read(kept).cause == Cause.NOT_PERMITTED for kept in failures)
