"""Fan-out on BSD sockets: whoever misses messages is sent them again, or knows of it.

On the wire, after a greeting from both ends: subscribers report every 0.2 s who they are
and which message they took last, in 32 bytes. The publisher sends length-prefixed frames,
each message with its position in front; an empty frame is a heartbeat. A position is the
instance of the publisher, new at each start, and the number of a message.
"""

import asyncio
import struct
from contextlib import suppress
from time import monotonic
from uuid import uuid4

from async_connections import connect, listen
from framing import MESSAGE_MAX_BYTES, frame, whole_messages

BACKOFF_S = 0.1
HEARTBEAT_S = 0.2
DEAD_AFTER_S = 0.6
LEFT_AFTER_S = 2.0
DRAIN_S = 4.0
KEPT_MAX = 10_000
KEPT_MAX_BYTES = 64 * 1024 * 1024
BATCH_BYTES = 64 * 1024
GREETING = b"fan_out/1 "
POSITION = struct.Struct("!8sQ")
REPORT = struct.Struct("!16s8sQ")


async def publish(address, messages):
    publisher = Publisher()
    server = await listen(address, publisher.welcome)
    try:
        async for message in messages:
            if len(message) > MESSAGE_MAX_BYTES:
                yield message
                continue
            publisher.newest.add(message)
            await asyncio.sleep(0)  # else a stream that never waits starves subscribers
        for message in await publisher.drain():
            yield message
    finally:
        server.close()
        publisher.disconnect()


class Publisher:
    def __init__(self):
        self.newest = Newest()
        self.audience = Audience()
        self.tasks = set()

    def welcome(self, reader, writer):
        self.start(self.serve(reader, writer))

    def start(self, coroutine):
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.remove)

    async def serve(self, reader, writer):
        try:
            # Until it has left, is silent, or turns out to be a stranger.
            with suppress(OSError, EOFError, ValueError):
                await read_greeting(reader)
                writer.write(GREETING)
                self.start(self.send(writer, await self.take_report(reader)))
                while True:
                    await self.take_report(reader)
        finally:
            writer.transport.abort()

    async def take_report(self, reader):
        async with asyncio.timeout(DEAD_AFTER_S):
            report = await reader.readexactly(REPORT.size)
        subscriber, instance, number = REPORT.unpack(report)
        if instance != self.newest.instance:
            number = 0
        self.audience.note(subscriber, number)
        return number

    async def send(self, writer, number):
        """Send all that follows a number: the buffer first, then what is new."""
        with suppress(ConnectionError):
            while True:
                frames, number = await self.newest.after(number)
                data = b"".join(frames) or frame(b"")
                # In pieces: no more than that is ever queued for a subscriber that stalls.
                for start in range(0, len(data), BATCH_BYTES):
                    writer.write(data[start : start + BATCH_BYTES])
                    await writer.drain()
                    await asyncio.sleep(0)  # drain() alone may never let others have a turn

    async def drain(self):
        """Wait until all have taken everything; return what somebody has not."""
        taken = await self.audience.has_taken(self.newest.last)
        return self.newest.messages_after(taken)

    def disconnect(self):
        for task in self.tasks:
            task.cancel()


class Newest:
    """The newest messages: all subscribers read them here, each at its own pace."""

    def __init__(self):
        self.instance = uuid4().bytes[:8]
        self.frames = {}
        self.first, self.last = 1, 0
        self.size_bytes = 0
        self.grown = asyncio.Event()

    def add(self, message):
        self.last += 1
        added = frame(POSITION.pack(self.instance, self.last) + message, POSITION.size)
        self.frames[self.last] = added
        self.size_bytes += len(added)
        while len(self.frames) > KEPT_MAX or self.size_bytes > KEPT_MAX_BYTES:
            self.size_bytes -= len(self.frames.pop(self.first))
            self.first += 1
        self.grown.set()
        self.grown.clear()

    def messages_after(self, number):
        numbers = range(max(number + 1, self.first), self.last + 1)
        return (self.frames[number][4 + POSITION.size :] for number in numbers)

    async def after(self, number):
        """Return frames that follow a number, and the number of the last of them.

        There are none of them where nothing new comes within the time of a heartbeat.
        """
        if number == self.last:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self.grown.wait()
        frames, size_bytes = [], 0
        number = max(number, self.first - 1)  # what lies between is no longer kept
        while number < self.last and size_bytes < BATCH_BYTES:
            number += 1
            frames.append(self.frames[number])
            size_bytes += len(frames[-1])
        return frames, number


class Audience:
    """Who subscribes, and which message each of them has taken last."""

    def __init__(self):
        self.taken = {}
        self.reported = asyncio.Event()

    def note(self, subscriber, number):
        now = monotonic()
        self.taken[subscriber] = number, now
        self.taken = {
            subscriber: (number, heard)
            for subscriber, (number, heard) in self.taken.items()
            if heard > now - LEFT_AFTER_S - DRAIN_S
        }
        self.reported.set()
        self.reported.clear()

    async def has_taken(self, last):
        """Return what all have taken, at the latest when there is no more time to wait."""
        since = monotonic() - LEFT_AFTER_S
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while self.least(since, last) < last:
                    await self.reported.wait()
        return self.least(since, last)

    def least(self, since, default):
        numbers = [number for number, heard in self.taken.values() if heard > since]
        return min(numbers, default=default)


async def subscribe(address):
    subscriber, instance, taken = uuid4().bytes, b"", 0

    def report():
        return REPORT.pack(subscriber, instance, taken)

    while True:
        with suppress(OSError, EOFError, ValueError):
            async for sender, number, message in messages_from(address, report):
                # Not the next one, or one of a new instance: something is missed.
                if (sender, number) != (instance or sender, taken + 1):
                    yield None
                yield message
                instance, taken = sender, number
        await asyncio.sleep(BACKOFF_S)


async def messages_from(address, report):
    """Yield positions and messages of one connection, until it fails or falls silent."""
    async with asyncio.timeout(DEAD_AFTER_S):
        reader, writer = await connect(address)
    reporting = asyncio.create_task(send_reports(writer, report))
    try:
        await read_greeting(reader)
        received = bytearray()
        while True:
            async with asyncio.timeout(DEAD_AFTER_S):
                chunk = await reader.read(BATCH_BYTES)
            if not chunk:
                raise EOFError("the publisher has closed the connection")
            received += chunk
            for content in filter(None, whole_messages(received, POSITION.size)):
                if len(content) < POSITION.size:
                    raise ValueError("a message without a position")
                yield *POSITION.unpack_from(content), content[POSITION.size :]
    finally:
        reporting.cancel()
        writer.transport.abort()


async def send_reports(writer, report):
    writer.write(GREETING)
    with suppress(ConnectionError):  # which whoever reads from it will notice
        while True:
            writer.write(report())
            await writer.drain()
            await asyncio.sleep(HEARTBEAT_S)


async def read_greeting(reader):
    """Fail unless the other end greets: garbage must not be taken for anything else."""
    async with asyncio.timeout(DEAD_AFTER_S):
        greeting = await reader.readexactly(len(GREETING))
    if greeting != GREETING:
        raise ValueError("the other end speaks another protocol")
