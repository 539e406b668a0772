"""Waits for what several hosts tell, here and elsewhere."""

from __future__ import annotations

import selectors
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from bench.trial.site import Host

LOOK_S = 0.5


class Events:
    """Waits for events of several hosts at once."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self.ending = False
        """Whether hosts have been told to leave: what a role raises then is no error."""
        self._selector = selectors.DefaultSelector()
        for host in hosts:
            self.add(host)

    def add(self, host: Host) -> None:
        self._selector.register(host.events_fd, selectors.EVENT_READ, host)

    def forget(self, host: Host) -> None:
        """Hear no more of a host: its end is meant. Harmless when done."""
        with suppress(KeyError):
            self._selector.unregister(host.events_fd)

    def wait(self, timeout_s: float) -> Iterator[tuple[Host, dict[str, Any]]]:
        """Yield what arrives within ``timeout_s`` seconds, at most one batch of it.

        Raises TrialError when a role raised or a host ended.
        """
        arrived = self._selector.select(max(0.0, min(timeout_s, LOOK_S)))
        if not arrived:
            self._expect_living()
        for key, _ in arrived:
            host: Host = key.data
            for event in host.read_events():
                if event["event"] == "raised" and not self.ending:
                    raise host.failure(f"raised {event['error']}")
                if event["event"] == "result":  # its last words: it leaves now
                    self._selector.unregister(key.fileobj)
                yield host, event

    def _expect_living(self) -> None:
        """Raise TrialError for a host that ended while a child of it holds its pipe."""
        ended = [
            key.data
            for key in self._selector.get_map().values()
            if key.data.status() is not None
        ]
        if ended and not self._selector.select(0):
            raise ended[0].failure("ended before it was told to")

    def until(self, deadline: float) -> Iterator[tuple[Host, dict[str, Any]]]:
        """Yield events until a moment of ``time.monotonic``."""
        while (left_s := deadline - time.monotonic()) > 0:
            yield from self.wait(left_s)

    def close(self) -> None:
        self._selector.close()
