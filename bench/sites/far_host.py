"""A host at a site elsewhere: the agent of the site does the work.

Its events go into a pipe, so that the harness waits for them as for those of any host.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import TrialError
from bench.hosts.spec import HostSpec
from bench.trial.descendants import CpuTime
from bench.trial.processes import FAILING_S, failure

if TYPE_CHECKING:
    from bench.sites.far import Far

EVENT_BYTES = 1 << 20
F_SETPIPE_SZ = 1031
"""fcntl(2); Python 3.11 does not name it on every build."""


class SiteLost(TrialError):
    """The agent of a site has ended, or does not answer."""


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

    def moment(self, harness_ns: int) -> int:
        return harness_ns + self._site.ahead_ns

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
