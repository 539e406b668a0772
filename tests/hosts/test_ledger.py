"""A ledger shows the deeds of its process, also after the process was killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.model import PROJECT
from bench.hosts.ledger import (
    COUNT,
    COUNT_MAX,
    COUNTERS,
    RAISED,
    REPORTED,
    TOLD_MAX,
    WRONG,
    Ledger,
    ledger_path,
)

SENDERS, MESSAGES = 2, 7
PLACES = SENDERS * MESSAGES
FLAGS = (REPORTED, RAISED, WRONG)

places = st.integers(0, PLACES - 1)
entries = st.lists(
    st.one_of(
        st.tuples(st.just("happened"), places, st.integers(1, 2**62)),
        st.tuples(st.just("flag"), places, st.sampled_from(FLAGS)),
        st.tuples(st.just("add"), st.sampled_from(COUNTERS[:-1]), st.integers(1, 9)),
    ),
    max_size=120,
)


@given(entries=entries)
def test_a_reader_sees_every_mark_that_the_role_wrote(
    entries: list[tuple[str, int, int]],
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger"
        written = Ledger(path, SENDERS, MESSAGES, create=True)
        for do, *what in entries:
            getattr(written, do)(*what)
        read = Ledger(path, SENDERS, MESSAGES)
        for place in range(PLACES):
            moments = [e[2] for e in entries if e[:2] == ("happened", place)]
            flags = {e[2] for e in entries if e[:2] == ("flag", place)}
            assert read.times_ns[place] == (moments[0] if moments else 0)
            assert read.marks[place] & COUNT == min(len(moments), COUNT_MAX)
            assert {flag for flag in FLAGS if read.marks[place] & flag} == flags
        added: Counter[object] = Counter()
        for do, what, more in entries:
            added[what] += more if do == "add" else 0
        assert all(read.counters[n] == added[name] for n, name in enumerate(COUNTERS))


@given(sender=st.integers(0, 2**64 - 1), sequence=st.integers(0, 2**64 - 1))
def test_only_messages_that_can_have_been_sent_have_a_place(
    sender: int, sequence: int
) -> None:
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger", SENDERS, MESSAGES, create=True)
        known = sender < SENDERS and sequence < MESSAGES
        assert (ledger.place(sender, sequence) is not None) == known
    every = [ledger.place(s, n) for s in range(SENDERS) for n in range(MESSAGES)]
    assert every == list(range(PLACES))


def test_a_count_that_is_full_stays_and_touches_no_flag(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger", 1, 2, create=True)
    for now_ns in range(1, 10 * COUNT_MAX):
        ledger.happened(0, now_ns)
    assert list(ledger.marks) == [COUNT_MAX, 0]
    assert ledger.times_ns[0] == 1


def test_the_first_times_of_reports_are_kept_and_all_reports_are_counted(
    tmp_path: Path,
) -> None:
    ledger = Ledger(tmp_path / "ledger", 1, 1, create=True)
    for now_ns in range(1, TOLD_MAX + 5):
        ledger.told(now_ns)
    read = Ledger(tmp_path / "ledger", 1, 1)
    assert list(read.told_ns) == list(range(1, TOLD_MAX + 1))
    assert read.counters[COUNTERS.index("told")] == TOLD_MAX + 4
    assert read.times_ns[0] == read.marks[0] == 0


class Slow:
    """Memory in which another thread always gets between reading and writing."""

    def __init__(self, memory: memoryview) -> None:
        self.memory = memory

    def __getitem__(self, place: int) -> int:
        value: int = self.memory[place]
        time.sleep(1e-4)
        return value

    def __setitem__(self, place: int, value: int) -> None:
        self.memory[place] = value


def test_threads_of_a_role_lose_no_count_to_each_other(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger", 1, 100, create=True)
    ledger.marks = Slow(ledger.marks)  # type: ignore[assignment]
    ledger.counters = Slow(ledger.counters)  # type: ignore[assignment]

    def write() -> None:
        for place in range(100):
            ledger.happened(place, 1)
            ledger.add("unexpected")

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read = Ledger(tmp_path / "ledger", 1, 100)
    assert set(read.marks) == {8}
    assert read.counters[COUNTERS.index("unexpected")] == 800


def test_a_ledger_is_seen_whole_or_not_at_all(tmp_path: Path) -> None:
    path, over = ledger_path(tmp_path, "call.0", 0, "taken"), threading.Event()

    def make() -> None:
        while not over.is_set():
            path.unlink(missing_ok=True)
            Ledger(path, 4, 5000, create=True)

    maker = threading.Thread(target=make)
    maker.start()
    seen = 0
    try:
        while seen < 200:
            try:
                assert len(Ledger(path, 4, 5000).marks) == 20_000
                seen += 1
            except FileNotFoundError:
                continue  # this is what a reader may see, and half a file is not
    finally:
        over.set()
        maker.join()


WRITER = """
import sys
from pathlib import Path
from bench.hosts.ledger import Ledger

ledger = Ledger(Path(sys.argv[1]), 1, int(sys.argv[2]), create=True)
for place in range(ledger.messages):
    ledger.happened(place, place + 1)
    if place % 200 == 0:
        print(f"{place:100}", flush=True)
"""
MANY = 200_000
"""Its lines fill a pipe before it is done: who does not read them holds it up."""


@pytest.mark.parametrize("lines", [1, 2, 5, 20, 50])
def test_a_process_killed_while_writing_leaves_all_it_had_written(
    tmp_path: Path, lines: int
) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, tmp_path / "ledger", str(MANY)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout
    for _ in range(lines):
        said = int(writer.stdout.readline())
    writer.kill()
    writer.wait()
    for line in writer.stdout:
        said = int(line)
    writer.stdout.close()
    read = Ledger(tmp_path / "ledger", 1, MANY)
    times_ns = list(read.times_ns)
    happened = times_ns.index(0)
    assert said < happened < MANY, "it was killed in the middle"
    assert times_ns[:happened] == list(range(1, happened + 1))
    assert not any(times_ns[happened:])
    assert set(read.marks[: happened - 1]) <= {1}
    assert read.marks[happened - 1] in {0, 1}, "the last thing may be half written"
    assert not any(read.marks[happened:])
