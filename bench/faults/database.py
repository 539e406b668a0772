"""The database of a trial: SQLite in its folder, or PostgreSQL, which can be killed."""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

from bench.errors import NotMeasurable, TrialError
from bench.faults.network.tools import tool
from bench.hosts.store import SQLITE as SQLITE_URL
from bench.hosts.store import create
from bench.trial.addresses import free_port
from bench.trial.descendants import end_descendants
from bench.trial.processes import child_environment
from bench.trial.requirements import version
from bench.trial.scratch import new_folder

SQLITE, POSTGRES = "sqlite", "postgres"
INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian has the programs of each version of PostgreSQL."""
NOBODY = "65534"
READY_S = 20.0
LOOK_S = 0.02


class Sqlite:
    """SQLite: a file in the folder of the trial, and no process that could be killed."""

    def __init__(self, folder: Path) -> None:
        self.url = f"{SQLITE_URL}{folder / 'sessions.sqlite'}"

    def start(self, clients: int) -> None:
        """Make the table, with a row for each client."""
        create(self.url, clients)

    def close(self) -> None:
        """Do nothing: the file goes with the folder of the trial."""


class Postgres:
    """PostgreSQL, unprivileged, in a folder of its own, on the loopback of a trial.

    ``enter`` starts a command where the servers are. Raises NotMeasurable if it or its
    driver is not installed.
    """

    def __init__(self, enter: Sequence[str], rng: Random) -> None:
        if version("psycopg") is None:
            raise NotMeasurable("psycopg is not installed: pip install 'psycopg[binary]'")
        self._program, self._enter = program("postgres"), enter
        self._folder = new_folder()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port(rng)
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def start(self, clients: int) -> None:
        """Start it, and make the table; TrialError with its last words if it fails."""
        self._folder.chmod(0o711)
        data = self._folder / "data"
        shutil.copytree(template(), data)
        data.chmod(0o700)
        if os.geteuid() == 0:
            for path in [data, *data.rglob("*")]:
                os.chown(path, int(NOBODY), int(NOBODY))
        log = self._folder / "log"
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(data),
            "shared_buffers": "16MB",
            # In its folder: files in /dev/shm would stay when it is killed.
            "dynamic_shared_memory_type": "mmap",
        }
        settings = [w for name, value in options.items() for w in ("-c", f"{name}={value}")]
        words: list[str | Path] = [self._program, "-D", data, "-p", str(self._port)]
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [*self._apart(), *unprivileged(self._enter), *words, *settings],
                stdout=errors,
                stderr=errors,
                env=child_environment(),
                cwd="/",
                process_group=0,
            )
        # The harness is on another network, but sees the same files.
        inside = f"postgresql:///postgres?host={data}&port={self._port}&user=postgres"
        deadline = time.monotonic() + READY_S
        failed: type[Exception] = importlib.import_module("psycopg").OperationalError
        while True:
            try:
                create(inside, clients)
                return
            except failed as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = log.read_text(errors="replace").strip()
                    raise TrialError(f"PostgreSQL did not start: {said}") from error
            time.sleep(LOOK_S)

    def _apart(self) -> list[str]:
        """Return the words before its command that lead into the network of its trial.

        There it has shared memory of its own, of which the kernel keeps nothing when it is
        killed.
        """
        return [*self._enter, tool("unshare"), "--ipc"] if self._enter else []

    def kill(self) -> None:
        """Send SIGKILL to all its processes, which have sessions of their own."""
        assert self._process
        end_descendants(self._process.pid)
        self._process.kill()

    def close(self) -> None:
        """End it, and remove its folder; harmless if done before."""
        if self._process:
            self.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs. Raises NotMeasurable without it."""
    found = sorted(INSTALLED.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if found:
        return str(found[-1])
    try:
        return tool(name)
    except NotMeasurable as error:
        raise NotMeasurable(
            "PostgreSQL is not installed: install the package postgresql"
        ) from error


def unprivileged(enter: Sequence[str] = ()) -> list[str]:
    """Return the words before a command that PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        user = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    elif enter:  # root of a user namespace, but not of this machine
        return [tool("unshare"), "--user", "--map-user=1000", "--map-group=1000"]
    else:
        user = []
    return [tool("setpriv"), *user, "--pdeathsig", "KILL"]


@cache
def template() -> Path:
    """Return a folder with a new database, which every trial copies."""
    folder = new_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o711)
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:
        os.chown(data, int(NOBODY), int(NOBODY))
    words = [
        "-D",
        str(data),
        "--auth=trust",
        "--username=postgres",
        "--no-sync",
        "--locale=C",
    ]
    made = subprocess.run(
        [*unprivileged(), program("initdb"), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if made.returncode:
        raise TrialError(f"initdb: {made.stderr.strip()}")
    return data


def database(
    store: str, folder: Path, enter: Sequence[str], rng: Random
) -> Sqlite | Postgres | None:
    """Return the database of a trial by the name of its store, None without one."""
    if not store:
        return None
    return Sqlite(folder) if store == SQLITE else Postgres(enter, rng)
