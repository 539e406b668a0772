"""The agent of one site: it does there with host processes what the harness does at home.

``python -m bench.sites.agent [LEASE_S [FOLDER]]`` reads a line of JSON for each command,
from its standard input, and writes lines to its standard output:

    {"id": 7, "do": "spawn", ...}    a command; without an id it gets no answer
    {"id": 7, "answer": ...}         what it returns
    {"id": 7, "failed": ..., "kind": "TrialError"}
    {"from": 3, "event": {...}}      what host 3 has told; null at the end of its events
    {"from": 3, "status": -9}        host 3 has ended

Commands that name a host do so by the number that the harness has given it. The agent loads
the standard library and the project alone. While nobody speaks it sleeps.

At the end of its input the agent kills its hosts, removes their files and ends. It does
the same if nobody has asked anything for the time of its lease: a harness that lives says
"keep" more often. It must not die with its parent at once, because it has to clean up. It
removes FOLDER too, in which its own code may be.
"""

from __future__ import annotations

import json
import os
import random
import selectors
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from bench.contract.model import PROJECT
from bench.errors import NoMiddleError, NotMeasurable
from bench.hosts.spec import read_spec
from bench.sites import about, clocks
from bench.sites.bundle import PYTHON_THERE
from bench.sites.errands import Errands
from bench.sites.filters import Filters
from bench.sites.folders import CHUNK_BYTES, Folders
from bench.sites.wire import LEASE_S, Lines
from bench.trial import addresses
from bench.trial.descendants import cpu_clock, sweep_processes
from bench.trial.processes import HostProcess, kill_together
from bench.trial.scratch import new_folder, sweep_folders

ALONE = "nomiddle agent"
ENDED_S = 5.0
"""How long a host whose end the kernel tells may take to have an exit status."""


