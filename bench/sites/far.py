"""A site elsewhere, and its hosts: each asks the agent of the site to do the work.

A thread of each site reads what its agent says. Answers wake the thread that has asked.
What a host tells goes into a pipe of its own, so that the harness waits for it as for any
host. In a window no line passes but those that hosts tell, and a "keep" now and then.
"""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import random
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from bench.errors import NotMeasurable, TrialError
from bench.hosts.spec import HostSpec
from bench.sites import clocks
from bench.sites.pipe import END_S, Pipe
from bench.trial.clock import Offset
from bench.trial.descendants import CpuTime
from bench.trial.processes import FAILING_S, PYTHON_HOST, Forks, failure
from bench.trial.site import Site

ANSWER_S = 10.0
"""The longest time for an answer; usually it takes less than a millisecond."""
KEEP_S = 4.0
"""How often an agent is told that the harness lives. Its lease is longer."""
EVENT_BYTES = 1 << 20
F_SETPIPE_SZ = 1031
"""fcntl(2); Python 3.11 does not name it on every build."""
SEEDS = 1 << 32


class SiteLost(TrialError):
    """The agent of a site has ended, or does not answer."""


class Far:
    """A site with an agent. Use it with ``with``: at the end the agent is gone.

    ``address`` and ``cpus`` as of ``site.Site``. ``enter`` is the command that starts the
    agent there. An agent that was lost is started again for the next trial.
    """

    def __init__(
        self,
        name: str,
        address: str,
        cpus: tuple[int, ...] = (),
        enter: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.address = address
        self.cpus = cpus
        self._enter = enter
        self._numbers = itertools.count()
        self._ended = False
        self._hosts: dict[int, FarHost] = {}
        self._begin()

    def _begin(self) -> None:
        self._wire = Pipe(self._enter)
        self._answers: dict[int, dict[str, Any]] = {}
        self._answered = threading.Condition()
        self._lost = ""
        """Why there is no agent; '' while there is one."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.facts: dict[str, Any] = self.ask("facts")

    # -- lines ---------------------------------------------------------------------------

    def _send(self, **line: Any) -> None:
        with suppress(OSError, ValueError):  # the reader finds out that the agent is gone
            self._wire.send(json.dumps(line).encode())

    def ask(self, do: str, **more: Any) -> Any:
        """Have the agent do something, and return its answer.

        Raises SiteLost if there is none, and what the agent has raised as TrialError or
        NotMeasurable.
        """
        number = next(self._numbers)
        if not self._lost:
            self._send(id=number, do=do, **more)
        with self._answered:
            self._answered.wait_for(lambda: number in self._answers or self._lost, ANSWER_S)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise SiteLost(self._lost or self._hangs(do))
        if "failed" in answer:
            kind = NotMeasurable if answer["kind"] == "NotMeasurable" else TrialError
            raise kind(f"host {self.name}: {answer['failed']}")
        return answer["answer"]

    def _hangs(self, do: str) -> str:
        self._wire.process.kill()
        return f"host {self.name} was lost: no answer to {do} within {ANSWER_S:g} s"

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
        said = wire.close().splitlines()[-1:]
        why = f"its agent ended (exit status {wire.process.returncode})"
        lost = ": ".join([f"host {self.name} was lost", why, *said])
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
        if self._lost:
            self._begin()

    def free_port(self, rng: random.Random, taken: Collection[int]) -> int:
        self._stand()
        seed = rng.randrange(SEEDS)
        return int(self.ask("free_port", seed=seed, taken=list(taken)))

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
        try:
            made = self.ask(
                "spawn",
                host=number,
                name=name,
                spec=spec.to_json(),
                padding_bytes=padding_bytes,
                program=list(program),
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
        host.close()

    def bring(self, folder: Path) -> None:
        for name, size_bytes in self.ask("files", trial=str(folder)).items():
            with open(folder / Path(name).name, "wb") as file:
                while file.tell() < size_bytes:
                    at = file.tell()
                    told = self.ask("read", trial=str(folder), name=name, offset=at)
                    if not file.write(base64.b64decode(told)):
                        break  # it has become shorter

    def ahead_of(self, other: Site) -> Offset:
        """Return by how much the clock of this site is ahead of another's with an agent.

        Raises TrialError if they cannot talk, or if a clock was set meanwhile.
        """
        assert isinstance(other, Far)
        at = {
            "address": self.address,
            "port": self.ask("clock_serve", address=self.address),
        }
        made = other.ask("clock_ask", **at, exchanges=clocks.EXCHANGES)
        try:
            return clocks.offset(clocks.Stamps(*stamps) for stamps in made)
        except ValueError as error:
            raise TrialError(f"clocks of {self.name} and {other.name}: {error}") from error

    # -- how it ends ---------------------------------------------------------------------

    def close(self) -> None:
        """End the agent with all its hosts. Harmless when done.

        A new agent removes what one that was lost has left.
        """
        if self._lost and not self._ended:
            with suppress(TrialError, OSError):
                self._begin()
        self._ended = True
        self._wire.end()
        self._reader.join(END_S)
        if self._reader.is_alive():  # the agent hangs
            self._wire.process.kill()
            self._reader.join()
        for host in list(self._hosts.values()):
            self.forget(host)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FarHost:
    """One host at a site elsewhere, a ``site.Host``."""

    def __init__(
        self, site: Far, number: int, name: str, spec: HostSpec, log: Path
    ) -> None:
        self.name = name
        self.spec = spec
        self.number = number
        self.pid = 0
        self.mark = ""
        self._site = site
        self._log = log
        self._events, self._told = os.pipe()
        with suppress(OSError):  # a smaller one is enough in most trials
            fcntl.fcntl(self._told, F_SETPIPE_SZ, EVENT_BYTES)
        self._closing = threading.Lock()
        self._status: int | None = None
        self._ended = threading.Event()
        self._lost = ""
        """Why nobody can ask the host any more."""
        self._partial = b""
        log.touch()

    # -- what the agent tells: in the thread of the site -----------------------------------

    def take(self, event: dict[str, Any] | None) -> None:
        """Take an event of the host; None is the end of them."""
        with self._closing:
            if self._told >= 0 and event is not None:
                os.write(self._told, json.dumps(event).encode() + b"\n")
            elif self._told >= 0:
                os.close(self._told)
                self._told = -1

    def take_status(self, status: int | None) -> None:
        """Take the exit status; None if nobody knows it."""
        self._status = status
        self._ended.set()

    def take_loss(self, why: str) -> None:
        """Take the end of the site, and of the host with it."""
        self._lost = why
        self.take_status(None)
        self.take(None)

    def close(self) -> None:
        """Close the pipe of events. Harmless when done."""
        self.take(None)
        with self._closing:
            if self._events >= 0:
                os.close(self._events)
                self._events = -1

    # -- as a host -------------------------------------------------------------------------

    @property
    def events_fd(self) -> int:
        return self._events

    def tell(self, do: str, **more: Any) -> None:
        if self._lost:
            raise SiteLost(self._lost)
        self._site.tell(self, {"do": do, **more})

    def read_events(self) -> Iterator[dict[str, Any]]:
        data = os.read(self._events, EVENT_BYTES)
        if not data:
            raise self.failure("ended before it was told to")
        *lines, self._partial = (self._partial + data).split(b"\n")
        yield from (json.loads(line) for line in lines)

    def status(self, wait_s: float | None = 0.0) -> int | None:
        self._ended.wait(wait_s)
        return self._status

    def _ask(self, do: str, **more: Any) -> Any:
        if self._lost:
            raise SiteLost(self._lost)
        return self._site.ask(do, host=self.number, **more)

    def listens(self, url: str) -> bool:
        return bool(self._ask("listens", url=url))

    def failure(self, what: str) -> TrialError:
        status = self.status(FAILING_S)
        try:
            return failure(self.name, what, status, self.last_words())
        except SiteLost as lost:
            return lost

    def last_words(self) -> str:
        return str(self._ask("words"))

    def cpu_times(self) -> dict[str, CpuTime]:
        return {name: CpuTime(*used) for name, used in self._ask("cpu").items()}

    def mark_ready(self) -> None:
        self._ask("ready")

    def peak_above_ready_bytes(self) -> int:
        return int(self._ask("peak"))

    def limit_descriptors(self, most: int) -> None:
        self._ask("limit", most=most)

    def signal_group(self, number: int) -> None:
        self._ask("signal", number=number)

    def terminate(self) -> None:
        self._ask("terminate")

    def kill_group(self) -> None:
        if not self._lost:
            self._site.kill(self)

    def reap(self) -> None:
        try:
            with suppress(SiteLost):  # then the agent is gone, and its hosts with it
                self._log.write_text(self._ask("reap"), encoding="utf-8")
        finally:
            self._site.forget(self)
