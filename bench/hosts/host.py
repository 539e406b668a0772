"""The Python host: a role function of a cell, run as a killable process.

``python -m bench.hosts.host SPEC`` with SPEC as ``bench.trial`` writes it. The module
imports the standard library and the message format only: what is loaded here is loaded
beside every cell that is measured.
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
from collections.abc import Callable
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, FunctionType, ModuleType
from typing import Any, BinaryIO

from bench import message as msg
from bench.hosts.handle import Busy, make_handle, stop_signing
from bench.hosts.record import CheckingRecorder, Recorder
from bench.hosts.sockets import socket_options
from bench.hosts.stream import Stream

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent's thread ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def take_over_stdout() -> int:
    """Return a private descriptor of stdout, and send what is printed to the log."""
    private = os.dup(1)
    os.dup2(2, 1)
    return private


def load_cell(path: Path, search: list[str]) -> ModuleType:
    sys.path[:0] = search
    spec = importlib.util.spec_from_file_location(f"cell_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_role(cell: ModuleType, name: str) -> Any:
    """Return a role's function. Leaves with a message where the cell has none."""
    function = getattr(cell, name, None)
    if not callable(function):
        sys.exit(f"{cell.__file__} has no function {name}, which its workload asks for")
    return function


def check_signature(cell: ModuleType, function: Any, arguments: list[Any]) -> None:
    """Leave with a message where a role cannot be called as the contract says."""
    import inspect  # conformance only: what is loaded in a timed host is paid each time

    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        sys.exit(
            f"{cell.__file__}: {function.__name__}{inspect.signature(function)} is called "
            f"with {len(arguments)} arguments: {error}"
        )


class RoleRun:
    """One role of the cell in this host: its function, arguments, stream and records."""

    def __init__(self, spec: dict[str, Any], table: dict[str, Any], host: Host) -> None:
        self.id: str = table["id"]
        self.spec = spec
        self.consumes: bool = table["consumes"]
        self.go = threading.Event()
        self.undeliverable = 0
        self.stream: Stream | None = None
        self.build_s = 0.0
        self.recorder: Recorder | None = None
        self.handle: FunctionType | None = None
        self.host = host
        tell = self.tell
        arguments: list[Any] = list(table["addresses"])
        if table["drives"]:
            self.stream = self._make_stream(table["sender"], tell)
            arguments.append(self.stream)
        if table["handles"]:
            self.handle = make_handle(table["sender"], spec["checking"], self.busy)
            arguments.append(self.handle)
        if self.consumes:
            self.recorder = self._make_recorder(table, tell)
        self.function = find_role(host.cell, table["name"])
        if spec["checking"]:
            check_signature(host.cell, self.function, arguments)
        self.arguments = arguments

    @property
    def signs_early(self) -> bool:
        """Whether the handle does nothing but sign what comes before the window."""
        return not self.spec["checking"] and not self.busy

    @property
    def busy(self) -> Busy | None:
        """What keeps the handle busy, None where nothing does."""
        busy = Busy(*(self.spec[key] for key in ("busy_ns", "stall_at", "stall_ns")))
        return busy if busy.each_ns or busy.stall_ns else None

    def tell(self, event: str, **more: Any) -> None:
        self.host.tell(event, role=self.id, **more)

    def _make_stream(self, sender: int, tell: Callable[..., None]) -> Stream:
        spec = self.spec
        began = time.monotonic()
        if spec["checking"]:
            messages = msg.build_sizes(sender, spec["sizes_bytes"], spec["messages"])
        else:
            messages = msg.build_alike(
                sender, spec["messages"], msg.WINDOW_EPOCH, spec["size_bytes"]
            )
        self.build_s = time.monotonic() - began

        def early(sequence: int) -> bytes:
            return msg.build(sender, sequence, msg.WARM_UP_EPOCH, spec["size_bytes"])

        parts = {
            "messages": messages,
            "join_message": early(msg.JOIN_SEQUENCE),
            "warm_up_message": early(msg.WARM_UP_SEQUENCE),
            "warm_up_count": spec["warm_up"],
            "interval_s": spec["interval_s"],
            "stamp_each": spec["stamp_each"],
            "limit_s": spec["limit_s"],
            "tell": tell,
        }
        if not spec["rate_hz"]:
            return Stream(**parts)
        from bench.hosts.open_loop import OpenLoopStream, offsets_ns

        seed = None if spec["evenly"] else spec["arrivals_seed"] + sender
        due_ns = offsets_ns(seed, spec["rate_hz"], spec["messages"])
        return OpenLoopStream(due_ns, **parts)

    def _make_recorder(self, table: dict[str, Any], tell: Callable[..., None]) -> Recorder:
        spec = self.spec
        if not spec["checking"]:
            return Recorder(table["expected"], spec["stamp_each"], spec["size_bytes"], tell)
        return CheckingRecorder(
            table["expected"],
            spec["sizes_bytes"],
            self.stream.messages if self.stream else None,
            msg.COMPLEMENT if spec["transforms"] else None,
            tell,
        )

    def run(self) -> None:
        """Call the role and take what it yields; tell what it raises."""
        try:
            result = self.function(*self.arguments)
            if isinstance(result, (AsyncGeneratorType, CoroutineType)):
                import asyncio  # a third of a blocking cell's start, had it to pay it

                asyncio.run(self._run_async(result))
            elif self.recorder:
                self.recorder.consume(iter(result))
            elif result is not None:
                self.undeliverable += sum(1 for _ in result)
        except BaseException as error:
            import traceback

            traceback.print_exc()
            self.tell("raised", error=f"{type(error).__name__}: {error}")
        else:
            self.tell("returned")

    async def _run_async(self, result: Any) -> None:
        if isinstance(result, CoroutineType):
            await result
        elif self.recorder:
            await self.recorder.consume_async(result)
        else:
            async for _ in result:
                self.undeliverable += 1

    def result(self, folder: Path) -> dict[str, Any]:
        """Write heads and stamps to files; return the counts, as one JSON-able dict."""
        result: dict[str, Any] = {"role": self.id, "undeliverable": self.undeliverable}
        if self.stream:
            result["given"] = self.stream.given
            for kind, stamps_ns in self.stream.stamps().items():
                with open(folder / f"{self.id}.{kind}", "wb") as file:
                    stamps_ns.tofile(file)
        if self.recorder:
            result |= self.recorder.result(self.spec["size_bytes"])
            (folder / f"{self.id}.heads").write_bytes(self.recorder.heads.to_bytes())
            with open(folder / f"{self.id}.arrived", "wb") as file:
                self.recorder.arrived_ns.tofile(file)
        return result