class Agent:
    """The hosts of one site, by number, and the folders of their trials."""

    def __init__(self, told: int, says: int, lease_s: float) -> None:
        self._told, self._says, self._lease_s = told, says, lease_s
        self._scratch = new_folder()
        self._errands = Errands(self._scratch)
        self._filters = Filters()
        self._alone: socket.socket | None = None
        self._hosts: dict[int, HostProcess] = {}
        self._folders: dict[int, Path] = {}
        self._trials = Folders(self._scratch)
        self._ends: dict[int, int] = {}
        """The files by which the kernel tells the end of each host."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(told, selectors.EVENT_READ)
        self._lines = Lines()
        self._clock = clocks.Server()

    def run(self) -> None:
        """Obey until the end of the input. At that of the lease a signal ends the agent:
        it may wait for a reader of its lines then.
        """
        self._renew_lease()
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._told:
                    if not self._read_commands():
                        return
                    self._renew_lease()
                elif key.fd in self._errands:
                    self._end_errand(key.fd)
                elif key.data in self._hosts:
                    self._hear(key.data, key.fd)

    def _renew_lease(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self._lease_s)

    def close(self) -> None:
        """Kill all hosts, and remove what they wrote."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._clock.close()
        self._errands.close()
        kill_together(list(self._hosts.values()))
        shutil.rmtree(self._scratch, ignore_errors=True)

    # -- lines ---------------------------------------------------------------------------

    def _say(self, **line: Any) -> None:
        data = memoryview(json.dumps(line).encode() + b"\n")
        while data:
            data = data[os.write(self._says, data) :]

    def _read_commands(self) -> bool:
        """Obey the commands that have arrived; return False at the end of the input."""
        data = os.read(self._told, CHUNK_BYTES)
        for line in self._lines.cut(data):
            command = json.loads(line)
            number = command.pop("id", None)
            if command["do"] == "run":  # it answers when it has ended
                end = self._errands.start(number, command["module"], command["words"])
                self._selector.register(end, selectors.EVENT_READ)
            else:
                self._answer(number, partial(self._obey, **command))
        return bool(data)

    def _obey(self, do: str, **more: Any) -> Any:
        return getattr(self, f"do_{do}")(**more)

    def _answer(self, number: int | None, does: Callable[[], Any]) -> None:
        """Do what was asked, and answer with what it returns or raises."""
        try:
            said = {"answer": does()}
        except Exception as error:  # the harness knows what to do about it
            told = isinstance(error, NoMiddleError)
            why = str(error) if told else f"{type(error).__name__}: {error}"
            said = {"failed": why, "kind": type(error).__name__}
        if number is not None:
            self._say(id=number, **said)

    def _hear(self, number: int, file: int) -> None:
        """Pass on what a host has told, or that it has ended."""
        host = self._hosts[number]
        if file == self._ends.get(number):
            self._forget_end(number)
            self._say(**{"from": number, "status": host.status(ENDED_S)})
            return
        try:
            for event in host.read_events():
                self._say(**{"from": number, "event": event})
        except NoMiddleError:  # the end of its events
            self._selector.unregister(file)
            self._say(**{"from": number, "event": None})

    def _forget_end(self, number: int) -> None:
        if (file := self._ends.pop(number, None)) is not None:
            self._selector.unregister(file)
            os.close(file)

    def _end_errand(self, end: int) -> None:
        """Answer a command with what its program has printed."""
        self._selector.unregister(end)
        number = self._errands.number(end)
        self._answer(number, partial(self._errands.finish, end))

    # -- commands ------------------------------------------------------------------------

    def do_keep(self) -> None:
        """Do nothing: the lease goes on."""

    def do_facts(self) -> dict[str, Any]:
        return about.facts()

    def do_be_alone(self) -> None:
        """Refuse to share this network with an agent of another run.

        As ``bench.run.lock``, with a name that belongs to a network. The kernel forgets it.
        """
        self._alone = socket.socket(socket.AF_UNIX)
        try:
            self._alone.bind(f"\0{ALONE}")
        except OSError as error:
            raise NotMeasurable(
                "another run is measuring there; wait for its end"
            ) from error

    def do_cpu_ms(self, pids: list[int]) -> list[float]:
        """Return the CPU time so far of processes that are no hosts, in milliseconds."""
        return [time.clock_gettime_ns(cpu_clock(pid)) / 1e6 for pid in pids]

    def do_address(self, interface: str) -> str:
        return about.address_of(interface)

    def do_free_port(self, seed: int, taken: list[int], address: str) -> int:
        return addresses.free_port(random.Random(seed), taken, address)

    def do_spawn(
        self, host: int, name: str, spec: str, padding_bytes: int, program: list[str]
    ) -> dict[str, Any]:
        asked = read_spec(spec)
        folder = self._trials.of(asked.folder)
        here = asked._replace(
            folder=str(folder),
            parent=os.getpid(),
            cell=_here(asked.cell),
            search=tuple(map(_here, asked.search)),
        )
        log = self._scratch / f"{host}.log"
        command = [_here(program[0]), *program[1:]]
        made = HostProcess(name, here, log, padding_bytes, program=command)
        self._hosts[host], self._folders[host] = made, folder
        self._ends[host] = os.pidfd_open(made.pid)
        for file in (made.events_fd, self._ends[host]):
            self._selector.register(file, selectors.EVENT_READ, host)
        return {"pid": made.pid, "mark": made.mark}

    def do_tell(self, host: int, line: dict[str, Any]) -> None:
        self._hosts[host].tell(**line)

    def do_listens(self, host: int, url: str) -> bool:
        return self._hosts[host].listens(url)

    def do_cpu(self, host: int) -> dict[str, tuple[int, int]]:
        return dict(self._hosts[host].cpu_times())

    def do_ready(self, host: int) -> None:
        self._hosts[host].mark_ready()

    def do_peak(self, host: int) -> int:
        return self._hosts[host].peak_above_ready_bytes()

    def do_words(self, host: int) -> str:
        return self._hosts[host].last_words()

    def do_limit(self, host: int, most: int) -> None:
        self._hosts[host].limit_descriptors(most)

    def do_signal(self, host: int, number: int) -> None:
        self._hosts[host].signal_group(number)

    def do_terminate(self, host: int) -> None:
        self._hosts[host].terminate()

    def do_kill(self, host: int) -> None:
        self._hosts[host].kill_group()

    def do_reap(self, host: int) -> str:
        """End a host and all that it has left; return its log."""
        made = self._hosts.pop(host)
        self._forget_end(host)
        with suppress(KeyError):
            self._selector.unregister(made.events_fd)
        kill_together([made])
        folder = self._folders.pop(host)
        if folder not in self._folders.values():  # it was the last of its trial
            self._trials.remove(folder)
        said = made.log.read_text(errors="replace")
        made.log.unlink()
        return said

    def do_write(self, **told: str) -> None:
        self._trials.write(**told)

    def do_files(self, trial: str) -> dict[str, int]:
        return self._trials.files(trial)

    def do_read(self, trial: str, name: str, offset: int) -> str:
        return self._trials.read(trial, name, offset)

    def do_ledgers(self, trial: str, known: dict[str, int]) -> dict[str, tuple[int, str]]:
        return self._trials.ledgers(trial, known)

    def do_drop(self, ports: list[int], packets: bool) -> None:
        self._filters.drop(ports, packets)

    def do_clock(self) -> int:
        return clocks.now_ns()

    def do_clock_serve(self, address: str) -> int:
        return self._clock.serve(address)

    def do_clock_ask(self, address: str, port: int, exchanges: int) -> list[list[int]]:
        return [list(each) for each in clocks.ask(address, port, exchanges)]


def _here(path: str) -> str:
    """Return where a file is here whose path is told as of ``bundle.Paths``."""
    if path == PYTHON_THERE:
        return sys.executable
    return str(PROJECT / path) if path else ""


def _end(*_: object) -> None:
    sys.exit()


def main() -> None:
    lease_s, folder = (*sys.argv[1:], *(str(LEASE_S), "")[len(sys.argv) - 1 :])
    for ending in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(ending, _end)
    sweep_folders()
    sweep_processes()
    told, says = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    agent = Agent(told, says, float(lease_s))
    try:
        with suppress(BrokenPipeError):
            agent.run()
    finally:
        agent.close()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
