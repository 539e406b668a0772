"""Connections of a driver that is a client: one for each message, or many in turn.

A call of such a role opens a connection when it is given its first message, and closes it
when its stream ends. So a role that is called once for each message measures connecting,
and a role that is called many times side by side holds many connections. The program itself
does not change.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

ASYNC_GENERATOR = 0x200
"""The flag of an asynchronous generator's code: ``inspect.CO_ASYNC_GENERATOR``."""
ENDED = "a call ended before its stream did, or yielded no reply"


class Given:
    """The stream of one call: it gives whatever message was put into it last.

    It serves ``for`` and ``async for`` alike. ``once`` ends it after one message.
    """

    def __init__(self, message: bytes = b"", once: bool = False) -> None:
        self.message = message
        self._once = once

    def __iter__(self) -> Iterator[bytes]:
        yield self.message
        while not self._once:
            yield self.message

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for message in self:
            yield message


def is_async(call: Callable[..., Any]) -> bool:
    """Return whether a role is an asynchronous generator."""
    return bool(call.__code__.co_flags & ASYNC_GENERATOR)


def afresh(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a role that makes a call, and so a connection, for each message.

    It asks for the next message when the last connection is closed.
    """

    def each(address: str, requests: Any) -> Iterator[bytes]:
        for request in requests:
            yield from call(address, Given(request, once=True))

    async def each_async(address: str, requests: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            async for reply in call(address, Given(request, once=True)):
                yield reply

    return each_async if is_async(call) else each


def in_turn(call: Callable[..., Any], connections: int) -> Callable[..., Any]:
    """Return a role that holds so many connections, and gives each a message in its turn.

    Each is opened by its first message, and stays open. A call that ends early raises
    ConnectionError.
    """

    def each(address: str, requests: Any) -> Iterator[bytes]:
        given = [Given() for _ in range(connections)]
        calls = [iter(call(address, mine)) for mine in given]
        for number, request in enumerate(requests):
            place = number % connections
            given[place].message = request
            reply = next(calls[place], None)
            if reply is None:
                raise ConnectionError(ENDED)
            yield reply

    async def each_async(address: str, requests: Any) -> AsyncIterator[bytes]:
        given = [Given() for _ in range(connections)]
        calls = [aiter(call(address, mine)) for mine in given]
        number = 0
        async for request in requests:
            place = number % connections
            given[place].message = request
            reply = await anext(calls[place], None)
            if reply is None:
                raise ConnectionError(ENDED)
            yield reply
            number += 1

    return each_async if is_async(call) else each
