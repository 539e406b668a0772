"""The length-prefixed frames of BSD sockets survive any cut of the byte stream."""

from __future__ import annotations

import importlib
import io
import socket
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contract import IMPLEMENTATIONS

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(IMPLEMENTATIONS / "raw_socket")
    framing: Any = importlib.import_module("framing")
    reassembly: Any = importlib.import_module("reassembly")

messages_lists = st.lists(st.binary(max_size=300), max_size=20)
cuts = st.lists(st.integers(1, 50), min_size=1, max_size=20)
TOO_LONG = framing.HEADER.pack(framing.MAX_LENGTH + 1)


def pieces(data: bytes, lengths: list[int]) -> list[bytes]:
    """Cut data into pieces whose lengths cycle through ``lengths``."""
    found, start, number = [], 0, 0
    while start < len(data):
        found.append(data[start : start + lengths[number % len(lengths)]])
        start += len(found[-1])
        number += 1
    return found


def read_all(parts: list[bytes]) -> list[bytes]:
    """Send the parts one by one through a real socket, and read messages from it."""
    near, far = socket.socketpair()

    def send() -> None:
        with near:
            for part in parts:
                near.sendall(part)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        with far, far.makefile("rb") as stream:
            return list(framing.messages_from(stream))
    finally:
        sender.join()


@settings(deadline=None)
@given(messages_lists, cuts)
def test_messages_cut_anywhere_come_out_the_same(
    messages: list[bytes], lengths: list[int]
) -> None:
    data = b"".join(framing.frame(message) for message in messages)
    assert read_all(pieces(data, lengths)) == messages


@given(messages_lists, cuts)
def test_a_buffer_gives_each_message_as_soon_as_it_is_whole(
    messages: list[bytes], lengths: list[int]
) -> None:
    data = b"".join(framing.frame(message) for message in messages)
    received, found, arrived = bytearray(), [], 0
    for part in pieces(data, lengths):
        received += part
        arrived += len(part)
        found += reassembly.whole_messages(received)
        complete = sum(
            1
            for n in range(1, len(messages) + 1)
            if sum(framing.HEADER.size + len(m) for m in messages[:n]) <= arrived
        )
        assert found == messages[:complete]
    assert found == messages
    assert not received


@given(messages_lists, st.data())
def test_a_stream_that_ends_inside_a_message_is_an_error_not_a_short_message(
    messages: list[bytes], data: st.DataObject
) -> None:
    last = data.draw(st.binary(min_size=1, max_size=100))
    kept = data.draw(st.integers(framing.HEADER.size, framing.HEADER.size + len(last) - 1))
    whole = b"".join(framing.frame(message) for message in messages)
    stream = io.BytesIO(whole + framing.frame(last)[:kept])
    read = []
    with pytest.raises(ConnectionError):
        read.extend(framing.messages_from(stream))


def test_a_message_of_the_greatest_length_is_allowed() -> None:
    message = bytes(framing.MAX_LENGTH)
    assert reassembly.whole_messages(bytearray(framing.frame(message))) == [message]


def test_too_great_a_length_raises_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match="at most"):
        read_all([TOO_LONG])
    with pytest.raises(ValueError, match="at most"):
        reassembly.whole_messages(bytearray(TOO_LONG))
