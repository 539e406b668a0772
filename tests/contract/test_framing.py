"""The length-prefixed frames of BSD sockets survive any cut of the byte stream."""

from __future__ import annotations

import importlib.util
import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contract.model import IMPLEMENTATIONS

SOCKETS = IMPLEMENTATIONS / "raw_socket"


def load(name: str, folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(SOCKETS)
    framing: Any = importlib.import_module("framing")
    reassembly: Any = importlib.import_module("reassembly")
    resilient: Any = load("framing", SOCKETS / "resilient")

messages_lists = st.lists(st.binary(max_size=300), max_size=20)
cuts = st.lists(st.integers(1, 50), min_size=1, max_size=20)
HEADER_BYTES = 4
LIMIT_BYTES = 16777216
TOO_LONG = (LIMIT_BYTES + 1).to_bytes(HEADER_BYTES)
BESIDE = 16


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


@pytest.mark.parametrize(
    "whole_messages",
    [reassembly.whole_messages, resilient.whole_messages],
    ids=["buffered", "resilient"],
)
@given(messages=messages_lists, lengths=cuts)
def test_a_buffer_gives_each_message_as_soon_as_it_is_whole(
    whole_messages: Callable[[bytearray], Iterator[bytes]],
    messages: list[bytes],
    lengths: list[int],
) -> None:
    data = b"".join(framing.frame(message) for message in messages)
    received, found, arrived = bytearray(), [], 0
    for part in pieces(data, lengths):
        received += part
        arrived += len(part)
        found += whole_messages(received)
        complete = sum(
            1
            for n in range(1, len(messages) + 1)
            if sum(HEADER_BYTES + len(m) for m in messages[:n]) <= arrived
        )
        assert found == messages[:complete]
    assert found == messages
    assert not received


@given(messages_lists, st.binary(min_size=1, max_size=100), st.data())
def test_a_stream_that_ends_inside_a_frame_is_a_broken_connection(
    messages: list[bytes], last: bytes, data: st.DataObject
) -> None:
    kept = data.draw(st.integers(1, HEADER_BYTES + len(last) - 1))
    whole = b"".join(framing.frame(message) for message in messages)
    stream = io.BytesIO(whole + framing.frame(last)[:kept])
    read: list[bytes] = []
    with pytest.raises(ConnectionError):
        read.extend(framing.messages_from(stream))
    assert read == messages


@given(messages_lists, st.integers(LIMIT_BYTES + 1, 2**32 - 1))
def test_messages_before_nonsense_arrive_and_nonsense_is_a_broken_connection(
    messages: list[bytes], length: int
) -> None:
    data = b"".join(framing.frame(message) for message in messages)
    data += length.to_bytes(HEADER_BYTES) + b"more"
    for source in (
        framing.messages_from(io.BytesIO(data)),
        reassembly.whole_messages(bytearray(data)),
        resilient.whole_messages(bytearray(data)),
    ):
        read: list[bytes] = []
        with pytest.raises(ConnectionError, match=f"{length} bytes.*{LIMIT_BYTES}"):
            read.extend(source)
        assert read == messages


def test_a_message_of_the_greatest_length_is_allowed() -> None:
    message = bytes(LIMIT_BYTES)
    framed = framing.frame(message)
    assert list(reassembly.whole_messages(bytearray(framed))) == [message]
    assert list(framing.messages_from(io.BytesIO(framed))) == [message]


def test_a_longer_message_is_refused_where_it_is_sent() -> None:
    with pytest.raises(ValueError, match="16777217 bytes: at most 16777216 allowed"):
        framing.frame(bytes(LIMIT_BYTES + 1))


def test_bytes_of_the_protocol_do_not_count_towards_the_limit() -> None:
    framed = resilient.frame(bytes(BESIDE + LIMIT_BYTES), BESIDE)
    assert len(list(resilient.whole_messages(bytearray(framed), BESIDE))) == 1
    with pytest.raises(ValueError, match="16777217 bytes"):
        resilient.frame(bytes(BESIDE + LIMIT_BYTES + 1), BESIDE)


def test_a_length_above_the_limit_raises_before_any_byte_is_read() -> None:
    with pytest.raises(ConnectionError, match="at most"):
        read_all([TOO_LONG])
    with pytest.raises(ConnectionError, match="at most"):
        list(reassembly.whole_messages(bytearray(TOO_LONG)))
