"""One role in one host: its function, arguments, stream and records."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from bench.hosts import message as msg
from bench.hosts.handle import Busy, Together, make_handle, stop_signing
from bench.hosts.recorder import CheckingRecorder, Recorder
from bench.hosts.spec import HostSpec, RoleSpec
from bench.hosts.stream import Stream

if TYPE_CHECKING:
    from bench.hosts.host import Host


def find_role(cell: ModuleType, name: str) -> Any:
    """Return the function of a role. Ends the host with a message if the cell has none."""
    function = getattr(cell, name, None)
    if not callable(function):
        sys.exit(f"{cell.__file__} has no function {name}, which its workload asks for")
    return function


def check_signature(cell: ModuleType, function: Any, arguments: list[Any]) -> None:
    """End the host with a message if a role cannot be called as in the contract."""
    import inspect  # only in conformance: imports of a timed host cost time in each trial

    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        sys.exit(
            f"{cell.__file__}: {function.__name__}{inspect.signature(function)} is called "
            f"with {len(arguments)} arguments: {error}"
        )


def connecting(driver: Any, spec: HostSpec) -> Any:
    """Return a driver that connects as it is told: as it does, often, or many times."""
    if not (spec.afresh or spec.connections):
        return driver
    from bench.hosts import connections  # other hosts need none of it

    if spec.afresh:
        return connections.afresh(driver)
    return connections.in_turn(driver, spec.connections)


def run_on(loop: str, role: Coroutine[Any, Any, None]) -> None:
    """Run a role on Python's event loop, or on that of a module with ``new_event_loop``."""
    import asyncio  # a third of a blocking cell's start, had it to pay it

    factory = importlib.import_module(loop).new_event_loop if loop else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(role)


