"""Every message of a trial with a failure is in one class, and in the right one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import TrialError
from bench.faults.history import CLASSES, FailureRecord
from bench.faults.ledger_reader import Incarnation, LedgerReader
from bench.hosts import message as msg
from bench.hosts.fault_recorder import Accountant
from bench.hosts.fault_stream import EARLY, OfferedStream
from bench.hosts.ledger import COUNT, COUNTERS, RAISED, REPORTED, WRONG, Ledger, ledger_path
from bench.hosts.spec import HostSpec, RoleSpec
from bench.hosts.supervised import SupervisedRole

MESSAGES, SIZE_BYTES = 12, 64
START_NS, INTERVAL_NS = 10**9, 10**7
END_NS = START_NS + MESSAGES * INTERVAL_NS
KILLED, ALIVE = Incarnation(END_NS), Incarnation(None)
NOTHING: dict[str, int] = {}


def due_ns(sequence: int) -> int:
    return START_NS + sequence * INTERVAL_NS


def record_of(reader: LedgerReader, fault_ns: int = START_NS, **owed: int) -> FailureRecord:
    moments_ns = (START_NS, fault_ns, fault_ns, fault_ns, END_NS - 1)
    return reader.record(*moments_ns, owed, set())


def watch(
    folder: Path, consumers: int = 1, **incarnations: list[Incarnation]
) -> LedgerReader:
    names = [f"subscribe.{number}" for number in range(consumers)]
    roles = {name: [ALIVE] for name in ("publish.0", *names)}
    roles |= {f"{name}.0": found for name, found in incarnations.items()}
    return LedgerReader(
        folder, roles, ["publish.0"], names, MESSAGES, START_NS, INTERVAL_NS
    )


def make_ledger(folder: Path, role: str, kind: str, incarnation: int = 0) -> Ledger:
    path = ledger_path(folder, role, incarnation, kind)
    return Ledger(path, 1, MESSAGES, create=True)


@pytest.mark.parametrize(("seed", "said"), [(None, "in time"), (7, "at all")])
def test_a_slow_service_is_one_only_where_messages_are_due_at_random(
    tmp_path: Path, seed: int | None, said: str
) -> None:
    """At first no message has come; then all have, but late."""
    calm_ns = END_NS + 10 * 10**9
    roles = {"call.0": [ALIVE]}
    reader = LedgerReader(
        tmp_path, roles, ["call.0"], ["call.0"], MESSAGES, START_NS, INTERVAL_NS, seed=seed
    )
    with pytest.raises(TrialError, match=f" 0 % of its messages {said} before the fault"):
        reader.require_service(["call.0"], calm_ns, NOTHING)
    taken, given = (make_ledger(tmp_path, "call.0", kind) for kind in ("taken", "given"))
    for sequence in range(MESSAGES):
        given.happened(sequence, calm_ns - 2)
        taken.happened(sequence, calm_ns - 1)
    if seed is None:
        with pytest.raises(TrialError, match="nothing to recover"):
            reader.require_service(["call.0"], calm_ns, NOTHING)
    else:
        reader.require_service(["call.0"], calm_ns, NOTHING)


def test_a_message_was_handled_when_the_first_process_of_a_role_did_so(
    tmp_path: Path,
) -> None:
    for incarnation, moments_ns in enumerate(((START_NS, 0), (END_NS, END_NS))):
        ledger = make_ledger(tmp_path, "subscribe.0", "handled", incarnation)
        for sequence, now_ns in enumerate(moments_ns):
            if now_ns:
                ledger.happened(sequence, now_ns)
    found = record_of(watch(tmp_path, subscribe=[KILLED, ALIVE]))
    assert found.handled_ns["subscribe.0"][0, :3].tolist() == [START_NS, END_NS, 0]


# -- what the ledgers amount to ------------------------------------------------------------

flags = st.sampled_from([0, 0, 0, REPORTED, RAISED, WRONG])
fates = st.fixed_dictionaries(
    {
        "giver": st.sampled_from([None, 0, 1]),
        "given_flag": st.sampled_from([0, 0, REPORTED, RAISED]),
        "arrivals": st.tuples(st.integers(0, 3), st.integers(0, 3)),
        "taken_flags": st.tuples(flags, flags),
    }
)


def class_of(fate: dict[str, Any]) -> str:
    """Return what the docstring of ``bench.faults.history`` says, a message at a time."""
    told = {fate["given_flag"], *fate["taken_flags"]} & {REPORTED, RAISED}
    if fate["giver"] is None:
        return "held"
    if any(fate["arrivals"]):
        return "delivered"
    if told:
        return "reported"
    if WRONG in fate["taken_flags"]:
        return "wrong"
    return "died" if fate["giver"] == 0 else "silent"


@given(st.lists(fates, min_size=MESSAGES, max_size=MESSAGES))
def test_each_message_is_in_exactly_one_documented_class(
    made: list[dict[str, Any]],
) -> None:
    """The publisher was killed and started again, and so was the subscriber."""
    for fate in made:
        if fate["giver"] is None:  # who was never given it has nothing to say of it
            fate |= {"given_flag": 0, "taken_flags": (0, 0)}
    with TemporaryDirectory() as name:
        folder = Path(name)
        given = [make_ledger(folder, "publish.0", "given", number) for number in (0, 1)]
        taken = [make_ledger(folder, "subscribe.0", "taken", number) for number in (0, 1)]
        for sequence, fate in enumerate(made):
            if fate["giver"] is not None:
                given[fate["giver"]].happened(sequence, due_ns(sequence) + 1)
                given[fate["giver"]].flag(sequence, fate["given_flag"])
            for ledger, count, flag in zip(
                taken, fate["arrivals"], fate["taken_flags"], strict=True
            ):
                for _ in range(count):
                    ledger.happened(sequence, due_ns(sequence) + 2)
                ledger.flag(sequence, flag)
        found = record_of(watch(folder, publish=[KILLED, ALIVE], subscribe=[KILLED, ALIVE]))
    (line,) = found.lines
    assert [CLASSES[state] for state in line.state] == [class_of(fate) for fate in made]
    assert sum(found.total(name) for name in CLASSES) == found.attempted == MESSAGES
    sent = [fate for fate in made if fate["giver"] is not None]
    alike = [fate for fate in made if fate["giver"] is None and any(fate["arrivals"])]
    expected = {
        "orphaned": sum(f["giver"] == 0 and not any(f["arrivals"]) for f in sent),
        "recovered": sum(
            count > 0 and flag == REPORTED
            for f in made
            for count, flag in zip(f["arrivals"], f["taken_flags"], strict=True)
        )
        + sum(f["given_flag"] == REPORTED and any(f["arrivals"]) for f in sent),
        "duplicated": sum(max(0, count - 1) for f in made for count in f["arrivals"]),
        "reordered": 0,
        "unexpected": len(alike),
    }
    assert {name: found.total(name) for name in expected} == expected


def test_a_ledger_that_reports_a_message_that_was_never_given_is_refused(
    tmp_path: Path,
) -> None:
    """A message that was reported, and that nobody ever took, is no message."""
    make_ledger(tmp_path, "publish.0", "given")
    make_ledger(tmp_path, "subscribe.0", "taken").flag(3, REPORTED)
    with pytest.raises(TrialError, match="do not add up"):
        record_of(watch(tmp_path))


def test_a_message_reported_undeliverable_is_recovered_if_every_consumer_has_it(
    tmp_path: Path,
) -> None:
    given = make_ledger(tmp_path, "publish.0", "given")
    taken = [make_ledger(tmp_path, f"subscribe.{n}", "taken") for n in (0, 1)]
    for sequence in (0, 1):
        given.happened(sequence, due_ns(sequence))
        given.flag(sequence, REPORTED)
        taken[0].happened(sequence, due_ns(sequence))
    taken[1].happened(1, due_ns(1))
    found = record_of(watch(tmp_path, consumers=2))
    assert found.total("recovered") == 1
    assert [CLASSES[line.state[0]] for line in found.lines] == ["delivered", "reported"]


def test_a_successor_s_gap_does_not_recover_messages_of_its_predecessor(
    tmp_path: Path,
) -> None:
    """A subscriber that was started again knows that it lacks what is before."""
    given = make_ledger(tmp_path, "publish.0", "given")
    before, after = (make_ledger(tmp_path, "subscribe.0", "taken", n) for n in (0, 1))
    given.happened(0, due_ns(0))
    before.happened(0, due_ns(0))
    after.flag(0, REPORTED)
    found = record_of(watch(tmp_path, subscribe=[KILLED, ALIVE]))
    assert (found.total("delivered"), found.total("recovered")) == (1, 0)


@given(st.integers(START_NS - 5 * INTERVAL_NS, END_NS + 5 * INTERVAL_NS))
def test_a_late_consumer_must_get_messages_due_after_its_start(from_ns: int) -> None:
    with TemporaryDirectory() as folder:
        found = record_of(watch(Path(folder)), **{"subscribe.0": from_ns})
    owed = [n for n in range(MESSAGES) if due_ns(n) >= from_ns]
    assert found.lines[0].sequence.tolist() == owed


@given(st.lists(st.sets(st.integers(0, MESSAGES - 1)), max_size=3))
def test_a_restarted_driver_continues_at_the_first_number_that_was_not_given(
    given_by: list[set[int]],
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for incarnation, numbers in enumerate(given_by):
            ledger = make_ledger(folder, "publish.0", "given", incarnation)
            for number in numbers:
                ledger.happened(number, 1)
        reader = watch(folder, publish=[KILLED] * len(given_by))
        every = set().union(*given_by)
        assert reader.next_unsent("publish.0") == max(every, default=-1) + 1


def test_reports_before_the_fault_do_not_hide_reports_after_it(
    tmp_path: Path,
) -> None:
    """A late joiner may be told of a gap when it joins, and of another one later."""
    make_ledger(tmp_path, "publish.0", "given")
    ledger = make_ledger(tmp_path, "subscribe.0", "taken")
    for moment_ns in (START_NS, END_NS - 2, END_NS - 1):
        ledger.told(moment_ns)
    assert record_of(watch(tmp_path), fault_ns=END_NS - 5).first_told_ns == END_NS - 2
    assert record_of(watch(tmp_path), fault_ns=END_NS).first_told_ns == 0


def test_counters_add_up_over_restarts_and_include_garbage_at_a_handle(
    tmp_path: Path,
) -> None:
    make_ledger(tmp_path, "publish.0", "given").add("raised")
    make_ledger(tmp_path, "publish.0", "given", 1).add("raised", 2)
    make_ledger(tmp_path, "subscribe.0", "taken").add("ended")
    handled = make_ledger(tmp_path, "subscribe.0", "handled")
    handled.add("unexpected", 5)
    handled.happened(2, 1)
    handled.happened(2, 2)
    found = record_of(watch(tmp_path, publish=[KILLED, ALIVE]))
    assert (found.raised, found.ended, found.executed_twice) == (3, 1, 1)
    assert found.total("unexpected") == 5


# -- what a consumer is given --------------------------------------------------------------


class Asked:
    """The stream of a driver that consumes as well, as its accountant sees it."""

    sender = 0

    def __init__(self, *given_order: int) -> None:
        self.given_order = list(given_order)

    def message(self, sequence: int) -> bytes:
        return msg.build(0, sequence, msg.WINDOW_EPOCH, SIZE_BYTES)


def reply(sequence: int) -> bytes:
    return Asked().message(sequence).translate(msg.COMPLEMENT)


EARLY_REPLY = msg.build(1000, msg.JOIN_SEQUENCE, msg.WARM_UP_EPOCH, SIZE_BYTES)


def accountant(folder: Path, stream: Asked | None) -> Accountant:
    taken = make_ledger(folder, "call.0", "taken")
    return Accountant(taken, stream is not None, stream, lambda *_, **__: None)  # type: ignore[arg-type]


def counters(ledger: Ledger) -> Counter[str]:
    return Counter(dict(zip(COUNTERS, ledger.counters, strict=True)))


answers = st.sampled_from(["right", "none", "stale", "nonsense", "raise"])


@given(st.integers(0, 3), st.lists(answers, max_size=MESSAGES), st.integers(1, 3))
def test_replies_are_matched_to_requests_in_order(
    early: int, how: list[str], ahead: int
) -> None:
    """The client may ask some questions ahead; what it raises for, it asked for nothing."""
    stream = Asked(*[EARLY] * early)
    expected: dict[int, str] = {}
    with TemporaryDirectory() as folder:
        books = accountant(Path(folder), stream)
        for _ in range(early):
            books.take(EARLY_REPLY)
        open_numbers: list[int] = []
        for kind in how:
            while len(open_numbers) < ahead and len(stream.given_order) < early + len(how):
                open_numbers.append(len(stream.given_order) - early)
                stream.given_order.append(open_numbers[-1])
            if not open_numbers:
                break
            if kind == "raise":
                books.give_up_what_is_in_hand()
                expected |= dict.fromkeys(open_numbers, kind)
                open_numbers.clear()
                continue
            number = open_numbers.pop(0)
            expected[number] = kind
            said = {"right": reply(number), "none": None, "nonsense": "not bytes"}
            books.take(said.get(kind, reply(number - 1) if number else EARLY_REPLY))
        for number, kind in expected.items():
            mark, arrived = books.taken.marks[number], books.taken.times_ns[number] > 0
            assert arrived == (kind == "right")
            assert bool(mark & REPORTED) == (kind == "none")
            assert bool(mark & RAISED) == (kind == "raise")
            assert bool(mark & WRONG) == (kind in {"stale", "nonsense"})
        assert counters(books.taken)["told"] == list(expected.values()).count("none")
        assert counters(books.taken)["unexpected"] == 0


def test_a_client_that_was_one_reply_behind_from_the_beginning_is_found(
    tmp_path: Path,
) -> None:
    stream = Asked(EARLY, EARLY)
    books = accountant(tmp_path, stream)
    books.take(EARLY_REPLY)
    books.take(EARLY_REPLY)
    stream.given_order += [0, 1]
    books.take(EARLY_REPLY)  # the reply to the last warm-up message, one message late
    books.take(reply(0))
    assert [mark & WRONG for mark in books.taken.marks[:2]] == [WRONG, WRONG]
    assert not any(books.taken.times_ns)


def test_a_surplus_reply_that_is_known_is_a_duplicate(tmp_path: Path) -> None:
    books = accountant(tmp_path, Asked(0))
    for _ in range(3):
        books.take(reply(0))
    books.take(b"what?")
    books.take(None)
    assert books.taken.marks[0] & COUNT == 3
    assert counters(books.taken)["unexpected"] == 2


def one_way(sequence: int) -> bytes:
    return msg.build(0, sequence, msg.WINDOW_EPOCH, SIZE_BYTES)


GARBAGE = (b"", b"short", bytes(SIZE_BYTES - 1) + b"x", one_way(MESSAGES), 17, "text")


@given(
    st.lists(
        st.one_of(st.integers(0, MESSAGES - 1), st.none(), st.sampled_from(GARBAGE)),
        max_size=60,
    )
)
def test_duplicates_gaps_and_reordered_arrivals_are_counted_apart(
    arrivals: list[Any],
) -> None:
    """None means that something is missing between what came before and what comes next."""
    counts: Counter[int] = Counter()
    reported: set[int] = set()
    reordered, newest, gap = 0, -1, False
    with TemporaryDirectory() as folder:
        books = accountant(Path(folder), None)
        for arrival in arrivals:
            known = arrival is not None and isinstance(arrival, int) and arrival < MESSAGES
            books.take(one_way(arrival) if known else arrival)
            if arrival is None:
                gap = True
            if known:
                if gap:
                    reported |= set(range(newest + 1, arrival))
                reordered += arrival < newest and not counts[arrival]
                counts[arrival] += 1
                newest, gap = max(newest, arrival), False
        nones = sum(arrival is None for arrival in arrivals)
        found = counters(books.taken)
        assert found["reordered"] == reordered
        assert found["gaps"] == found["told"] == nones
        assert found["unexpected"] == len(arrivals) - nones - counts.total()
        for number in range(MESSAGES):
            mark = books.taken.marks[number]
            assert mark & COUNT == min(counts[number], COUNT)
            assert (books.taken.times_ns[number] > 0) == (counts[number] > 0)
            assert bool(mark & REPORTED) == (number in reported)


def test_the_gap_before_a_late_joiner_is_no_reported_loss(
    tmp_path: Path,
) -> None:
    books = accountant(tmp_path, None)
    books.take(None)
    books.take(msg.build(0, msg.JOIN_SEQUENCE, msg.WARM_UP_EPOCH, SIZE_BYTES))
    books.take(one_way(5))
    assert not any(mark & REPORTED for mark in books.taken.marks)


# -- what a driver is given, and what happens when it raises -------------------------------


class FakeHost:
    """A host for one role whose function is here: no process, and no clock to wait for."""

    def __init__(
        self, folder: Path, name: str, function: Any, incarnation: int = 0
    ) -> None:
        self.told: list[dict[str, Any]] = []
        self.cell = SimpleNamespace(**{name: function}, __file__="here")
        role = RoleSpec(
            f"{name}.0",
            name,
            ("tcp://somewhere",),
            drives=name in {"call", "publish"},
            handles=False,
            consumes=name in {"call", "subscribe"},
            sender=0,
            incarnation=incarnation,
        )
        spec = HostSpec(
            parent=0,
            folder=str(folder),
            roles=(role,),
            messages=MESSAGES,
            warm_up=0,
            size_bytes=SIZE_BYTES,
            transforms=name == "call",
            interval_s=0.001,
            senders=1,
        )
        self.role = SupervisedRole(spec, role, self)  # type: ignore[arg-type]

    def tell(self, event: str, **more: Any) -> None:
        self.told.append({"event": event, **more})

    def ledger(self, kind: str) -> Ledger:
        return self.role._ledgers[kind]

    def begin(self, first: int = 0) -> int:
        """Offer all messages, which have been due for long; return since when."""
        start_ns = time.perf_counter_ns() - MESSAGES * INTERVAL_NS
        begin = {"start_ns": start_ns, "interval_ns": INTERVAL_NS, "first": first}
        self.role.obey({"do": "begin", **begin})
        return start_ns

    def play(self, first: int = 0) -> None:
        """Offer all messages and run the role to its end."""
        self.begin(first)
        self.role.run()


def publish_raising_at(*numbers: int) -> Any:
    raises = set(numbers)

    def publish(address: str, messages: OfferedStream) -> None:
        del address
        for message in messages:
            sequence = msg.read_header(message).sequence
            if sequence in raises:
                raises.remove(sequence)
                raise ConnectionError("nobody is there")

    return publish


def test_a_driver_that_raises_reports_its_current_message_and_sends_the_rest(
    tmp_path: Path,
) -> None:
    host = FakeHost(tmp_path, "publish", publish_raising_at(3, 7))
    host.play()
    given = host.ledger("given")
    assert [n for n, mark in enumerate(given.marks) if mark & RAISED] == [3, 7]
    assert [mark & COUNT for mark in given.marks] == [1] * MESSAGES
    assert counters(given)["raised"] == counters(given)["told"] == 2
    assert [told["event"] for told in host.told].count("failed") == 2


def test_a_driver_that_took_every_message_has_no_current_message(tmp_path: Path) -> None:
    def publish(address: str, messages: OfferedStream) -> None:
        del address
        for _ in messages:
            continue
        if not counters(host.ledger("given"))["raised"]:
            raise ConnectionError("in the end")

    host = FakeHost(tmp_path, "publish", publish)
    host.play()
    assert counters(host.ledger("given"))["raised"] == 1
    assert not any(mark & RAISED for mark in host.ledger("given").marks)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_client_that_is_called_again_gets_the_answers_to_its_own_questions(
    tmp_path: Path, asynchronous: bool
) -> None:
    calls: list[int] = []

    def answered(request: bytes) -> bytes:
        if msg.read_header(request).sequence == 4 and len(calls) == 1:
            raise ConnectionError("the server closed the connection")
        return request.translate(msg.COMPLEMENT)

    def call(address: str, requests: OfferedStream) -> Iterator[bytes]:
        del address
        calls.append(1)
        yield from (answered(request) for request in requests)

    async def call_async(address: str, requests: OfferedStream) -> AsyncIterator[bytes]:
        del address
        calls.append(1)
        async for request in requests:
            yield answered(request)

    host = FakeHost(tmp_path, "call", call_async if asynchronous else call)
    host.play()
    taken = host.ledger("taken")
    assert len(calls) == 2
    assert [n for n in range(MESSAGES) if not taken.times_ns[n]] == [4]
    assert taken.marks[4] == RAISED
    assert not any(mark & WRONG for mark in taken.marks)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_client_that_asks_ahead_is_answered_in_the_order_in_which_it_asked(
    tmp_path: Path, asynchronous: bool
) -> None:
    def call(address: str, requests: OfferedStream) -> Iterator[bytes]:
        del address
        for ahead in list(requests):
            yield ahead.translate(msg.COMPLEMENT)

    async def call_async(address: str, requests: OfferedStream) -> AsyncIterator[bytes]:
        del address
        for ahead in [request async for request in requests]:
            yield ahead.translate(msg.COMPLEMENT)

    host = FakeHost(tmp_path, "call", call_async if asynchronous else call)
    host.play()
    assert all(host.ledger("taken").times_ns)
    assert set(host.ledger("taken").marks) == {1}


def test_questions_from_before_the_load_are_answered_before_it(tmp_path: Path) -> None:
    """How many there were depends on how long the others took to join."""

    def call(address: str, requests: OfferedStream) -> Iterator[bytes]:
        del address
        for number, request in enumerate(requests):
            if number == 3:
                host.begin()
            yield request if msg.is_warm_up(request) else request.translate(msg.COMPLEMENT)

    host = FakeHost(tmp_path, "call", call)
    host.role.run()
    taken = host.ledger("taken")
    assert all(taken.times_ns)
    assert counters(taken)["unexpected"] == 0
    assert "seen" in {told["event"] for told in host.told}


def test_open_messages_are_given_up_even_if_none_follow(
    tmp_path: Path,
) -> None:
    """Else the answers after that would be taken for those to the questions before."""

    def call(address: str, requests: OfferedStream) -> Iterator[bytes]:
        del address
        for request in requests:
            number = msg.read_header(request).sequence
            if number == 2:
                host.role.obey({"do": "stop", "stop_ns": time.perf_counter_ns()})
                raise ConnectionError("at the end")
            yield request.translate(msg.COMPLEMENT)

    host = FakeHost(tmp_path, "call", call)
    host.play()
    taken = host.ledger("taken")
    assert [n for n in range(MESSAGES) if not taken.times_ns[n]] == [2]
    assert taken.marks[2] == RAISED
    assert not any(mark & WRONG for mark in taken.marks)


def test_a_role_that_ends_early_is_reported_and_called_again(tmp_path: Path) -> None:
    calls: list[int] = []

    def subscribe(address: str) -> Iterator[bytes]:
        del address
        calls.append(1)
        yield one_way(len(calls))
        if len(calls) == 3:
            host.role.obey({"do": "stop", "stop_ns": 0})

    host = FakeHost(tmp_path, "subscribe", subscribe)
    host.role.run()
    assert counters(host.ledger("taken"))["ended"] == 2
    assert counters(host.ledger("taken"))["told"] == 2
    assert all(host.ledger("taken").times_ns[1:4])


def test_a_consumer_does_not_fail_because_its_driver_was_asked_to_leave(
    tmp_path: Path,
) -> None:
    calls: list[int] = []

    def subscribe(address: str) -> Iterator[bytes]:
        del address
        calls.append(1)
        host.role.obey({"do": "stop", "stop_ns": 0})
        yield one_way(0)
        if len(calls) == 1:
            raise ConnectionResetError

    host = FakeHost(tmp_path, "subscribe", subscribe)
    host.role.run()
    found = counters(host.ledger("taken"))
    assert found["raised"] == found["ended"] == found["told"] == 0


def test_messages_that_a_driver_yields_count_as_undeliverable(tmp_path: Path) -> None:
    def publish(address: str, messages: OfferedStream) -> Iterator[bytes]:
        del address
        for message in messages:
            if msg.read_header(message).sequence in {1, 5}:
                yield message
        yield msg.build(0, msg.WARM_UP_SEQUENCE, msg.WARM_UP_EPOCH, SIZE_BYTES)
        yield b"nonsense"

    host = FakeHost(tmp_path, "publish", publish)
    host.play()
    given = host.ledger("given")
    assert [n for n, mark in enumerate(given.marks) if mark & REPORTED] == [1, 5]
    assert counters(given)["told"] == 2
    assert counters(given)["unexpected"] == 1


def test_a_restarted_driver_gives_the_messages_that_remain(tmp_path: Path) -> None:
    """The predecessor was killed with number 4 in hand."""
    before = make_ledger(tmp_path, "publish.0", "given")
    for number in range(5):
        before.happened(number, 1)
    got: list[int] = []

    def publish(address: str, messages: OfferedStream) -> None:
        del address
        got.extend(msg.read_header(message).sequence for message in messages)

    host = FakeHost(tmp_path, "publish", publish, incarnation=1)
    host.play(watch(tmp_path).next_unsent("publish.0"))
    assert got == list(range(5, MESSAGES))
    found = record_of(watch(tmp_path, publish=[KILLED, ALIVE]))
    assert (found.total("died"), found.total("silent")) == (5, MESSAGES - 5)


def test_no_message_is_offered_that_is_due_after_the_end(tmp_path: Path) -> None:
    got: list[bytes] = []

    def publish(address: str, messages: OfferedStream) -> None:
        del address
        got.extend(messages)

    host = FakeHost(tmp_path, "publish", publish)
    start_ns = host.begin()
    host.role.obey({"do": "stop", "stop_ns": start_ns + 4 * INTERVAL_NS})
    host.role.run()
    assert [msg.read_header(message).sequence for message in got] == [0, 1, 2, 3, 4]
    assert all(msg.intact(message) for message in got)


@given(st.integers(-(10**9), 10**10), st.integers(0, 10**9))
def test_a_consumer_is_owed_the_messages_due_while_it_ran(
    from_ns: int, span_ns: int
) -> None:
    with TemporaryDirectory() as folder:
        reader = watch(Path(folder))
        owed = reader._owed(0, from_ns, from_ns + span_ns)
    due = np.array([due_ns(n) for n in range(MESSAGES)])
    assert (
        owed.tolist()
        == np.flatnonzero((due >= from_ns) & (due <= from_ns + span_ns)).tolist()
    )
