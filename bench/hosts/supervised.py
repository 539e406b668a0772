"""A role in a trial with a fault: it runs under a supervisor, with a ledger.

A role that raises, or ends although there is more to do, is called again after a tenth of a
second with the rest of its stream. A supervisor in production would do the same; every
stack gets it. The ledgers survive the role, and mark the message that it held when it
raised.
"""

from __future__ import annotations

import gc
import time
import traceback  # noqa: F401  (of no use when there is no descriptor left to load it)
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.hosts import message as msg
from bench.hosts.fault_recorder import Accountant, identify, is_early
from bench.hosts.fault_stream import OfferedStream
from bench.hosts.ledger import RAISED, REPORTED, Ledger, ledger_path
from bench.hosts.role import RoleRun
from bench.hosts.spec import HostSpec, RoleSpec

if TYPE_CHECKING:
    from bench.hosts.host import Host

SUPERVISOR_S = 0.1


def close_what_is_left() -> None:
    """Close sockets that are unreachable, as the end of a process would.

    A selector is part of a cycle, and keeps a listener open until it is collected.
    """
    gc.unfreeze()  # objects from before the load began
    gc.collect()


class SupervisedRole(RoleRun):
    """One role in one incarnation, called again when it raises."""

    def __init__(self, spec: HostSpec, role: RoleSpec, host: Host) -> None:
        self._role = role
        self._ledgers: dict[str, Ledger] = {}
        self._ending = False
        self._leaving = False
        self._held_until_s = 0.0
        self._each_s = role.work_s
        self._failed = False
        self.accountant: Accountant | None = None
        super().__init__(spec, role, host)
        if not self._ledgers:  # a proxy has only errors to record
            self._ledger("handled")

    def _ledger(self, kind: str) -> Ledger:
        spec = self.spec
        path = ledger_path(Path(spec.folder), self.id, self._role.incarnation, kind)
        made = Ledger(path, spec.senders, spec.messages, create=True)
        self._ledgers[kind] = made
        return made

    def _make_stream(self, role: RoleSpec, tell: Any) -> OfferedStream:
        spec, sender = self.spec, role.sender

        def early(sequence: int) -> bytes:
            return msg.build(sender, sequence, msg.WARM_UP_EPOCH, spec.size_bytes)

        return OfferedStream(
            sender,
            role.incarnation,
            spec.size_bytes,
            self._ledger("given"),
            join_message=early(msg.JOIN_SEQUENCE),
            warm_up_message=early(msg.WARM_UP_SEQUENCE),
            warm_up_count=spec.warm_up,
            interval_s=spec.interval_s,
            burst=1,
            stamp_each=True,
            limit_s=None,
            tell=tell,
            stays_open=spec.stays_open,
        )

    def _make_recorder(self, role: RoleSpec, tell: Any) -> None:
        del role  # no fixed number of messages is expected
        stream = self.stream
        assert stream is None or isinstance(stream, OfferedStream)
        changed = self.spec.transforms
        self.accountant = Accountant(self._ledger("taken"), changed, stream, tell)

    def _make_handle(self, role: RoleSpec) -> Any:
        ledger, worker = self._ledger("handled"), role.sender
        left, store = self._ledger("left"), self._store(role)

        def handle(message: bytes) -> bytes:
            if is_early(message):
                if store:
                    store.connection()
                return msg.signed_by(message, worker)
            place = identify(message, ledger, complement=False)
            if place is None:
                ledger.add("unexpected")
            else:
                ledger.happened(place, time.perf_counter_ns())
            for pause_s in self._pauses():
                time.sleep(pause_s)
            if store:
                store.visit(msg.sender(message))
            reply = message.translate(msg.COMPLEMENT)
            if place is not None:
                left.happened(place, time.perf_counter_ns())
            return reply

        return handle

    def _store(self, role: RoleSpec) -> Any:
        if not role.store:
            return None
        from bench.hosts.store import Store

        return Store(role.store)

    def _pauses(self) -> Iterator[float]:
        """Yield how long the application is busy with each message, or blocked."""
        if self._each_s:
            yield self._each_s
        while (left_s := self._held_until_s - time.monotonic()) > 0:
            yield left_s

    def obey(self, command: dict[str, Any]) -> None:
        """Obey the commands of trials with a fault: ``begin``, ``stop``, ``hold`` ..."""
        stream = self.stream
        match command["do"]:
            case "warm" if stream:
                stream.warm.set()
            case "begin" if isinstance(stream, OfferedStream):
                start_ns, interval_ns = command["start_ns"], command["interval_ns"]
                seed = command.get("seed")
                stream.begin(start_ns, interval_ns, command["first"], seed)
            case "stop":
                if isinstance(stream, OfferedStream):
                    stream.stop(command["stop_ns"])
                self._ending = True
            case "leave" if isinstance(stream, OfferedStream):
                self._leaving = True
                stream.hurry(command["past"])
            case "cease" if isinstance(stream, OfferedStream):
                stream.hurry(past=0)
            case "enlarge" if isinstance(stream, OfferedStream):
                stream.enlarge(command["size_bytes"])
            case "hold":
                self._held_until_s = time.monotonic() + command["for_s"]
            case "reconfigure":  # what a reload command does in a shell beside the program
                self.host.cell.reconfigure(*command["addresses"])
            case "busy":
                self._each_s = command["each_s"]

    # -- running under a supervisor ------------------------------------------------------

    def run(self) -> None:
        """Call the role, and again after it raised or ended early, until it must stop.

        If it must leave, it ends as a script does, with or without an error.
        """
        while True:
            self._failed = False
            super().run()
            if self._leaving or (not self._failed and self._is_over()):
                return
            if not self._failed:
                self._note_ended()
            close_what_is_left()
            time.sleep(SUPERVISOR_S)

    def _is_over(self) -> bool:
        """Return whether a role ended rightly: a driver without further messages."""
        stream = self.stream
        return self._ending or (isinstance(stream, OfferedStream) and stream.used_up)

    def on_raised(self, error: BaseException) -> None:
        self._failed = True
        if self._ending and self.stream is None:
            return  # its peer has left, as the harness asked
        now_ns = time.perf_counter_ns()
        self._any().add("raised")
        self._any().told(now_ns)
        if self.accountant:
            self.accountant.note_break()
            self.accountant.give_up_what_is_in_hand()
        else:
            self._give_up_what_is_in_hand()
        self.tell("failed", error=f"{type(error).__name__}: {error}", at_ns=now_ns)

    def _give_up_what_is_in_hand(self) -> None:
        """Note that a driver raised: the message it was sending may not have left."""
        stream = self.stream
        if isinstance(stream, OfferedStream) and stream.in_hand is not None:
            given = self._ledgers["given"]
            place = given.place(stream.sender, stream.in_hand)
            assert place is not None
            given.flag(place, RAISED)
            stream.in_hand = None

    def _any(self) -> Ledger:
        """Return the ledger with the role's counters: of messages that it takes, if any."""
        return self._ledgers.get("taken") or next(iter(self._ledgers.values()))

    def _note_ended(self) -> None:
        """Note that the role ended early, which its application notices."""
        self._any().add("ended")
        self._any().told(time.perf_counter_ns())
        if self.accountant:
            self.accountant.note_break()

    def take_all(self, result: Iterator[Any]) -> None:
        """Take the items that a role yields; a role that only drives yields failed ones."""
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
        if is_early(message):
            return
        given = self._ledgers["given"]
        place = identify(message, given, complement=False)
        if place is None:
            given.add("unexpected")
        else:
            given.flag(place, REPORTED)
            given.told(time.perf_counter_ns())
