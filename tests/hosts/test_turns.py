"""Turns: a stream gives one at a time, and a consumer knows when all of it is in."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.hosts import message as msg
from bench.hosts.recorder import CHUNK, Recorder
from bench.hosts.stream import Stream
from bench.measure.turns import stamped

TIMEOUT_S = 60
MESSAGES = [b"%d" % number for number in range(12)]


def make_stream(turns: int, tell: Callable[[str], None], each: bool = False) -> Stream:
    stream = Stream(
        messages=MESSAGES,
        join_message=b"",
        warm_up_message=b"",
        warm_up_count=0,
        interval_s=None,
        stamp_each=each,
        limit_s=None,
        tell=tell,
        turns=turns,
    )
    stream.warm.set()
    stream.window.set()
    return stream


class Reader:
    """A cell in a thread, which takes messages; ``said`` is what the stream told."""

    def __init__(self, turns: int, each: bool, asynchronous: bool) -> None:
        self.said: queue.Queue[str] = queue.Queue()
        self.taken: list[bytes] = []
        self.beats = 0
        self.stream = make_stream(turns, self.said.put, each)
        read = self._read_async if asynchronous else self._read
        threading.Thread(target=read, daemon=True).start()

    def _read(self) -> None:
        self.taken.extend(self.stream)

    def _read_async(self) -> None:
        asyncio.run(self._take())

    async def _take(self) -> None:
        async def beat() -> None:
            while True:
                await asyncio.sleep(0)
                self.beats += 1

        beating = asyncio.create_task(beat())
        async for message in self.stream:
            self.taken.append(message)
        beating.cancel()

    def hear(self) -> str:
        return self.said.get(timeout=TIMEOUT_S)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("each", [False, True])
def test_a_stream_gives_a_turn_only_on_command(each: bool, asynchronous: bool) -> None:
    reader = Reader(3, each, asynchronous)
    assert [reader.hear(), reader.hear()] == ["warmed", "paused"]
    for turn in range(3):
        assert reader.taken == MESSAGES[: 4 * turn]
        assert reader.stream.given == 4 * turn
        reader.stream.take_turn()
        assert reader.hear() == "paused"
    assert reader.taken == MESSAGES
    reader.stream.take_turn()
    assert reader.hear() == "finished"


def test_an_event_loop_keeps_running_while_its_stream_waits_for_a_turn() -> None:
    reader = Reader(3, False, asynchronous=True)
    assert [reader.hear(), reader.hear()] == ["warmed", "paused"]
    before = reader.beats
    while reader.beats < before + 100:  # a loop that stood still would hang here
        pass
    reader.stream.take_turn()
    assert reader.hear() == "paused"


@pytest.mark.parametrize(("each", "stamps"), [(False, 3), (True, 12)])
def test_the_first_message_of_each_turn_is_stamped_or_every_one(
    each: bool, stamps: int
) -> None:
    reader = Reader(3, each, asynchronous=False)
    assert reader.hear() == "warmed"
    for _ in range(3):
        assert reader.hear() == "paused"
        reader.stream.take_turn()
    assert reader.hear() == "paused"
    assert len(reader.stream.stamps()["given"]) == stamps


def test_a_stream_that_waits_for_no_turn_takes_none() -> None:
    with pytest.raises(RuntimeError, match="told to take one"):
        make_stream(3, lambda _: None).take_turn()


async def as_async(messages: Sequence[bytes]) -> AsyncIterator[bytes]:
    for message in messages:
        yield message


def record(
    turns: int, turn: int, each: bool, asynchronous: bool
) -> tuple[Recorder, list[int]]:
    """Return a recorder that has taken so many turns, and its count at each ``counted``."""
    expected = turns * turn
    counts: list[int] = []
    recorder = Recorder(expected, each, 64, lambda *_, **__: note(), turn)

    def note() -> None:
        counts.append(recorder.count)

    messages = msg.build_alike(0, expected, msg.WINDOW_EPOCH, 64)
    if asynchronous:
        asyncio.run(recorder.consume_async(as_async(messages)))
    else:
        recorder.consume(iter(messages))
    return recorder, counts


@given(
    turns=st.integers(1, 4),
    turn=st.integers(1, 3 * CHUNK),
    each=st.booleans(),
    asynchronous=st.booleans(),
)
def test_a_consumer_reports_each_turn_and_stamps_its_last_message(
    turns: int, turn: int, each: bool, asynchronous: bool
) -> None:
    recorder, counts = record(turns, turn, each, asynchronous)
    assert counts == [turn * number for number in range(1, turns + 1)]
    expected = turns * turn
    stamps = expected if each else len(stamped(expected, turn))
    assert len(recorder.arrived_ns) == stamps
    assert len(recorder.heads.view()) == 64 * expected


def test_a_turn_is_reported_before_the_next_message_is_asked_for() -> None:
    told: list[str] = []
    recorder = Recorder(4, False, 64, told.append, 2)

    def in_turns() -> Iterator[bytes]:
        for number, message in enumerate(msg.build_alike(0, 4, msg.WINDOW_EPOCH, 64)):
            assert len(told) == number // 2
            yield message

    recorder.consume(in_turns())
    assert told == ["counted", "counted"]
