"""The wire to an agent on a worker of a Dask cluster: bytes pass through an actor.

Dask finds the worker, proves who speaks, and carries. It is loaded here and in the modules
for clusters beside this one, and nowhere else: no agent and no host loads it.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

import cloudpickle
from distributed import Client

from bench.sites import keeper
from bench.sites.bundle import Bundle
from bench.sites.wire import END_S, LEASE_S, Lines

CALL_S = 10.0
"""The longest time of a call beyond what it waits for; usually it takes milliseconds."""

# It goes by value: a class that can be imported would go by its name, and the scheduler,
# which has nothing of this project, would look for it too.
cloudpickle.register_pickle_by_value(keeper)
keeper.Keeper.__module__ = "__main__"


class DaskWire:
    """An agent on a worker, a ``wire.Wire``.

    ``worker`` is the address at which Dask knows it. Raises OSError if it does not answer.
    """

    buries = True

    def __init__(self, client: Client, worker: str, code: Bundle) -> None:
        self._sending = threading.Lock()
        self._lines = Lines()
        self._silent = False
        made = client.submit(
            keeper.Keeper,
            actor=True,
            workers=[worker],
            allow_other_workers=False,  # it would start empty elsewhere
            pure=False,
        )
        try:
            with client.as_current():  # an actor looks for its client when it is made
                self._keeper = made.result(timeout=CALL_S)
            self._call("start", code.data, code.digest, LEASE_S)
        except BaseException:
            made.release()
            raise

    def _call(self, method: str, *words: Any, wait_s: float = 0.0) -> Any:
        """Call a method of the keeper. Raises OSError if it cannot be reached."""
        try:
            return getattr(self._keeper, method)(*words).result(timeout=wait_s + CALL_S)
        except TimeoutError as error:
            self._silent = True
            raise ConnectionError("it does not answer") from error
        except (Exception, CancelledError, asyncio.CancelledError) as error:
            # Dask has several errors for this, and others at the end of its client.
            raise ConnectionError(str(error) or type(error).__name__) from error

    def worker(self, settings: list[str]) -> dict[str, Any]:
        """Return as ``keeper.Keeper.worker``. Raises OSError."""
        found: dict[str, Any] = self._call("worker", settings)
        return found

    def send(self, line: bytes) -> None:
        with self._sending:  # one after the other: calls may overtake each other
            self._call("send", line + b"\n")

    def receive(self, wait_s: float) -> list[bytes]:
        data = self._call("receive", wait_s, wait_s=wait_s)
        if data is None:
            raise EOFError("the agent has ended")
        return self._lines.cut(data)

    def end(self) -> None:
        with suppress(OSError):
            self._call("end")

    def kill(self) -> None:
        with suppress(Exception):  # its lease ends it if it cannot be reached
            self._keeper.kill()

    def close(self) -> str:
        if self._silent:
            return "its worker does not answer"
        try:
            status, said = self._call("ended", wait_s=END_S)
        except OSError:  # Dask's own words have addresses, and reasons are published
            return "its worker cannot be reached"
        return ": ".join(filter(None, [f"its agent ended (exit status {status})", said]))
