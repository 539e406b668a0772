"""The options of a user's own points: whole numbers, with commas or by being repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class WholeNumbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers that are separated by commas."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        try:
            return tuple(int(word) for word in str(value).split(","))
        except ValueError:
            self.fail(
                f"{value!r} is not a whole number, or several with commas", param, ctx
            )


def _joined(_: Any, __: Any, given: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """Return the numbers of all times that an option was given, each once."""
    return tuple(dict.fromkeys(number for some in given for number in some))


def point(option: str, metavar: str, help_text: str) -> Callable[[F], F]:
    """Return an option that takes such numbers."""
    return click.option(
        option,
        multiple=True,
        type=WholeNumbers(),
        metavar=metavar,
        help=help_text,
        callback=_joined,
    )
