"""The wire to an agent that is a process of this machine: a pipe each way."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence

from bench.trial.processes import child_environment

AGENT = (sys.executable, "-S", "-m", "bench.sites.agent")
READ_BYTES = 1 << 20
END_S = 10.0
"""How long an agent may take to kill its hosts and to end."""


class Pipe:
    """An agent that was started with a command, and the lines to and from it.

    ``enter`` is a command that starts it elsewhere: in a network namespace, for example.
    Raises OSError if it cannot be started.
    """

    def __init__(self, enter: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [*enter, *AGENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
            bufsize=0,
            process_group=0,  # Ctrl-C is for the harness, which then ends its agents
        )
        self._partial = b""
        self._sending = threading.Lock()

    def send(self, line: bytes) -> None:
        """Send one line. Raises OSError when the agent is gone."""
        assert self.process.stdin
        left = memoryview(line + b"\n")
        with self._sending:
            while left:
                left = left[os.write(self.process.stdin.fileno(), left) :]

    def receive(self, wait_s: float) -> list[bytes]:
        """Return the lines that have arrived, none after a wait without any.

        Raises EOFError when the agent is gone.
        """
        assert self.process.stdout
        file = self.process.stdout.fileno()
        if not select.select([file], [], [], wait_s)[0]:
            return []
        data = os.read(file, READ_BYTES)
        if not data:
            raise EOFError("the agent has ended")
        *lines, self._partial = (self._partial + data).split(b"\n")
        return lines

    def end(self) -> None:
        """Let the agent end at the end of its input. ``receive`` sees its end."""
        assert self.process.stdin
        with self._sending:
            self.process.stdin.close()

    def close(self) -> str:
        """Wait for the end of the agent, kill it if it hangs; return what it complained."""
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stderr
        said = self.process.stderr.read()
        with self._sending:
            for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
                assert pipe
                pipe.close()
        return said.decode(errors="replace").strip()
