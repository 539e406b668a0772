"""The host of a peer: all roles of a peer run in one process, and in one event loop.

``python -m bench.hosts.peer SPEC``. It obeys lines like those of ``bench.hosts.host``:

    enter    the peer's name, its number, and its addresses: its roles begin
    know     peers that have become known, each as the fields of ``Peer``
    begin    messages are due from now on, by the schedule of ``bench.hosts.offers``
    hold     the application is busy for so long
    stop     nothing is due any more

A role that raises or ends is called again after a tenth of a second, as ``supervised``
does it. Ledgers hold what was given, handled and taken.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from bench.hosts.host import adopt_orphans, die_with_parent, load_cell, take_over_stdout
from bench.hosts.ledger import WRONG, Ledger, ledger_path
from bench.hosts.offers import Offers, Schedule, answer_to, answered_by, read, target
from bench.hosts.spec import HostSpec, RoleSpec, read_spec

SUPERVISOR_S = 0.1


class Peer(NamedTuple):
    """A peer as others know it. An address is '' where it has none of that kind.

    ``number`` is its place among all peers; ``name`` is new each time when it starts again.
    """

    name: str
    number: int
    calls: str = ""
    news: str = ""
    tasks: str = ""
    results: str = ""


class Known:
    """The others as they become known. Each role iterates over all of them by itself."""

    def __init__(self) -> None:
        self._peers: list[Peer] = []
        self._more = asyncio.Event()
        self.names: dict[int, str] = {}
        """The newest name of each, by its number."""

    def add(self, peer: Peer) -> None:
        if peer not in self._peers:
            self._peers.append(peer)
            self.names[peer.number] = peer.name
            self._more.set()
            self._more = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Peer]:
        place = 0
        while True:
            more = self._more
            while place < len(self._peers):
                yield self._peers[place]
                place += 1
            await more.wait()


class PeerHost:
    """Plays the roles of one peer, or of the hub, and keeps their ledgers."""

    def __init__(self, spec: HostSpec, events: int) -> None:
        self.spec, self._events = spec, events
        self._cell = load_cell(Path(spec.cell), spec.search)
        self._known = Known()
        self._busy_until_s = 0.0
        self._ledgers: dict[str, Ledger] = {}
        self._offers: list[Offers] = []
        self._schedule: Schedule | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, event: str, **more: Any) -> None:
        os.write(self._events, json.dumps({"event": event, **more}).encode() + b"\n")

    def _ledger(self, role: RoleSpec, kind: str, senders: int) -> Ledger:
        name = f"{role.id}.{kind}"
        if name not in self._ledgers:
            path = ledger_path(Path(self.spec.folder), role.id, role.incarnation, kind)
            made = Ledger(path, senders, self.spec.messages, create=True)
            self._ledgers[name] = made
        return self._ledgers[name]

    # -- commands --------------------------------------------------------------------------

    def listen(self, told: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        """Obey commands until the end of input; then the parent is gone, and this ends."""
        for line in told:
            loop.call_soon_threadsafe(self._obey, json.loads(line))
        os._exit(0)

    def _obey(self, command: dict[str, Any]) -> None:
        match command["do"]:
            case "enter":
                for role in self.spec.roles:
                    playing = self._play(role, command["name"], command["addresses"])
                    self._tasks.add(asyncio.create_task(playing))
            case "know":
                for peer in command["peers"]:
                    self._known.add(Peer(*peer))
            case "begin":
                self._schedule = Schedule(**command["schedule"])
                for offers in self._offers:
                    offers.begin(self._schedule)
            case "hold":
                self._busy_until_s = time.monotonic() + command["for_s"]
            case "stop":
                for offers in self._offers:
                    offers.stop_ns = command["stop_ns"]

    # -- roles -----------------------------------------------------------------------------

    async def _play(self, role: RoleSpec, name: str, addresses: dict[str, str]) -> None:
        """Call a role, and again when it raised or ended. Its ledger counts how often."""
        function = getattr(self._cell, role.name)
        names = inspect.signature(function).parameters
        counts = self._ledger(role, *self._kept(role))
        while True:
            given = {n: self._argument(n, role, name, addresses) for n in names}
            try:
                playing = function(**given)
                if role.consumes:
                    async for message in playing:
                        self._take(role, message)
                else:
                    await playing
                counts.add("ended")
            except Exception as error:
                import traceback

                traceback.print_exc()
                counts.add("raised")
                self.tell("failed", error=f"{role.id}: {type(error).__name__}: {error}")
            await asyncio.sleep(SUPERVISOR_S)

    def _kept(self, role: RoleSpec) -> tuple[str, int]:
        """Return the kind of the ledger that every role has, and how many it hears."""
        if role.consumes:
            return "taken", 1 if role.drives else self.spec.senders
        if role.drives:
            return "given", 1
        return "handled", self.spec.senders

    def _argument(
        self, name: str, role: RoleSpec, me: str, addresses: dict[str, str]
    ) -> Any:
        match name:
            case "me":
                return me
            case "peers":
                return self._known
            case "about":
                return addresses[name].encode()
            case "handle":
                return self._handle(role)
            case "requests" | "messages" | "jobs":
                return self._stream(role)
            case _:
                return addresses[name]

    def _stream(self, role: RoleSpec) -> AsyncIterator[Any]:
        """Return the stream of a role: of calls, each with the name of a peer."""
        given = self._ledger(role, "given", 1)
        sizes = self.spec.messages, self.spec.size_bytes
        offers = Offers(role.sender, *sizes, given, asks=role.consumes)
        self._offers = [each for each in self._offers if each.given is not given]
        self._offers.append(offers)
        if self._schedule:
            offers.begin(self._schedule)
        if not role.consumes:
            return offers.messages()
        return offers.requests(self._known.names, self._met(role))

    def _met(self, role: RoleSpec) -> Ledger:
        """Return the ledger of when each other peer has answered first."""
        return self._ledger(role, "met", self.spec.senders)

    def _handle(self, role: RoleSpec) -> Any:
        ledger, me = self._ledger(role, "handled", self.spec.senders), role.sender

        def handle(message: bytes) -> bytes:
            while (left_s := self._busy_until_s - time.monotonic()) > 0:
                time.sleep(left_s)
            sender, sequence = read(message)
            if sequence is not None:
                place = ledger.place(sender, sequence)
                if place is None:
                    ledger.add("unexpected")
                else:
                    ledger.happened(place, time.perf_counter_ns())
            return answer_to(message, me) if role.name == "serve" else message

        return handle

    def _take(self, role: RoleSpec, message: bytes) -> None:
        """Note a reply, news, the result of a job, or another peer."""
        taken = self._ledger(role, *self._kept(role))
        now_ns = time.perf_counter_ns()
        if role.name == "discover":
            found = taken.place(Peer(*json.loads(message)).number, 0)
            assert found is not None
            taken.happened(found, now_ns)
            return
        sender, sequence = read(message)
        server = answered_by(message) if role.drives else -1
        if role.drives:
            met = self._met(role)
            answered = met.place(server, 0)
            if answered is None or sender != role.sender:
                taken.add("unexpected")
                return
            met.happened(answered, now_ns)
            sender = 0  # one's own requests are in a ledger of one sender
        if sequence is None:  # from before messages were due
            return
        place = taken.place(sender, sequence)
        if place is None:
            taken.add("unexpected")
        elif role.drives and server != target(role.sender, sequence, self.spec.senders):
            taken.flag(place, WRONG)
        else:
            taken.happened(place, now_ns)


async def run(spec: HostSpec, events: int, told: BinaryIO) -> None:
    host = PeerHost(spec, events)
    loop = asyncio.get_running_loop()
    threading.Thread(target=host.listen, args=(told, loop), daemon=True).start()
    host.tell("ready", build_s=0.0)
    await asyncio.Event().wait()


def run_host(spec: HostSpec) -> None:
    """Be a peer until the harness ends it. Does not return."""
    die_with_parent(spec.parent)
    adopt_orphans()
    events = take_over_stdout()
    told = os.fdopen(os.dup(0), "rb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ["TMPDIR"] = spec.folder
    asyncio.run(run(spec, events, told))


def main() -> None:
    run_host(read_spec(sys.argv[1]))


if __name__ == "__main__":
    main()
