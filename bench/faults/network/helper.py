"""A process of the harness that obeys commands, line by line.

A helper module runs as ``python -m MODULE SPEC``. It prints a line when it is ready, and
answers each line with one line (see ``bench.faults.network.lines``). It ends at the end of
its input, and dies with the harness, even if the harness is killed.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from bench.errors import TrialError
from bench.trial.processes import child_environment

ANSWER_S = 20.0
"""The longest time for an answer in seconds; usually it takes milliseconds."""


class Helper:
    """A helper process; ``close`` ends it.

    The thread that starts it must live as long as the helper: the kernel kills both
    together. ``before`` is a command that starts it in a namespace or as another user, and
    becomes the helper without forking. Raises TrialError, with its last line, if it does
    not start.
    """

    def __init__(
        self, module: str, spec: dict[str, Any], before: Sequence[str] = ()
    ) -> None:
        self.module = module
        told = json.dumps({**spec, "parent": os.getpid()})
        self.process = subprocess.Popen(
            [*before, sys.executable, "-S", "-m", module, told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
            bufsize=0,
            process_group=0,  # Ctrl-C is for the harness, which still needs its helpers
        )
        self._asking = threading.Lock()
        try:
            self.ready = self._hear()
        except BaseException:
            self.close()
            raise

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send one command and return the answer. Raises TrialError if there is none."""
        assert self.process.stdin
        with self._asking:
            try:
                self.process.stdin.write(json.dumps(command).encode() + b"\n")
            except (BrokenPipeError, ValueError) as error:
                raise self._failure() from error
            answer = self._hear()
        if "failed" in answer:
            raise TrialError(f"{self.module}: {answer['failed']}")
        return answer

    def _hear(self) -> dict[str, Any]:
        assert self.process.stdout
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], ANSWER_S)[0]:
                raise TrialError(f"{self.module} did not answer within {ANSWER_S:g} s")
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            if not data:
                raise self._failure()
            line += data
        heard: dict[str, Any] = json.loads(line)
        return heard

    def _failure(self) -> TrialError:
        self.process.kill()
        self.process.wait()
        assert self.process.stderr
        closed = self.process.stderr.closed
        said = b"" if closed else self.process.stderr.read()
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        return TrialError("".join(last) or f"{self.module} is gone")

    def close(self) -> None:
        """Kill and reap the process; harmless if it has ended."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()
