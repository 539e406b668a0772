"""A client opens a connection for each message, or holds many and uses them in turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.hosts.connections import afresh, in_turn

MESSAGES = [b"%d" % number for number in range(40)]
counts = st.integers(0, len(MESSAGES))


class Client:
    """A client whose connections are counted; each replies with its number and request."""

    def __init__(self) -> None:
        self.opened = self.closed = self.most = 0

    @contextmanager
    def connection(self) -> Iterator[int]:
        number = self.opened
        self.opened += 1
        self.most = max(self.most, self.opened - self.closed)
        yield number
        self.closed += 1

    def call(self, address: str, requests: Any) -> Iterator[tuple[int, bytes]]:
        assert address == "tcp://somewhere"
        with self.connection() as number:
            for request in requests:
                yield number, request

    async def call_async(
        self, address: str, requests: Any
    ) -> AsyncIterator[tuple[int, bytes]]:
        assert address == "tcp://somewhere"
        with self.connection() as number:
            async for request in requests:
                await asyncio.sleep(0)
                yield number, request


class Messages:
    """The stream of a driver, for ``for`` and ``async for`` alike."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[bytes]:
        return iter(MESSAGES[: self.count])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for message in self:
            yield message


def replies(role: Callable[..., Any], messages: int, is_async: bool) -> list[Any]:
    made = role("tcp://somewhere", Messages(messages))
    if not is_async:
        with closing(made):
            return list(made)

    async def take() -> list[Any]:
        return [reply async for reply in made]

    return asyncio.run(take())


def both(client: Client, is_async: bool) -> Callable[..., Any]:
    return client.call_async if is_async else client.call


@given(counts, st.booleans())
def test_each_message_has_a_connection_of_its_own_that_is_closed_before_the_next(
    messages: int, is_async: bool
) -> None:
    client = Client()
    made = replies(afresh(both(client, is_async)), messages, is_async)
    assert made == [(number, MESSAGES[number]) for number in range(messages)]
    assert client.opened == client.closed == messages
    assert client.most <= 1


@given(counts, st.integers(1, 50), st.booleans())
def test_connections_take_messages_in_turn_and_stay_open(
    messages: int, connections: int, is_async: bool
) -> None:
    client = Client()
    made = replies(in_turn(both(client, is_async), connections), messages, is_async)
    assert [reply for _, reply in made] == MESSAGES[:messages]
    assert [number for number, _ in made] == [
        number % connections for number in range(messages)
    ]
    assert client.opened == client.most == min(messages, connections)
    shares = Counter(number for number, _ in made)
    assert not shares or max(shares.values()) - min(shares.values()) <= 1


@pytest.mark.parametrize("is_async", [False, True])
def test_a_call_that_ends_early_is_an_error(is_async: bool) -> None:
    def brief(_: str, requests: Any) -> Iterator[bytes]:
        yield next(iter(requests))

    async def brief_async(_: str, requests: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request
            return

    role = in_turn(brief_async if is_async else brief, 2)
    with pytest.raises(ConnectionError, match="ended before its stream did"):
        replies(role, 3, is_async)
