"""Pipeline on BSD sockets: every task is done, whoever fails, and its result taken once.

On the wire: length-prefixed frames, first a greeting from both ends. A task and its result
have the task's id in front, the id alone says that the result was taken, an empty frame
is a heartbeat.
"""

import asyncio
import os
from collections import OrderedDict, deque
from contextlib import asynccontextmanager, suppress
from itertools import count
from time import monotonic

from async_connections import connect, listen
from framing import MESSAGE_MAX_BYTES, frame, whole_messages

BACKOFF_S = 0.1
HEARTBEAT_S = 0.2
DEAD_AFTER_S = 0.6
LEASE_S = 2.0
DRAIN_S = 4.5
TASKS_MAX = 1000
TAKEN_MAX = 100_000
MEMORY_MAX_BYTES = 64 * 1024 * 1024
ID_BYTES = 16
GREETING = b"pipeline/1".ljust(ID_BYTES)


async def distribute(address, tasks):
    source = Source()
    listener = await listen(address, source.serve)
    watch = asyncio.create_task(source.watch_leases())
    try:
        async for task in tasks:
            if len(task) > MESSAGE_MAX_BYTES:
                yield task
                continue
            source.add(task)
            while not source.has_room():
                await source.next_change()
        source.quiet_since = monotonic()
        while source.tasks and not source.is_quiet_for(DRAIN_S):
            await source.next_change()
    finally:
        listener.close()
        watch.cancel()
        await source.dismiss_workers()
    for task in source.tasks.values():
        yield task


