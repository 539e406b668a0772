"""The errors that a user is meant to read: what happened, and what to do about it."""

from __future__ import annotations


class NoMiddleError(Exception):
    """Something that the user can understand and act on; printed without a traceback."""


class UsageError(NoMiddleError):
    """The command names something that does not exist or cannot be combined."""


class ContractError(NoMiddleError):
    """A file under an implementations folder is not what the contract asks for."""


class ResultsError(NoMiddleError):
    """A results folder is half-written, edited, or of another format."""


class NotMeasurable(NoMiddleError):
    """This machine lacks what the case needs: the row says why instead of a number."""


class TrialError(NoMiddleError):
    """A trial ended without a value: a role failed, hung, or broke its contract."""
