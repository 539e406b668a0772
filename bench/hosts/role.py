"""One role in one host: its function, arguments, stream and records."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from bench import message as msg
from bench.hosts.handle import Busy, make_handle, stop_signing
from bench.hosts.record import CheckingRecorder, Recorder
from bench.hosts.stream import Stream

if TYPE_CHECKING:
    from bench.hosts.host import Host


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
            self.handle = self._make_handle(table)
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

    def _make_handle(self, table: dict[str, Any]) -> FunctionType:
        return make_handle(table["sender"], self.spec["checking"], self.busy)

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

    def _make_recorder(
        self, table: dict[str, Any], tell: Callable[..., None]
    ) -> Recorder | None:
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
        """Take what a role yields: messages, or what it could not deliver."""
        if self.recorder:
            self.recorder.consume(result)
        else:
            self.undeliverable += sum(1 for _ in result)

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
        if self.stream:
            getattr(self.stream, phase).set()
        if self.handle and phase == "window" and self.signs_early:
            stop_signing(self.handle)

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