class RoleRun:
    """One role of the cell in this host: its function, arguments, stream and records."""

    def __init__(self, spec: HostSpec, role: RoleSpec, host: Host) -> None:
        self.id = role.id
        self.spec = spec
        self.consumes = role.consumes
        self.go = threading.Event()
        self.undeliverable = 0
        self.stream: Stream | None = None
        self.build_s = 0.0
        self.recorder: Recorder | None = None
        self.handle: FunctionType | None = None
        self.together = Together(spec.together_s)
        self.host = host
        tell = self.tell
        arguments: list[Any] = list(role.addresses)
        if role.drives:
            self.stream = self._make_stream(role, tell)
            arguments.append(self.stream)
        if role.handles:
            self.handle = self._make_handle(role)
            arguments.append(self.handle)
        if self.consumes:
            self.recorder = self._make_recorder(role, tell)
        self.function = find_role(host.cell, role.name)
        if spec.checking:
            check_signature(host.cell, self.function, arguments)
        if role.drives and role.consumes:  # a client
            self.function = connecting(self.function, spec)
        self.arguments = arguments

    @property
    def signs_early(self) -> bool:
        """Whether the handle does nothing but sign what comes before the window."""
        return not self.spec.checking and not self.busy

    @property
    def busy(self) -> Busy | None:
        """The added work of the handle, or None."""
        spec = self.spec
        busy = Busy(spec.busy_ns, spec.stall_at, spec.stall_ns)
        return busy if busy.each_ns or busy.stall_ns else None

    def tell(self, event: str, **more: Any) -> None:
        self.host.tell(event, role=self.id, **more)

    def _make_handle(self, role: RoleSpec) -> FunctionType:
        return make_handle(role.sender, self.spec.checking, self.busy, self.together)

    def _make_stream(self, role: RoleSpec, tell: Callable[..., None]) -> Stream:
        spec, sender = self.spec, role.sender
        began = time.monotonic()
        if spec.checking:
            messages = msg.build_sizes(sender, spec.sizes_bytes, spec.messages)
        else:
            messages = msg.build_alike(
                sender, spec.messages, msg.WINDOW_EPOCH, spec.size_bytes
            )
        self.build_s = time.monotonic() - began

        def early(sequence: int) -> bytes:
            return msg.build(sender, sequence, msg.WARM_UP_EPOCH, spec.size_bytes)

        parts: dict[str, Any] = {
            "messages": messages,
            "join_message": early(msg.JOIN_SEQUENCE),
            "warm_up_message": early(msg.WARM_UP_SEQUENCE),
            "warm_up_count": spec.warm_up,
            "interval_s": spec.interval_s,
            "burst": spec.burst,
            "stamp_each": spec.stamp_each,
            "limit_s": spec.limit_s,
            "tell": tell,
            "stays_open": spec.stays_open,
            "turns": spec.turns,
        }
        if not spec.rate_hz:
            return Stream(**parts)
        from bench.hosts.open_loop import OpenLoopStream, offsets_ns

        seed = None if spec.evenly else spec.arrivals_seed + sender
        due_ns = offsets_ns(seed, spec.rate_hz, spec.messages)
        return OpenLoopStream(due_ns, **parts)

    def _make_recorder(self, role: RoleSpec, tell: Callable[..., None]) -> Recorder | None:
        spec = self.spec
        if not spec.checking:
            turn = role.expected // spec.turns if spec.turns else role.expected
            return Recorder(role.expected, spec.stamp_each, spec.size_bytes, tell, turn)
        return CheckingRecorder(
            role.expected,
            spec.sizes_bytes,
            self.stream.messages if self.stream else None,
            msg.COMPLEMENT if spec.transforms else None,
            tell,
        )

    def run(self) -> None:
        """Call the role, take the messages that it yields, and report its errors."""
        try:
            result = self.function(*self.arguments)
            if isinstance(result, (AsyncGeneratorType, CoroutineType)):
                run_on(self.spec.loop, self._run_async(result))
            elif self.consumes or result is not None:
                self.take_all(iter(result))
        except BaseException as error:
            import traceback

            traceback.print_exc()
            self.on_raised(error)
        else:
            self.tell("returned")

    async def _run_async(self, result: Any) -> None:
        if isinstance(result, CoroutineType):
            await result
        else:
            await self.take_all_async(result)

    def take_all(self, result: Iterator[Any]) -> None:
        """Take the items that a role yields: messages, or undeliverable ones."""
        if self.recorder:
            self.recorder.consume(result)
        else:
            for _ in result:  # counted as they come: the role may never end
                self.undeliverable += 1

    async def take_all_async(self, result: AsyncIterator[Any]) -> None:
        if self.recorder:
            await self.recorder.consume_async(result)
        else:
            async for _ in result:
                self.undeliverable += 1

    def on_raised(self, error: BaseException) -> None:
        self.tell("raised", error=f"{type(error).__name__}: {error}")

    def obey(self, command: dict[str, Any]) -> None:
        """Obey a command that is for the role: its phases."""
        phase = command["do"]
        if self.stream and phase == "turn":
            self.stream.take_turn()
        elif self.stream:
            getattr(self.stream, phase).set()
        if self.handle and phase == "window" and self.signs_early:
            stop_signing(self.handle)

    def result(self, folder: Path) -> dict[str, Any]:
        """Write heads and stamps to files; return the counts, as one JSON-able dict."""
        result: dict[str, Any] = {"role": self.id, "undeliverable": self.undeliverable}
        result["most_at_once"] = self.together.most
        if self.stream:
            result["given"] = self.stream.given
            for kind, stamps_ns in self.stream.stamps().items():
                with open(folder / f"{self.id}.{kind}", "wb") as file:
                    stamps_ns.tofile(file)
        if self.recorder:
            result |= self.recorder.result(self.spec.size_bytes)
            (folder / f"{self.id}.heads").write_bytes(self.recorder.heads.view())
            with open(folder / f"{self.id}.arrived", "wb") as file:
                self.recorder.arrived_ns.tofile(file)
        return result
