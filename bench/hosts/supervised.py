"""A role whose failures are the measurement: run under a supervisor, with a ledger.

A role that raises, or ends although there is more to do, is called again after a tenth of
a second with the rest of its stream, as whatever restarts programs would do, on every
stack alike. What it did stands in ledgers that survive it; what was in hand when it
raised is marked there.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import message as msg
from bench.hosts.offered import OfferedStream
from bench.hosts.role import RoleRun
from bench.ledger import RAISED, REPORTED, WRONG, Ledger, ledger_path

if TYPE_CHECKING:
    from bench.hosts.host import Host

SUPERVISOR_S = 0.1


class Accountant:
    """Says of every message that a consumer is given what it is, and writes it down.

    ``stream`` is the consumer's own where it drives as well: then what comes back must
    answer what was given, in that order. ``complement`` is whether a handle changed it.
    """

    def __init__(
        self, taken: Ledger, complement: bool, stream: OfferedStream | None, tell: Any
    ) -> None:
        self.taken = taken
        self._complement = complement
        self._stream = stream
        self._tell = tell
        self._answered = 0
        self._gap = False
        self._last: dict[int, int] = {}
        self._newest: dict[int, int] = {}
        self._seen: set[int] = set()

    def take(self, message: Any) -> None:
        """Take what the role yielded: a message, or None for one that it knows is lost."""
        now_ns = time.perf_counter_ns()
        if message is None:
            self._take_none(now_ns)
        elif isinstance(message, bytes) and msg.is_warm_up(message):
            self._take_warm_up(message)
        elif self._stream is not None:
            self._take_reply(message, now_ns)
        else:
            self._take_one_way(message, now_ns)

    def _take_warm_up(self, message: bytes) -> None:
        sender = msg.sender(message)
        if sender not in self._seen:
            self._seen.add(sender)
            self._tell("seen", sender=sender)

    def _next_asked(self) -> int | None:
        assert self._stream
        if self._answered >= len(self._stream.given_order):
            return None
        sequence = self._stream.given_order[self._answered]
        self._answered += 1
        return self._place(sequence)

    def _place(self, sequence: int) -> int | None:
        assert self._stream
        return self.taken.place(self._stream.sender, sequence)

    def _take_none(self, now_ns: int) -> None:
        if self._stream is None:
            self._gap = True
            self.taken.add("gaps")
            self.taken.told(now_ns)
            return
        place = self._next_asked()
        if place is not None:
            self.taken.flag(place, REPORTED)
            self.taken.told(now_ns)

    def _take_reply(self, message: Any, now_ns: int) -> None:
        place = self._next_asked()
        if place is None:
            self.taken.add("unexpected")
            return
        assert self._stream
        sequence = place % self.taken.messages
        if message.translate(msg.COMPLEMENT) == self._stream.message(sequence):
            self.taken.happened(place, now_ns)
        else:
            self.taken.flag(place, WRONG)

    def _take_one_way(self, message: Any, now_ns: int) -> None:
        place = identify(message, self.taken, self._complement)
        if place is None:
            self.taken.add("unexpected")
            return
        sender, sequence = divmod(place, self.taken.messages)
        if self._gap:
            for missing in range(self._last.get(sender, -1) + 1, sequence):
                self.taken.flag(sender * self.taken.messages + missing, REPORTED)
            self._gap = False
        if sequence < self._newest.get(sender, -1):
            self.taken.add("reordered")
        self._newest[sender] = max(self._newest.get(sender, -1), sequence)
        self._last[sender] = sequence
        self.taken.happened(place, now_ns)

    def give_up_what_is_in_hand(self) -> None:
        """Note that the role raised: what it was asked is not answered any more."""
        while self._stream is not None and (place := self._next_asked()) is not None:
            self.taken.flag(place, RAISED)


def identify(message: Any, ledger: Ledger, complement: bool) -> int | None:
    """Return the place of a message in a ledger, None for one that nobody sent."""
    if not isinstance(message, bytes):
        return None
    if complement:
        message = message.translate(msg.COMPLEMENT)
    if not msg.has_header(message) or not msg.intact(message):
        return None
    header = msg.read_header(message)
    return ledger.place(header.sender, header.sequence)


class SupervisedRole(RoleRun):
    """One role in one incarnation, called again when it raises."""

    def __init__(self, spec: dict[str, Any], table: dict[str, Any], host: Host) -> None:
        self._table = table
        self._ledgers: dict[str, Ledger] = {}
        self._ending = False
        self._held_until_s = 0.0
        self._each_s: float = table["work_s"]
        self._failed = False
        self.accountant: Accountant | None = None
        super().__init__(spec, table, host)

    def _ledger(self, kind: str) -> Ledger:
        spec, table = self.spec, self._table
        path = ledger_path(Path(spec["folder"]), self.id, table["incarnation"], kind)
        made = Ledger(path, spec["senders"], spec["messages"], create=True)
        self._ledgers[kind] = made
        return made

    def _make_stream(self, sender: int, tell: Any) -> OfferedStream:
        spec = self.spec

        def early(sequence: int) -> bytes:
            return msg.build(sender, sequence, msg.WARM_UP_EPOCH, spec["size_bytes"])

        return OfferedStream(
            sender,
            self._table["incarnation"],
            spec["size_bytes"],
            self._ledger("given"),
            join_message=early(msg.JOIN_SEQUENCE),
            warm_up_message=early(msg.WARM_UP_SEQUENCE),
            warm_up_count=spec["warm_up"],
            interval_s=spec["join_interval_s"],
            stamp_each=True,
            limit_s=None,
            tell=tell,
        )

    def _make_recorder(self, table: dict[str, Any], tell: Any) -> None:
        del table  # nobody expects a number of messages
        stream = self.stream
        assert stream is None or isinstance(stream, OfferedStream)
        changed = self.spec["transforms"]
        self.accountant = Accountant(self._ledger("taken"), changed, stream, tell)

    def _make_handle(self, table: dict[str, Any]) -> Any:
        ledger, worker = self._ledger("handled"), table["sender"]

        def handle(message: bytes) -> bytes:
            if msg.is_warm_up(message):
                return msg.signed_by(message, worker)
            place = identify(message, ledger, complement=False)
            if place is None:
                ledger.add("unexpected")
            else:
                ledger.happened(place, time.perf_counter_ns())
            for pause_s in self._pauses():
                time.sleep(pause_s)
            return message.translate(msg.COMPLEMENT)

        return handle

    def _pauses(self) -> Iterator[float]:
        """Yield how long the application is busy with a message, or held up altogether."""
        if self._each_s:
            yield self._each_s
        while (left_s := self._held_until_s - time.monotonic()) > 0:
            yield left_s

    def obey(self, command: dict[str, Any]) -> None:
        """Obey what failure trials tell: ``begin``, ``stop``, ``hold``, ``busy``."""
        stream = self.stream
        match command["do"]:
            case "warm" if stream:
                stream.warm.set()
            case "begin" if isinstance(stream, OfferedStream):
                stream.begin(command["start_ns"], command["interval_ns"], command["first"])
            case "stop":
                if isinstance(stream, OfferedStream):
                    stream.stop(command["stop_ns"])
                self._ending = True
            case "hold":
                self._held_until_s = time.monotonic() + command["for_s"]
            case "busy":
                self._each_s = command["each_s"]

    # -- running under a supervisor ------------------------------------------------------

    def run(self) -> None:
        """Call the role, and again after it raised or ended early, until told to stop."""
        while True:
            self._failed = False
            super().run()
            if not self._failed and self._is_over():
                return
            if not self._failed:
                self._note_ended()
            time.sleep(SUPERVISOR_S)

    def _is_over(self) -> bool:
        """Say whether a role that ended was meant to: a driver without more to send."""
        stream = self.stream
        return self._ending or (isinstance(stream, OfferedStream) and stream.used_up)

    def on_raised(self, error: BaseException) -> None:
        self._failed = True
        if self._ending:
            return
        now_ns = time.perf_counter_ns()
        self._any().add("raised")
        self._any().told(now_ns)
        if self.accountant:
            self.accountant.give_up_what_is_in_hand()
        self.tell("failed", error=f"{type(error).__name__}: {error}", at_ns=now_ns)

    def _any(self) -> Ledger:
        """Return the ledger whose counters stand for the role: of what it takes, if any."""
        return self._ledgers.get("taken") or next(iter(self._ledgers.values()))

    def _note_ended(self) -> None:
        self._any().add("ended")

    def take_all(self, result: Iterator[Any]) -> None:
        """Take what a role yields; one that only drives yields what it could not send."""
        for message in result:
            self._take(message)
            if self.accountant:
                for pause_s in self._pauses():
                    time.sleep(pause_s)

    async def take_all_async(self, result: AsyncIterator[Any]) -> None:
        from asyncio import sleep

        async for message in result:
            self._take(message)
            if self.accountant:
                for pause_s in self._pauses():
                    await sleep(pause_s)

    def _take(self, message: Any) -> None:
        if self.accountant:
            self.accountant.take(message)
            return
        given = self._ledgers["given"]
        place = identify(message, given, complement=False)
        if place is None:
            given.add("unexpected")
        else:
            given.flag(place, REPORTED)
            given.told(time.perf_counter_ns())
