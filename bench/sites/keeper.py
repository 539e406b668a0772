"""The one object that Dask has on a worker: it keeps an agent, and passes bytes.

Its class goes to the worker by value, because nothing of this project need be installed
there. So it uses the standard library alone, and Dask. All its methods are coroutines:
others would share one thread, in which one that waits would hold up every other.

An agent ends when the worker does, because its input ends. It ends when Dask drops this
object, as it does soon after a harness has gone. Its own lease ends it if both live and
nobody speaks. The worker removes the files of a killed agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import shutil
import signal
import sys
import tempfile
import zipfile
from typing import IO, Any

import dask
from distributed import get_worker

READ_BYTES = 1 << 20
END_S = 10.0
PREFIX = "nomiddle-trial-"
"""As of ``bench.trial.scratch``, which sweeps what killed workers left."""
SWEEP = (
    "from bench.trial import descendants, scratch; "
    "descendants.sweep_processes(); scratch.sweep_folders()"
)


class Keeper:
    """Keeps one agent. ``start`` comes first, then all else in any order."""

    _process: Any = None

    async def start(self, code: bytes, digest: str, lease_s: float) -> None:
        """Unpack the code and start the agent.

        Raises ValueError if the code is not what the digest says.
        """
        if hashlib.sha256(code).hexdigest() != digest:
            raise ValueError("the code arrived damaged")
        folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
        try:
            with zipfile.ZipFile(io.BytesIO(code)) as archive:
                archive.extractall(f"{folder}/code")
            said = tempfile.TemporaryFile()  # noqa: SIM115, until the agent has ended
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-S", "-m", "bench.sites.agent", str(lease_s), folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
                limit=READ_BYTES,
                env=_environment(folder),
                cwd=folder,
                start_new_session=True,  # a signal to the worker's group is not for it
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        # A task that knew this object would keep it, and the agent with it.
        self._end = asyncio.ensure_future(_bury(self._process, folder, said))

    async def worker(self, settings: list[str]) -> dict[str, Any]:
        """Return the ids of the worker's processes, and some settings of Dask there."""
        nanny = [os.getppid()] if get_worker().nanny else []
        found = {name: dask.config.get(name, None) for name in settings}
        return {"processes": [os.getpid(), *nanny], "settings": found}

    async def send(self, data: bytes) -> None:
        """Pass bytes to the agent. Raises OSError if it has ended."""
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    async def receive(self, wait_s: float) -> bytes | None:
        """Return bytes from the agent; b"" after a wait without any, None at its end."""
        try:
            data = await asyncio.wait_for(self._process.stdout.read(READ_BYTES), wait_s)
        except TimeoutError:
            return b""
        return data or None

    async def end(self) -> None:
        """Let the agent end at the end of its input."""
        self._process.stdin.close()

    async def kill(self) -> None:
        """End an agent that hangs."""
        _kill(self._process)

    async def ended(self) -> tuple[int, str]:
        """Wait until the agent has ended; return its exit status and its last line."""
        status, said = await asyncio.shield(self._end)
        return status, said

    def __del__(self) -> None:
        """End the agent: Dask has dropped this object."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(RuntimeError):  # the worker ends as well
                loop = self._end.get_loop()
                loop.call_soon_threadsafe(self._process.stdin.close)
                loop.call_soon_threadsafe(loop.call_later, END_S, _kill, self._process)


def _kill(process: Any) -> None:
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)


def _environment(folder: str) -> dict[str, str]:
    """Return the environment of an agent: no secrets of the cluster, no other code."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "DASK_"))
    }
    return {**kept, "PYTHONPATH": f"{folder}/code"}


async def _bury(process: Any, folder: str, said: IO[bytes]) -> tuple[int, str]:
    """Wait for the end of an agent, and remove what it left if it was killed."""
    status = await process.wait()
    with said:
        said.seek(0)
        lines = said.read().decode(errors="replace").splitlines()
    if os.path.isdir(folder):
        sweep = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-c", SWEEP), env=_environment(folder), cwd=folder
        )
        await sweep.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return status, "".join(lines[-1:])