class Host:
    """Reads what it is told, runs the roles, and tells what happens."""

    def __init__(self, spec: dict[str, Any], events: int) -> None:
        self.spec = spec
        self._events = events
        self._telling = threading.Lock()
        self.sockets: dict[str, list[int]] = {}
        self.cell = load_cell(Path(spec["cell"]), spec["search"])
        if spec["cpus"]:
            os.sched_setaffinity(0, spec["cpus"])
        self.roles = [RoleRun(spec, table, self) for table in spec["roles"]]

    def tell(self, event: str, **more: Any) -> None:
        line = json.dumps({"event": event, **more}) + "\n"
        with self._telling:
            os.write(self._events, line.encode())

    def listen(self, told: BinaryIO) -> None:
        """Obey the lines told; at their end the parent is gone, and so is this host."""
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
                case "warm" | "window" as phase:
                    if phase == "warm":  # every peer is connected; later some have left
                        self.sockets = socket_options()
                        gc.collect()  # what loading left is no work of the window
                        gc.freeze()
                    for role in self.roles:
                        if role.stream:
                            getattr(role.stream, phase).set()
                        if role.handle and phase == "window" and role.signs_early:
                            stop_signing(role.handle)
                case "count":
                    counts = {r.id: r.recorder.arrivals for r in self.roles if r.recorder}
                    self.tell("count", counts=counts)
                case "end":
                    self._leave()

    def _leave(self) -> None:
        folder = Path(self.spec["folder"])
        results = [role.result(folder) for role in self.roles]
        self.tell("result", results=results, sockets=self.sockets)
        os._exit(0)

    def run(self) -> None:
        """Run the one role here, or several each in a thread, or all of them in turn."""

        def run_when_told(role: RoleRun) -> None:
            role.go.wait()
            role.run()

        self.tell("ready", build_s=sum(role.build_s for role in self.roles))
        if self.spec["in_turn"]:
            for role in self.roles:
                role.go.wait()
            for role in sorted(self.roles, key=lambda role: role.consumes):
                role.run()
        else:
            for role in self.roles[1:]:
                threading.Thread(target=run_when_told, args=(role,), daemon=True).start()
            run_when_told(self.roles[0])
        while True:
            time.sleep(3600)


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    events = take_over_stdout()
    told = os.fdopen(os.dup(0), "rb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    host = Host(spec, events)
    threading.Thread(target=host.listen, args=(told,), daemon=True).start()
    host.run()


if __name__ == "__main__":
    main()
