"""Fan-out over ZMTP: whoever misses messages is sent them again, or knows of it.

Not PUB and SUB: PUB drops what a full queue has no room for, and a queue is bounded in
messages, not in bytes. Here a DEALER reports who it is and which message it took last,
every 0.2 s and after so many bytes; a ROUTER sends it a position and, in the same message,
what was published from there on. A position is the instance of the publisher, new at each
start, and the number of a message.
"""

import asyncio
import struct
from contextlib import suppress
from time import monotonic
from uuid import uuid4

import zmq
from zmq.asyncio import Context

BACKOFF_S = 0.1
HEARTBEAT_S = 0.2
DEAD_AFTER_S = 0.6
LEFT_AFTER_S = 2.0
DRAIN_S = 4.0
KEPT_MAX = 10_000
KEPT_MAX_BYTES = 64 * 1024 * 1024
BATCH_BYTES = 64 * 1024
WINDOW_BYTES = 1024 * 1024
MESSAGE_MAX_BYTES = 16 * 1024 * 1024
REPORT_MAX_BYTES = 1024
POSITION = struct.Struct("!8sQ")
REPORT = struct.Struct("!16s8sQ")


async def publish(address, messages):
    with Context.instance().socket(zmq.ROUTER) as socket:
        socket.ipv6 = 1
        socket.zap_domain = b"fan_out"  # else random bytes pass for messages of ZMTP 1.0
        socket.maxmsgsize = REPORT_MAX_BYTES
        socket.sndhwm = 0  # what is queued for a subscriber is bounded by its window
        socket.handshake_ivl = int(DEAD_AFTER_S * 1000)
        socket.heartbeat_ivl = int(HEARTBEAT_S * 1000)
        socket.heartbeat_timeout = int(DEAD_AFTER_S * 1000)
        socket.linger = 0  # what subscribers report says more than that bytes have left
        socket.bind(address)
        publisher = Publisher(socket)
        serving = asyncio.create_task(publisher.serve())
        try:
            async for message in messages:
                if len(message) > MESSAGE_MAX_BYTES:
                    yield message
                    continue
                publisher.add(message)
                await asyncio.sleep(0)  # else a stream that never waits starves subscribers
            for message in await publisher.drain():
                yield message
        finally:
            serving.cancel()


class Publisher:
    def __init__(self, socket):
        self.socket = socket
        self.newest = Newest()
        self.audience = Audience()

    def add(self, message):
        self.newest.add(message)
        for subscriber in self.audience.subscribers.values():
            self.send(subscriber)

    async def serve(self):
        while True:
            parts = await self.socket.recv_multipart()
            with suppress(ValueError, struct.error):  # the message of a stranger
                route, report = parts
                self.take_report(route, *REPORT.unpack(report))

    def take_report(self, route, name, instance, number):
        taken = number if instance == self.newest.instance else 0
        subscriber = self.audience.note(name, route, taken)
        if subscriber.sent == self.newest.last:
            self.send_from(route, subscriber.sent + 1, [])  # a heartbeat
        self.send(subscriber)

    def send(self, subscriber):
        """Send what follows, the buffer first, as far as there is room for it."""
        while subscriber.sent < self.newest.last and subscriber.has_room():
            first, messages = self.newest.after(subscriber.sent)
            self.send_from(subscriber.route, first, messages)
            subscriber.sent = first + len(messages) - 1
            subscriber.room_bytes -= size_bytes(messages)

    def send_from(self, route, first, messages):
        position = POSITION.pack(self.newest.instance, first)
        # Large ones are not copied: what is queued for subscribers the buffer holds anyway.
        self.socket.send_multipart([route, position, *messages], copy=False)

    async def drain(self):
        """Wait until all have taken everything; return what somebody has not."""
        taken = await self.audience.has_taken(self.newest.last)
        return self.newest.messages_after(taken)


