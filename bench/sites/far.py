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
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from bench.errors import NotMeasurable, TrialError
from bench.hosts.spec import HostSpec
from bench.sites import clocks
from bench.sites.far_host import FarHost, SiteLost
from bench.sites.pipe import END_S, Pipe
from bench.trial.clock import Offset
from bench.trial.processes import PYTHON_HOST, Forks
from bench.trial.site import Site

ANSWER_S = 10.0
"""The longest time for an answer; usually it takes less than a millisecond."""
KEEP_S = 4.0
"""How often an agent is told that the harness lives. Its lease is longer."""
SEEDS = 1 << 32


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
        asked = {"seed": rng.randrange(SEEDS), "taken": list(taken)}
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
