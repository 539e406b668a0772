"""Fan-out over HTTP/1.1: whoever misses messages is sent them again, or knows of it.

Each subscriber has a URL of its own. GET follows the publisher: Server-Sent Events, a
message as base64 in each, a comment as heartbeat. PUT reports every 0.2 s what was taken
last. Both say so in the header Last-Event-ID; an event's id is the instance of the
publisher, new at each start, and the number of the message.
"""

import asyncio
from base64 import b64decode, b64encode
from contextlib import suppress
from time import monotonic
from urllib.parse import urlsplit
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from limits import MAX_LENGTH, allowed

BACKOFF_S = 0.1
HEARTBEAT_S = 0.2
DEAD_AFTER_S = 0.6
LEFT_AFTER_S = 2.0
DRAIN_S = 4.0
KEPT_MAX = 10_000
KEPT_MAX_BYTES = 64 * 1024 * 1024
BATCH_BYTES = 64 * 1024
LINE_MAX_BYTES = MAX_LENGTH * 4 // 3 + 1024  # base64 makes 4 bytes of 3
HEARTBEAT = b":\n\n"
SUBSCRIBER = "/{subscriber:[0-9a-f]{32}}"


async def publish(address, messages):
    publisher = Publisher()
    app = web.Application(client_max_size=1)  # no request has a body
    app.router.add_get(SUBSCRIBER, publisher.follow)
    app.router.add_put(SUBSCRIBER, publisher.take_report)
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=DEAD_AFTER_S,  # of connections that ask nothing
        shutdown_timeout=BACKOFF_S,  # of responses, which have no end
    )
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()
    try:
        async for message in messages:
            if len(message) > MAX_LENGTH:
                yield message
                continue
            publisher.newest.add(message)
            await asyncio.sleep(0)  # else a stream that never waits starves subscribers
        for message in await publisher.drain():
            yield message
    finally:
        await runner.cleanup()


class Publisher:
    def __init__(self):
        self.newest = Newest()
        self.audience = Audience()
        self.sending = {}

    async def follow(self, request):
        subscriber, number = self.note(request)
        if subscriber in self.sending:  # on a connection that it has given up
            self.sending[subscriber].cancel()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        sending = asyncio.create_task(self.send(request, response, number))
        self.sending[subscriber] = sending
        while self.audience.hears(subscriber) and not sending.done():
            await asyncio.wait([sending], timeout=HEARTBEAT_S)
        sending.cancel()
        if self.sending.get(subscriber) is sending:
            del self.sending[subscriber]
        if request.transport:
            request.transport.abort()
        return response

    async def take_report(self, request):
        self.note(request)
        return web.Response(status=204)

    def note(self, request):
        subscriber = request.match_info["subscriber"]
        instance, _, number = request.headers.get("Last-Event-ID", "").rpartition("-")
        if not number.isdecimal():
            raise web.HTTPBadRequest
        taken = int(number) if instance == self.newest.instance else 0
        self.audience.note(subscriber, taken)
        return subscriber, taken

    async def send(self, request, response, number):
        """Send all that follows a number: the buffer first, then what is new."""
        with suppress(ConnectionError):
            await response.prepare(request)
            while True:
                events, number = await self.newest.after(number)
                data = b"".join(events) or HEARTBEAT
                # In pieces: no more than that is ever queued for a subscriber that stalls.
                for start in range(0, len(data), BATCH_BYTES):
                    await response.write(data[start : start + BATCH_BYTES])
                    await asyncio.sleep(0)  # write() alone may never let others have a turn

    async def drain(self):
        """Wait until all have taken everything; return what somebody has not."""
        taken = await self.audience.has_taken(self.newest.last)
        return self.newest.messages_after(taken)


class Newest:
    """The newest messages: all subscribers read them here, each at its own pace."""

    def __init__(self):
        self.instance = uuid4().hex[:16]
        self.events = {}
        self.first, self.last = 1, 0
        self.size_bytes = 0
        self.grown = asyncio.Event()

    def add(self, message):
        self.last += 1
        event = b"id: %s-%d\ndata: %s\n\n"
        added = event % (self.instance.encode(), self.last, b64encode(message))
        self.events[self.last] = added
        self.size_bytes += len(added)
        while len(self.events) > KEPT_MAX or self.size_bytes > KEPT_MAX_BYTES:
            self.size_bytes -= len(self.events.pop(self.first))
            self.first += 1
        self.grown.set()
        self.grown.clear()

    def messages_after(self, number):
        numbers = range(max(number + 1, self.first), self.last + 1)
        return (b64decode(self.events[n].partition(b"data: ")[2]) for n in numbers)

    async def after(self, number):
        """Return events that follow a number, and the number of the last of them.

        There are none of them where nothing new comes within the time of a heartbeat.
        """
        if number == self.last:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self.grown.wait()
        events, size_bytes = [], 0
        number = max(number, self.first - 1)  # what lies between is no longer kept
        while number < self.last and size_bytes < BATCH_BYTES:
            number += 1
            events.append(self.events[number])
            size_bytes += len(events[-1])
        return events, number


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

    def hears(self, subscriber):
        _, heard = self.taken.get(subscriber, (0, 0))
        return heard > monotonic() - DEAD_AFTER_S

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
    url = f"{address.replace('tcp:', 'http:')}/{uuid4().hex}"
    instance, taken = "", 0

    def report():
        return {"Last-Event-ID": f"{instance}-{taken}"}

    timeout = ClientTimeout(sock_connect=DEAD_AFTER_S, sock_read=DEAD_AFTER_S)
    async with ClientSession(timeout=timeout, raise_for_status=True) as session:
        reporting = asyncio.create_task(send_reports(session, url, report))
        try:
            while True:
                with suppress(ClientError, OSError, ValueError):
                    async for sender, number, message in events_at(session, url, report()):
                        # Not the next one, or one of a new instance: something is missed.
                        if (sender, number) != (instance or sender, taken + 1):
                            yield None
                        yield message
                        instance, taken = sender, number
                await asyncio.sleep(BACKOFF_S)
        finally:
            reporting.cancel()


async def events_at(session, url, headers):
    """Yield positions and messages of one response, until it fails or falls silent."""
    async with session.get(url, headers=headers) as response:
        async for line in lines_of(response.content):
            field, _, value = line.partition(b": ")
            if field == b"id":
                instance, _, number = value.decode().rpartition("-")
            elif field == b"data":
                message = b64decode(value, validate=True)
                allowed(len(message))
                yield instance, int(number), message


async def lines_of(content):
    """Yield lines. Iterating over ``content`` copies a long one for each of its pieces."""
    pieces = []
    async for chunk in content.iter_any():
        first, *others = chunk.split(b"\n")
        pieces.append(first)
        for other in others:
            yield b"".join(pieces)
            pieces = [other]
        if sum(map(len, pieces)) > LINE_MAX_BYTES:
            raise ValueError("a line that no message has")


async def send_reports(session, url, report):
    while True:
        with suppress(ClientError, OSError):
            async with session.put(url, headers=report()):
                pass
        await asyncio.sleep(HEARTBEAT_S)