class Source:
    """Keeps tasks until they are acknowledged; meanwhile they wait or are with workers."""

    def __init__(self):
        self.instance = os.urandom(ID_BYTES // 2)  # no predecessor's ids again
        self.numbers = count()
        self.tasks = {}
        self.size_bytes = 0
        self.waiting = deque()
        self.idle = deque()
        self.leases = {}
        self.connections = set()
        self.changed = asyncio.Event()
        self.quiet_since = monotonic()

    def add(self, task):
        task_id = self.instance + next(self.numbers).to_bytes(ID_BYTES // 2)
        self.tasks[task_id] = task
        self.size_bytes += len(task)
        self.waiting.append(task_id)
        self.hand_out()

    def has_room(self):
        """Say whether to take one more task: when those before it are with workers, or when
        no worker gets anything done. Then the stream may end, and they are to be reported.
        """
        room_bytes = MEMORY_MAX_BYTES - self.size_bytes
        if len(self.tasks) == TASKS_MAX or room_bytes < MESSAGE_MAX_BYTES:
            return False
        return not self.waiting or self.is_quiet_for(DEAD_AFTER_S)

    def is_quiet_for(self, seconds):
        return monotonic() > self.quiet_since + seconds

    async def next_change(self):
        self.changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_S):
                await self.changed.wait()

    async def serve(self, reader, writer):
        self.connections.add(writer)
        with suppress(OSError, ValueError):
            async with conversation(reader, writer) as messages:
                self.welcome(writer)
                async for task_id in messages:
                    self.acknowledge(task_id)
                    self.welcome(writer)
        self.connections.remove(writer)
        self.idle = deque(worker for worker in self.idle if worker is not writer)

    def welcome(self, worker):
        self.idle.append(worker)
        self.hand_out()

    def hand_out(self):
        while self.waiting and self.idle:
            task_id = self.waiting.popleft()
            if task_id in self.tasks:  # else it was acknowledged after its lease
                worker = self.idle.popleft()
                self.leases[task_id] = worker, monotonic() + LEASE_S
                worker.write(frame(task_id + self.tasks[task_id], ID_BYTES))
                self.changed.set()

    def acknowledge(self, task_id):
        self.leases.pop(task_id, None)
        self.size_bytes -= len(self.tasks.pop(task_id, b""))
        self.quiet_since = monotonic()
        self.changed.set()

    async def watch_leases(self):
        """Take back the tasks of workers that have left, or are silent."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for task_id, (worker, ends_at) in list(self.leases.items()):
                if worker not in self.connections or monotonic() > ends_at:
                    del self.leases[task_id]
                    self.waiting.appendleft(task_id)
            self.hand_out()

    async def dismiss_workers(self):
        for worker in self.connections:
            worker.transport.abort()
        while self.connections:
            await asyncio.sleep(0)  # each has a turn to notice


async def work(source, sink, handle):
    tasks, results = asyncio.Queue(), Results()
    async with asyncio.TaskGroup() as group:  # a dead peer is noticed beside the work
        group.create_task(fetch(source, tasks))
        group.create_task(results.stay_connected(sink))
        while True:
            message, to_source = await tasks.get()
            task_id, task = message[:ID_BYTES], message[ID_BYTES:]
            result = await asyncio.to_thread(handle, task)  # heartbeats go on
            await results.deliver(task_id + result)
            # Not before: the tasks of a dead worker are done anew.
            to_source.write(frame(task_id))


async def fetch(source, tasks):
    async for messages, writer in connections_to(source):
        with suppress(OSError, ValueError):
            async for message in messages:
                await tasks.put((message, writer))


class Results:
    """A result on its way to the sink: kept until the sink has confirmed it."""

    def __init__(self):
        self.unconfirmed = None
        self.to_sink = None
        self.confirmed = asyncio.Event()

    async def deliver(self, result):
        self.unconfirmed = frame(result, ID_BYTES)
        self.confirmed.clear()
        if self.to_sink:
            self.to_sink.write(self.unconfirmed)
        await self.confirmed.wait()
        self.unconfirmed = None

    async def stay_connected(self, sink):
        async for messages, self.to_sink in connections_to(sink):
            if self.unconfirmed:
                self.to_sink.write(self.unconfirmed)
            with suppress(OSError, ValueError):
                async for task_id in messages:
                    if self.unconfirmed and self.unconfirmed.startswith(task_id, 4):
                        self.confirmed.set()


async def collect(address):
    arrived = asyncio.Queue(MEMORY_MAX_BYTES // MESSAGE_MAX_BYTES)

    async def receive(reader, writer):
        with suppress(OSError, ValueError):
            async with conversation(reader, writer) as messages:
                async for message in messages:
                    await arrived.put((message[:ID_BYTES], message[ID_BYTES:], writer))

    await listen(address, receive)
    taken = OrderedDict()
    while True:
        task_id, result, writer = await arrived.get()
        if task_id not in taken:
            yield result
            taken[task_id] = None  # it may come again: its worker was not told yet
            if len(taken) > TAKEN_MAX:
                taken.popitem(last=False)
        writer.write(frame(task_id))


async def connections_to(address):
    """Yield a connection; ask for the next one when it has failed."""
    while True:
        with suppress(OSError, ValueError):
            async with asyncio.timeout(DEAD_AFTER_S):
                reader, writer = await connect(address)
            async with conversation(reader, writer) as messages:
                yield messages, writer
        await asyncio.sleep(BACKOFF_S)


@asynccontextmanager
async def conversation(reader, writer):
    """Send heartbeats and give the messages that come in, for as long as it lasts."""
    heart, messages = asyncio.create_task(beat(writer)), messages_from(reader)
    try:
        writer.write(frame(GREETING))
        if await anext(messages) != GREETING:  # garbage must not reach the application
            raise ValueError("that speaks another protocol")
        yield messages
    finally:
        heart.cancel()
        writer.transport.abort()  # close() would wait for a dead peer to read the rest


async def beat(writer):
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        writer.write(frame(b""))


async def messages_from(reader):
    """Yield messages until the peer has left, or is silent and so taken for dead."""
    received = bytearray()
    while True:
        async with asyncio.timeout(DEAD_AFTER_S):
            data = await reader.read(64 * 1024)
        if not data:
            raise ConnectionError("the peer has left")
        received += data
        for message in filter(None, whole_messages(received, ID_BYTES)):
            if len(message) < ID_BYTES:
                raise ValueError("a message without an id")
            yield message
