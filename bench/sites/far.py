"""A site elsewhere: it asks its agent to do the work.

A thread of each site reads what its agent says. Answers wake the thread that has asked, and
events go to their host (``far_host``). In a window no line passes but the events of hosts,
and a "keep" now and then.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from bench.errors import HostGone, NotMeasurable, TrialError
from bench.hosts.spec import HostSpec
from bench.sites import clocks
from bench.sites.bundle import Paths, where_it_is
from bench.sites.far_host import FarHost, SiteLost
from bench.sites.far_ledgers import FarLedgers
from bench.sites.pipe import Pipe
from bench.sites.wire import END_S, LEASE_S, Wire
from bench.trial.clock import Offset
from bench.trial.processes import PYTHON_HOST, Forks
from bench.trial.site import Site

ANSWER_S = 10.0
"""The longest time for an answer; usually it takes less than a millisecond."""
KEEP_S = 4.0
"""How often an agent is told that the harness lives. Its lease is longer."""
SEEDS = 1 << 32
ALONE_LOOK_S = 0.5


class Far:
    """A site with an agent. Use it with ``with``: at the end the agent is gone.

    ``address`` and ``cpus`` as of ``site.Site``. ``lay`` starts an agent there, and
    returns the wire to it. ``paths`` tells where files of the project are at the site. An
    agent that was lost is started again for the next trial.
    """

    def __init__(
        self,
        name: str,
        address: str,
        cpus: tuple[int, ...] = (),
        lay: Callable[[], Wire] = Pipe,
        paths: Paths = where_it_is,
    ) -> None:
        self.name = name
        self.address = address
        self.cpus = cpus
        self._lay = lay
        self._paths, self._alone = paths, False
        self._numbers = itertools.count()
        self._ended = False
        self._hosts: dict[int, FarHost] = {}
        self._ledgers = FarLedgers(self.ask)
        self.facts: dict[str, Any] = {}
        """Facts of its machine, as its agent told them (``about.facts``)."""
        self._beginning = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._wire = self._lay()
        self._answers: dict[int, dict[str, Any]] = {}
        self._answered = threading.Condition()
        self._lost = ""
        """Why there is no agent; '' while there is one."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        facts = self.ask("facts")
        if self.facts and facts["boot"] != self.facts["boot"]:
            raise HostGone(f"host {self.name} is another machine now, or was started anew")
        self.facts = facts
        if self._alone:
            self.be_alone()

    def be_alone(self) -> None:
        """Keep agents of other runs away, from now on. Raises NotMeasurable if one stays.

        An agent that nobody asks any more has its lease to end.
        """
        self._alone = True
        deadline = time.monotonic() + LEASE_S + END_S
        while True:
            try:
                self.ask("be_alone")
                return
            except NotMeasurable:
                if time.monotonic() > deadline:
                    raise
            time.sleep(ALONE_LOOK_S)

    # -- lines ---------------------------------------------------------------------------

    def _send(self, **line: Any) -> None:
        with suppress(OSError, ValueError):  # the reader finds out that the agent is gone
            self._wire.send(json.dumps(line).encode())

    def ask(self, do: str, within_s: float = ANSWER_S, **more: Any) -> Any:
        """Have the agent do something, and return its answer.

        Raises SiteLost if there is none, and what the agent has raised as TrialError or
        NotMeasurable.
        """
        number = next(self._numbers)
        if not self._lost:
            self._send(id=number, do=do, **more)
        with self._answered:
            self._answered.wait_for(lambda: number in self._answers or self._lost, within_s)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise SiteLost(self._lost or self._hangs(do, within_s))
        if "failed" in answer:
            kind = NotMeasurable if answer["kind"] == "NotMeasurable" else TrialError
            raise kind(f"host {self.name}: {answer['failed']}")
        return answer["answer"]

    def _hangs(self, do: str, within_s: float) -> str:
        self._wire.kill()
        return f"host {self.name} was lost: no answer to {do} within {within_s:g} s"

    def _read(self) -> None:
        """Read what the agent says until it is gone; the harness lives meanwhile."""
        wire, kept = self._wire, time.monotonic()
        while True:
            try:
                lines = wire.receive(KEEP_S)
            except (EOFError, OSError, ValueError):
                break
            if time.monotonic() - kept >= KEEP_S / 2:
                self._send(do="keep")
                kept = time.monotonic()
            for line in lines:
                self._take(json.loads(line))
        lost = f"host {self.name} was lost: {wire.close()}"
        for host in list(self._hosts.values()):
            host.take_loss(lost)
        with self._answered:
            self._lost = lost
            self._answered.notify_all()

    def _take(self, line: dict[str, Any]) -> None:
        if "id" in line:
            with self._answered:
                self._answers[line["id"]] = line
                self._answered.notify_all()
        elif host := self._hosts.get(line["from"]):
            if "status" in line:
                host.take_status(line["status"])
            else:
                host.take(line["event"])

    # -- as a site -----------------------------------------------------------------------

    def _stand(self) -> None:
        """Start another agent, if there is none, for a trial that begins."""
        with self._beginning:  # several trials may begin at once
            if self._lost:
                self._begin()

    def free_port(self, rng: random.Random, taken: Collection[int]) -> int:
        asked: dict[str, Any] = {
            "seed": rng.randrange(SEEDS),
            "taken": list(taken),
            "address": self.address,
        }
        try:
            self._stand()
            return int(self.ask("free_port", **asked))
        except SiteLost:  # a moment ago: no trial depends on it yet
            self._stand()
            return int(self.ask("free_port", **asked))

    def spawn(
        self,
        name: str,
        spec: HostSpec,
        log: Path,
        padding_bytes: int = 0,
        program: Sequence[str] = PYTHON_HOST,
        forks: Forks | None = None,
    ) -> FarHost:
        """Start a host; it is no copy, because ``forks`` are of this machine."""
        del forks
        self._stand()
        number = next(self._numbers)
        host = self._hosts[number] = FarHost(self, number, name, spec, log)
        there = self._paths
        try:
            made = self.ask(
                "spawn",
                host=number,
                name=name,
                spec=spec._replace(
                    cell=there(spec.cell), search=tuple(map(there, spec.search))
                ).to_json(),
                padding_bytes=padding_bytes,
                program=[there(program[0]), *program[1:]],
            )
        except BaseException:
            self.forget(host)
            raise
        host.pid, host.mark = made["pid"], made["mark"]
        return host

    def tell(self, host: FarHost, line: dict[str, Any]) -> None:
        """Pass a command on to a host, without waiting for it."""
        self._send(do="tell", host=host.number, line=line)

    def kill(self, host: FarHost) -> None:
        """Kill a host, without waiting for its end."""
        self._send(do="kill", host=host.number)

    def forget(self, host: FarHost) -> None:
        """Hear no more of a host."""
        self._hosts.pop(host.number, None)
        self._ledgers.forget(Path(host.spec.folder))
        host.close()

    def send(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                name = str(path.relative_to(folder))
                data = base64.b64encode(path.read_bytes()).decode()
                self.ask("write", trial=str(folder), name=name, data=data)

    def bring(self, folder: Path) -> None:
        for name, size_bytes in self.ask("files", trial=str(folder)).items():
            with open(folder / Path(name).name, "wb") as file:
                while file.tell() < size_bytes:
                    at = file.tell()
                    told = self.ask("read", trial=str(folder), name=name, offset=at)
                    if not file.write(base64.b64decode(told)):
                        break  # it has become shorter

    def exchanges_from(self, other: Far) -> list[clocks.Stamps]:
        """Return exchanges in which another site asks this one for the time.

        Raises TrialError if they cannot talk.
        """
        at = {
            "address": self.address,
            "port": self.ask("clock_serve", address=self.address),
        }
        made = other.ask("clock_ask", **at, exchanges=clocks.EXCHANGES)
        return [clocks.Stamps(*stamps) for stamps in made]

    def ahead_of(self, other: Site) -> Offset:
        """Return by how much the clock of this site is ahead of another's with an agent.

        Raises TrialError if they cannot talk, or if a clock was set meanwhile.
        """
        assert isinstance(other, Far)
        try:
            return clocks.offset(self.exchanges_from(other))
        except ValueError as error:
            raise TrialError(f"clocks of {self.name} and {other.name}: {error}") from error

    # -- in trials with a fault ------------------------------------------------------------

    @property
    def ahead_ns(self) -> int:
        """By how much its clock is ahead of the harness's, as last asked."""
        return self._ledgers.ahead_ns

    def clock(self) -> Offset:
        return self._ledgers.clock()

    def refresh(self, folder: Path) -> None:
        self._ledgers.refresh(folder)

    def drop(self, ports: Sequence[int], packets: bool) -> tuple[int, int]:
        before_ns = clocks.now_ns()
        self.ask("drop", ports=list(ports), packets=packets)
        return before_ns, clocks.now_ns()

    # -- how it ends ---------------------------------------------------------------------

    def close(self) -> None:
        """End the agent with all its hosts. Harmless when done.

        Where nobody else does, a new agent removes what one that was lost has left.
        """
        if self._lost and not self._ended and not self._wire.buries:
            with suppress(TrialError, OSError):
                self._begin()
        self._ended = True
        self._wire.end()
        self._reader.join(END_S)
        if self._reader.is_alive():  # the agent hangs
            self._wire.kill()
            self._reader.join(END_S)
        for host in list(self._hosts.values()):
            self.forget(host)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