class Newest:
    """The newest messages: all subscribers are sent them from here, each at its pace."""

    def __init__(self):
        self.instance = uuid4().bytes[:8]
        self.messages = {}
        self.first, self.last = 1, 0
        self.size_bytes = 0

    def add(self, message):
        self.last += 1
        self.messages[self.last] = message
        self.size_bytes += len(message)
        while len(self.messages) > KEPT_MAX or self.size_bytes > KEPT_MAX_BYTES:
            self.size_bytes -= len(self.messages.pop(self.first))
            self.first += 1

    def messages_after(self, number):
        numbers = range(max(number + 1, self.first), self.last + 1)
        return (self.messages[number] for number in numbers)

    def after(self, number):
        """Return the number of a message that follows, and it and some that follow it."""
        first = number = max(number + 1, self.first)  # others before it are kept no longer
        messages, size_bytes = [], 0
        while number <= self.last and size_bytes < BATCH_BYTES:
            messages.append(self.messages[number])
            size_bytes += len(messages[-1])
            number += 1
        return first, messages


class Audience:
    """Who subscribes, and which message each of them has taken last."""

    def __init__(self):
        self.subscribers = {}
        self.reported = asyncio.Event()

    def note(self, name, route, taken):
        subscriber = self.subscribers.get(name)
        if not subscriber or subscriber.route != route:  # a new connection: begin again
            subscriber = self.subscribers[name] = Subscriber(route, taken)
        subscriber.taken, subscriber.heard = taken, monotonic()
        since = subscriber.heard - LEFT_AFTER_S - DRAIN_S
        self.subscribers = {n: s for n, s in self.subscribers.items() if s.heard > since}
        self.reported.set()
        self.reported.clear()
        return subscriber

    async def has_taken(self, last):
        """Return what all have taken, at the latest when there is no more time to wait."""
        since = monotonic() - LEFT_AFTER_S
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while self.least(since, last) < last:
                    await self.reported.wait()
        return self.least(since, last)

    def least(self, since, default):
        numbers = [s.taken for s in self.subscribers.values() if s.heard > since]
        return min(numbers, default=default)


class Subscriber:
    """How far one subscriber is, and its window: how much may be on its way to it.

    The window has two halves: a third is not sent before the first has been taken.
    """

    def __init__(self, route, taken):
        self.route = route
        self.taken = self.sent = self.half = taken
        self.room_bytes = WINDOW_BYTES // 2

    def has_room(self):
        if self.room_bytes <= 0 and self.taken >= self.half:
            self.half, self.room_bytes = self.sent, WINDOW_BYTES // 2
        return self.room_bytes > 0


def size_bytes(messages):
    return sum(map(len, messages)) + 64 * len(messages)  # 64: libzmq keeps one in so many


async def subscribe(address):
    name, instance, taken = uuid4().bytes, b"", 0

    def report():
        return REPORT.pack(name, instance, taken)

    while True:
        # A new socket each time: one that has met a stranger never connects again.
        with suppress(zmq.Again, struct.error):
            async for sender, number, message in messages_from(address, report):
                if sender == instance and number <= taken:
                    continue  # sent again, because it was still on its way
                # Not the next one, or one of a new instance: something is missed.
                if (sender, number) != (instance or sender, taken + 1):
                    yield None
                yield message
                instance, taken = sender, number


async def messages_from(address, report):
    """Yield positions and messages of one socket, until it falls silent."""
    with Context.instance().socket(zmq.DEALER) as socket:
        socket.ipv6 = 1
        socket.maxmsgsize = MESSAGE_MAX_BYTES  # refuses whoever sends more, for good
        socket.reconnect_ivl = int(BACKOFF_S * 1000)
        socket.rcvtimeo = socket.sndtimeo = int(DEAD_AFTER_S * 1000)
        socket.linger = 0
        socket.connect(address)
        reporting = asyncio.create_task(send_reports(socket, report))
        unreported_bytes = 0
        try:
            while True:
                position, *messages = await socket.recv_multipart()
                instance, first = POSITION.unpack(position)
                for number, message in enumerate(messages, first):
                    yield instance, number, message
                unreported_bytes += size_bytes(messages)
                if unreported_bytes >= WINDOW_BYTES // 4:
                    unreported_bytes = 0
                    await socket.send(report())
        finally:
            reporting.cancel()


async def send_reports(socket, report):
    with suppress(zmq.Again):  # which whoever reads from it will notice
        while True:
            await socket.send(report())
            await asyncio.sleep(HEARTBEAT_S)
