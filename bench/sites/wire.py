"""The wire between a site and its agent: lines there, and lines back.

``pipe`` lays it to a process of this machine, ``dask_wire`` to a worker of a Dask cluster.
Neither knows what the lines say.
"""

from __future__ import annotations

from typing import Protocol

LEASE_S = 10.0
"""How long an agent lives to which nobody speaks."""
END_S = 10.0
"""How long an agent may take to kill its hosts and to end."""


class Wire(Protocol):
    """An agent that was started somewhere, and the lines to and from it.

    ``buries`` is whether its other end removes what a killed agent has left.
    """

    buries: bool

    def send(self, line: bytes) -> None:
        """Send one line. Raises OSError when the agent cannot be reached."""

    def receive(self, wait_s: float) -> list[bytes]:
        """Return the lines that have arrived, none after a wait without any.

        Raises EOFError when the agent is gone, OSError when nobody knows.
        """

    def end(self) -> None:
        """Let the agent end at the end of its input. ``receive`` sees its end."""

    def kill(self) -> None:
        """End an agent that hangs, as far as it can be reached, without waiting."""

    def close(self) -> str:
        """Wait for the end of the agent; return how it ended, and what it complained."""


class Lines:
    """Cuts bytes into lines as they arrive."""

    def __init__(self) -> None:
        self._partial = b""

    def cut(self, data: bytes) -> list[bytes]:
        """Return the lines that are complete now."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        return lines
