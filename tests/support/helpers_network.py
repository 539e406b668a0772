"""Helpers of tests of networks: a harness to be killed, and what it may leave behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bench.contract.model import PROJECT
from bench.errors import NotMeasurable
from bench.faults.network import tools
from bench.faults.network.hosts import Network

BOUND_S = 30
"""A bound for what takes a moment."""
MARK = "NOMIDDLE_TEST"
PACKAGES = sysconfig.get_paths()["purelib"]


def wait_for(happened: Callable[[], object], bound_s: float = BOUND_S) -> None:
    deadline = time.monotonic() + bound_s
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def refuse_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every network end as on a machine that permits no namespace."""

    def refuse(network: Network, *names: str) -> None:
        del network, names
        raise NotMeasurable("namespaces are refused: allow them")

    monkeypatch.setattr(Network, "__init__", refuse)


@contextmanager
def permitted() -> Iterator[None]:
    try:
        yield
    except NotMeasurable as error:
        pytest.skip(str(error))


@contextmanager
def network_of(*names: str) -> Iterator[Network]:
    with permitted(), Network(*names) as network:
        yield network


def processes_marked(mark: str) -> list[int]:
    """Return the living processes that have a mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended between the listing and the reading
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


def namespaces_in_use() -> set[str]:
    """Return the network namespaces that a process lives in or holds open."""
    files = [*Path("/proc").glob("[0-9]*/ns/net"), *Path("/proc").glob("[0-9]*/fd/*")]
    found = set()
    for file in files:
        with suppress(OSError):
            if (target := os.readlink(file)).startswith("net:"):
                found.add(target)
    return found


def of_this_machine() -> tuple[set[str], str, set[str]]:
    """Return interfaces, packet filters and named namespaces outside of all networks."""
    interfaces = {
        line.split(":")[0].strip()
        for line in Path("/proc/net/dev").read_text(encoding="utf-8").split("\n")
    }
    nft = shutil.which("nft", path=f"{os.environ['PATH']}:{tools.FOR_ROOT}")
    tables = ""
    if nft and os.geteuid() == 0:
        tables = subprocess.run(
            [nft, "list", "tables"], capture_output=True, text=True, check=False
        ).stdout
    named = Path("/run/netns")
    return (
        interfaces,
        tables,
        {p.name for p in named.iterdir()} if named.exists() else set(),
    )


class Harness:
    """A process that makes networks, marked so that all that it starts can be found."""

    def __init__(
        self, program: str, *before: str, python: str = sys.executable, **more: str
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.hosts = [f"h{self.mark[:8]}{place}" for place in range(2)]
        self.before = of_this_machine()
        self.process = subprocess.Popen(
            [*before, python, "-c", program, *self.hosts],
            cwd="/",
            env={
                **os.environ,
                MARK: self.mark,
                "PYTHONPATH": f"{PROJECT}:{PACKAGES}",
                "PYTHONDONTWRITEBYTECODE": "1",
                **more,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.namespaces: set[str] = set()
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.strip())
            if line.startswith("net:"):
                self.namespaces.add(line.strip())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(BOUND_S)

    def leaves_nothing(self) -> None:
        """Assert it, within a moment; then end what stayed, if anything did."""
        try:
            wait_for(lambda: not processes_marked(self.mark))
            wait_for(lambda: not self.namespaces & namespaces_in_use())
        finally:
            for pid in processes_marked(self.mark):
                os.kill(pid, signal.SIGKILL)
        interfaces, tables, named = of_this_machine()
        new = interfaces - self.before[0]
        assert not new & {*self.hosts}
        assert tables == self.before[1]
        assert named == self.before[2]
