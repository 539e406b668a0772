"""The Python host: it runs the role functions of a cell in a killable process.

``python -m bench.hosts.host SPEC`` with SPEC as ``bench.hosts.spec`` writes it. The host
imports the standard library and this folder only, because every measured program shares its
process.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from bench.hosts.role import RoleRun
from bench.hosts.socket_options import socket_options
from bench.hosts.spec import HostSpec, read_spec

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent's thread ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Have descendants whose parent ends become children of this process (Linux).

    So the host can count and end every process that a cell has started.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def take_over_stdout() -> int:
    """Return a private descriptor of stdout, and redirect stdout to the log."""
    private = os.dup(1)
    os.dup2(2, 1)
    return private


def load_cell(path: Path, search: Sequence[str]) -> ModuleType:
    folders = map(os.path.abspath, search)  # a host has another current folder later
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    spec = importlib.util.spec_from_file_location(f"cell_{path.stem}", path.absolute())
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kind_of_role(spec: HostSpec) -> type[RoleRun]:
    """Return the class that runs roles; trials with a fault have a supervisor."""
    if not spec.supervised:
        return RoleRun
    from bench.hosts.supervised import SupervisedRole  # timed hosts need none of it

    return SupervisedRole


class Host:
    """Reads commands, runs the roles, and writes events."""

    def __init__(self, spec: HostSpec, events: int) -> None:
        self.spec = spec
        self._events = events
        self._telling = threading.Lock()
        self.sockets: dict[str, list[int]] = {}
        self.cell = load_cell(Path(spec.cell), spec.search)
        run = kind_of_role(spec)
        self.roles = [run(spec, role, self) for role in spec.roles]
        if spec.cpus:  # many hosts start together, and build their messages on all CPUs
            os.sched_setaffinity(0, spec.cpus)

    def tell(self, event: str, **more: Any) -> None:
        line = json.dumps({"event": event, **more}) + "\n"
        with self._telling:
            os.write(self._events, line.encode())

    def listen(self, told: BinaryIO) -> None:
        """Obey commands until the end of input; then the parent is gone, and this ends."""
        try:
            self._obey(told)
        except BaseException as error:  # else the harness would wait for an answer
            import traceback

            traceback.print_exc()
            self.tell("raised", role="host", error=f"{type(error).__name__}: {error}")
        os._exit(0)

    def _obey(self, told: BinaryIO) -> None:
        for line in told:
            command = json.loads(line)
            match command["do"]:
                case "go":
                    next(r for r in self.roles if r.id == command["role"]).go.set()
                case "count":
                    counts = {r.id: r.recorder.arrivals for r in self.roles if r.recorder}
                    self.tell("count", counts=counts)
                case "end":
                    self._leave()
                case phase:
                    if phase == "warm":  # now every peer is connected; later some have left
                        self.sockets = socket_options()
                        gc.collect()  # garbage of the imports is no work of the window
                        gc.freeze()
                    for role in self.roles:
                        if command.get("role", role.id) == role.id:
                            role.obey(command)

    def _leave(self) -> None:
        folder = Path(self.spec.folder)
        results = [role.result(folder) for role in self.roles]
        self.tell("result", results=results, sockets=self.sockets)
        os._exit(0)

    def run(self) -> None:
        """Run the one role here, or several each in a thread, or all of them in turn."""

        def run_when_told(role: RoleRun) -> None:
            role.go.wait()
            role.run()

        if self.spec.connections:
            gc.collect()  # what is freed later would hide memory of the first connections
        self.tell("ready", build_s=sum(role.build_s for role in self.roles))
        if self.spec.in_turn:
            for role in self.roles:
                role.go.wait()
            for role in sorted(self.roles, key=lambda role: role.consumes):
                role.run()
        else:
            for role in self.roles[1:]:
                threading.Thread(target=run_when_told, args=(role,), daemon=True).start()
            run_when_told(self.roles[0])
        while not self.spec.leaves:
            time.sleep(3600)


def run_host(spec: HostSpec) -> None:
    """Be a host until the harness ends it. Does not return."""
    die_with_parent(spec.parent)
    adopt_orphans()
    events = take_over_stdout()
    told = os.fdopen(os.dup(0), "rb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ["TMPDIR"] = spec.folder  # its files are removed after the trial
    host = Host(spec, events)
    os.chdir(spec.folder)  # where a program finds the keys of the trial
    threading.Thread(target=host.listen, args=(told,), daemon=True).start()
    host.run()


def main() -> None:
    run_host(read_spec(sys.argv[1]))


if __name__ == "__main__":
    main()
