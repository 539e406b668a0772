"""ZeroMQ tries one address of a name, and says nothing of it; the others try all."""

from __future__ import annotations

import math
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.names import asking, experiment, resolver
from bench.surveys.experiments.experiment import Block

LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63)
ADDRESSES = st.lists(st.ip_addresses(v=4).map(str), max_size=8)


def query(name: str, kind: int = resolver.TYPE_A, number: int = 7) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    ends = resolver.QUESTION_END.pack(kind, resolver.CLASS_IN)
    return resolver.HEADER.pack(number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + ends


@given(st.lists(LABELS, min_size=1, max_size=3).map(".".join), ADDRESSES)
def test_a_reply_has_the_question_and_every_address_in_order(
    name: str, addresses: list[str]
) -> None:
    asked = query(name)
    said = resolver.reply(asked, {name: addresses})
    number, flags, questions, answers, *_ = resolver.HEADER.unpack_from(said)
    assert (number, flags & 0xF, questions, answers) == (7, 0, 1, len(addresses))
    assert said[12 : len(asked)] == asked[12:]
    records = said[len(asked) :]
    found = [
        socket.inet_ntoa(records[at + 12 : at + 16]) for at in range(0, len(records), 16)
    ]
    assert found == addresses


def test_an_unknown_name_does_not_exist_and_a_name_without_ipv6_does() -> None:
    names = {"plain.test": ["127.0.0.1"]}
    unknown = resolver.reply(query("unknown.test"), names)
    assert struct.unpack_from("!H", unknown, 2)[0] & 0xF == resolver.NO_SUCH_NAME
    ipv6 = resolver.reply(query("plain.test", kind=28), names)
    assert (struct.unpack_from("!H", ipv6, 2)[0] & 0xF, ipv6[6:8]) == (0, b"\0\0")


def test_an_error_is_shown_with_its_cause() -> None:
    def fail() -> None:
        try:
            raise OSError("no such name")
        except OSError as error:
            raise ConnectionError("cannot connect") from error

    took_ms, error = asking.given_up(fail)
    assert not math.isinf(took_ms)
    assert asking.in_words(error) == "ConnectionError, from OSError('no such name')"


@pytest.mark.thorough
def test_zmq_tries_the_first_address_alone_and_holds_up_its_other_sockets(
    tmp_path: Path,
) -> None:
    try:
        found = experiment.measure(Block.of(0, "names", tmp_path)).values
    except NotMeasurable as error:
        pytest.skip(str(error))
    assert max(found["plain_ms"].values()) < math.inf
    alone = {name for name, took in found["first_refuses_ms"].items() if math.isinf(took)}
    assert alone == {"zmq"}
    untold = {name for name, took in found["told_ms"].items() if math.isinf(took)}
    assert untold == {"zmq"}
    standstill = dict(found["standstill_ms"])
    late_ms = 1000 * asking.SLOW_S
    assert standstill.pop("zmq") >= 0.9 * late_ms
    assert min(standstill.values()) < 0.9 * late_ms
    assert found["moved_ms"]["zmq"] < math.inf
