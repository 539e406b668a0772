"""The agent of one site: it does there with host processes what the harness does at home.

``python -m bench.sites.agent [LEASE_S]`` reads a line of JSON for each command, from its
standard input, and writes lines to its standard output:

    {"id": 7, "do": "spawn", ...}    a command; without an id it gets no answer
    {"id": 7, "answer": ...}         what it returns
    {"id": 7, "failed": ..., "kind": "TrialError"}
    {"from": 3, "event": {...}}      what host 3 has told; null at the end of its events
    {"from": 3, "status": -9}        host 3 has ended

Commands that name a host do so by the number that the harness has given it. The agent loads
the standard library and the project alone. While nobody speaks it sleeps.

At the end of its input the agent kills its hosts, removes their files and ends. It does
the same if nobody has asked anything for the time of its lease: a harness that lives says
"keep" more often. It must not die with its parent at once, because it has to clean up.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import random
import selectors
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.errors import NoMiddleError
from bench.hosts.spec import read_spec
from bench.sites import clocks
from bench.trial import addresses
from bench.trial.descendants import sweep_processes
from bench.trial.processes import HostProcess, kill_together
from bench.trial.scratch import new_folder, sweep_folders

LEASE_S = 10.0
CHUNK_BYTES = 1 << 20
ENDED_S = 5.0
"""How long a host whose end the kernel tells may take to have an exit status."""


class Agent:
    """The hosts of one site, by number, and the folders of their trials."""

    def __init__(self, told: int, says: int, lease_s: float) -> None:
        self._told, self._says, self._lease_s = told, says, lease_s
        self._scratch = new_folder()
        self._hosts: dict[int, HostProcess] = {}
        self._folders: dict[int, Path] = {}
        self._trials: dict[str, Path] = {}
        self._numbers = itertools.count()
        self._ends: dict[int, int] = {}
        """The files by which the kernel tells the end of each host."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(told, selectors.EVENT_READ)
        self._partial = b""
        self._clock = clocks.Server()

    def run(self) -> None:
        """Obey until the end of the input, or of the lease."""
        lease = time.monotonic() + self._lease_s
        while (left_s := lease - time.monotonic()) > 0:
            for key, _ in self._selector.select(left_s):
                if key.fd == self._told:
                    if not self._read_commands():
                        return
                    lease = time.monotonic() + self._lease_s
                elif key.data in self._hosts:
                    self._hear(key.data, key.fd)

    def close(self) -> None:
        """Kill all hosts, and remove what they wrote."""
        self._clock.close()
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
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            command = json.loads(line)
            number = command.pop("id", None)
            try:
                answer = getattr(self, f"do_{command.pop('do')}")(**command)
            except Exception as error:  # the harness knows what to do about it
                if number is not None:
                    told = isinstance(error, NoMiddleError)
                    why = str(error) if told else f"{type(error).__name__}: {error}"
                    self._say(id=number, failed=why, kind=type(error).__name__)
            else:
                if number is not None:
                    self._say(id=number, answer=answer)
        return bool(data)

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

    # -- commands ------------------------------------------------------------------------

    def do_keep(self) -> None:
        """Do nothing: the lease goes on."""

    def do_facts(self) -> dict[str, Any]:
        """Return what tells this site from others."""
        return {
            "pid": os.getpid(),
            "python": sys.version,
            "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
            "network": os.stat("/proc/self/ns/net").st_ino,
            "cpus": sorted(os.sched_getaffinity(0)),
        }

    def do_free_port(self, seed: int, taken: list[int]) -> int:
        return addresses.free_port(random.Random(seed), taken)

    def do_spawn(
        self, host: int, name: str, spec: str, padding_bytes: int, program: list[str]
    ) -> dict[str, Any]:
        asked = read_spec(spec)
        folder = self._folder_of(asked.folder)
        here = asked._replace(folder=str(folder), parent=os.getpid())
        log = self._scratch / f"{host}.log"
        made = HostProcess(name, here, log, padding_bytes, program=program)
        self._hosts[host], self._folders[host] = made, folder
        self._ends[host] = os.pidfd_open(made.pid)
        for file in (made.events_fd, self._ends[host]):
            self._selector.register(file, selectors.EVENT_READ, host)
        return {"pid": made.pid, "mark": made.mark}

    def _folder_of(self, trial: str) -> Path:
        """Return the folder of a trial here, which has its name on the harness's host."""
        if trial not in self._trials:
            self._trials[trial] = self._scratch / str(next(self._numbers))
            self._trials[trial].mkdir()
        return self._trials[trial]

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
            shutil.rmtree(folder, ignore_errors=True)
            self._trials = {k: f for k, f in self._trials.items() if f != folder}
        said = made.log.read_text(errors="replace")
        made.log.unlink()
        return said

    def do_write(self, trial: str, name: str, data: str) -> None:
        """Write a file of a trial; ``data`` is in base 64."""
        path = self._folder_of(trial) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(base64.b64decode(data))

    def do_files(self, trial: str) -> dict[str, int]:
        """Return the files that the hosts of a trial have written, with their bytes."""
        folder = self._trials.get(trial)
        found = folder.iterdir() if folder else iter(())
        return {path.name: path.stat().st_size for path in found if path.is_file()}

    def do_read(self, trial: str, name: str, offset: int) -> str:
        """Return up to ``CHUNK_BYTES`` of a file, in base 64."""
        with open(self._trials[trial] / name, "rb") as file:
            file.seek(offset)
            return base64.b64encode(file.read(CHUNK_BYTES)).decode()

    def do_clock_serve(self, address: str) -> int:
        return self._clock.serve(address)

    def do_clock_ask(self, address: str, port: int, exchanges: int) -> list[list[int]]:
        return [list(each) for each in clocks.ask(address, port, exchanges)]


def _end(*_: object) -> None:
    sys.exit()


def main() -> None:
    lease_s = float(sys.argv[1]) if sys.argv[1:] else LEASE_S
    signal.signal(signal.SIGTERM, _end)
    sweep_folders()
    sweep_processes()
    told, says = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    agent = Agent(told, says, lease_s)
    try:
        with suppress(BrokenPipeError):
            agent.run()
    finally:
        agent.close()


if __name__ == "__main__":
    main()
