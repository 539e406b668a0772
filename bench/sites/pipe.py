"""The wire to an agent that is a process of this machine: a pipe each way."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence

from bench.sites.wire import END_S, Lines
from bench.trial.processes import child_environment

AGENT = (sys.executable, "-S", "-m", "bench.sites.agent")
READ_BYTES = 1 << 20


class Pipe:
    """An agent that was started with a command, a ``wire.Wire``.

    ``enter`` is a command that starts it elsewhere: in a network namespace, for example.
    Raises OSError if it cannot be started.
    """

    buries = False

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
        self._lines = Lines()
        self._sending = threading.Lock()

    def send(self, line: bytes) -> None:
        assert self.process.stdin
        left = memoryview(line + b"\n")
        with self._sending:
            if self.process.stdin.closed:
                raise BrokenPipeError("the agent was told to end")
            while left:
                left = left[os.write(self.process.stdin.fileno(), left) :]

    def receive(self, wait_s: float) -> list[bytes]:
        assert self.process.stdout
        file = self.process.stdout.fileno()
        if not select.select([file], [], [], wait_s)[0]:
            return []
        data = os.read(file, READ_BYTES)
        if not data:
            raise EOFError("the agent has ended")
        return self._lines.cut(data)

    def end(self) -> None:
        assert self.process.stdin
        with self._sending:
            self.process.stdin.close()

    def kill(self) -> None:
        self.process.kill()

    def close(self) -> str:
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stderr
        said = self.process.stderr.read().decode(errors="replace").splitlines()[-1:]
        with self._sending:
            for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
                assert pipe
                pipe.close()
        return ": ".join(
            [f"its agent ended (exit status {self.process.returncode})", *said]
        )
