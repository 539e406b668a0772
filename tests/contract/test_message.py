"""A message names its sender and its time, and shows whether it arrived unharmed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.hosts import message as msg

sizes = st.integers(msg.SMALLEST_WITH_HEADER, 5000)
senders = sequences = st.integers(0, 2**64 - 1)
epochs = st.integers(0, 2**32 - 1)


@given(senders, sequences, epochs, sizes)
def test_a_built_message_is_read_back(
    sender: int, sequence: int, epoch: int, size_bytes: int
) -> None:
    message = msg.build(sender, sequence, epoch, size_bytes)
    assert len(message) == size_bytes
    assert msg.read_header(message)[:3] == (sender, sequence, epoch)
    assert msg.intact(message)


@given(sequences, sizes, st.data())
def test_any_flipped_bit_of_the_payload_is_seen(
    sequence: int, size_bytes: int, data: st.DataObject
) -> None:
    message = bytearray(msg.build(1, sequence, msg.WINDOW_EPOCH, size_bytes))
    place = data.draw(st.integers(msg.HEADER_BYTES, size_bytes - 1))
    message[place] ^= 1 << data.draw(st.integers(0, 7))
    assert not msg.intact(bytes(message))


@given(sequences, st.integers(280, 5000))
def test_a_payload_holds_every_byte_value(sequence: int, size_bytes: int) -> None:
    message = msg.build(0, sequence, msg.WINDOW_EPOCH, size_bytes)
    assert set(message[msg.HEADER_BYTES :]) == set(range(256))


@pytest.mark.parametrize("size_bytes", range(msg.SMALLEST_WITH_HEADER))
def test_a_short_message_goes_bare(size_bytes: int) -> None:
    message = msg.build(7, 5, msg.WARM_UP_EPOCH, size_bytes)
    assert len(message) == size_bytes
    assert not msg.has_header(message)
    assert not msg.is_warm_up(message)


@given(sequences, sizes)
def test_only_epoch_zero_is_warm_up(sequence: int, size_bytes: int) -> None:
    assert msg.is_warm_up(msg.build(1, sequence, msg.WARM_UP_EPOCH, size_bytes))
    assert not msg.is_warm_up(msg.build(1, sequence, msg.WINDOW_EPOCH, size_bytes))


@given(senders, senders, sizes)
def test_a_worker_signs_without_touching_the_rest(
    sender: int, worker: int, size_bytes: int
) -> None:
    message = msg.build(sender, 4, msg.WARM_UP_EPOCH, size_bytes)
    signed = msg.signed_by(message, worker)
    assert msg.read_header(signed).sender == worker
    assert signed[8:] == message[8:]


@given(st.binary())
def test_the_complement_changes_every_byte_and_undoes_itself(data: bytes) -> None:
    other = data.translate(msg.COMPLEMENT)
    assert all(a != b for a, b in zip(data, other, strict=True))
    assert other.translate(msg.COMPLEMENT) == data


@given(st.lists(st.integers(0, 300), min_size=1, max_size=9), st.integers(0, 40))
def test_sizes_are_taken_in_turn(sizes_bytes: list[int], count: int) -> None:
    built = msg.build_sizes(2, sizes_bytes, count)
    wanted = [sizes_bytes[n % len(sizes_bytes)] for n in range(count)]
    assert [len(message) for message in built] == wanted


@given(st.integers(0, 300), sizes)
def test_messages_that_share_a_payload_differ_in_their_sequence_only(
    count: int, size_bytes: int
) -> None:
    built = msg.build_alike(2, count, msg.WINDOW_EPOCH, size_bytes)
    assert [msg.read_header(m).sequence for m in built] == list(range(count))
    assert all(msg.intact(m) and len(m) == size_bytes for m in built)
    assert len({m[msg.HEADER_BYTES :] for m in built}) <= 1
