"""Request/reply over HTTP/1.1: every request ends in its own reply, or in None.

An attempt that fails closes its connection, so that a late reply to it has no way back.
The client is aiohttp's because its timeout is for a whole attempt; that of requests is
for each read, and so no deadline.
"""

import asyncio
import socket
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from limits import MAX_LENGTH, allowed

BACKOFF_S = 0.1
DEAD_AFTER_S = 0.6
ATTEMPT_S = 0.6
DEADLINE_S = 3.0
MEMORY_MAX_BYTES = 64 * 1024 * 1024
REPLIES_MAX = 10_000
BACKLOG = 16
RUNNING_MAX = 256
HANDLERS = 32


async def serve(address, handle):
    app = web.Application(client_max_size=MAX_LENGTH)
    app.router.add_post("/", Desk(handle).take)
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=DEAD_AFTER_S,  # also of connections that never ask anything
        lingering_time=DEAD_AFTER_S,  # for the rest of a request that was refused
    )
    await runner.setup()
    # Short: a client asks again sooner than its turn would come behind many strangers.
    await web.SockSite(runner, listen(address), backlog=BACKLOG).start()
    await asyncio.Event().wait()


def listen(address):
    url = urlsplit(address)
    family, *_, end = socket.getaddrinfo(url.hostname, url.port, type=socket.SOCK_STREAM)[0]
    listener = socket.create_server(end, family=family)
    # Its connections inherit this: a client that takes none of its reply is dropped.
    dead_after_ms = int(DEAD_AFTER_S * 1000)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, dead_after_ms)
    return listener


class Desk:
    """Handles each request once, in threads: the event loop must not wait for any."""

    def __init__(self, handle):
        self.handle = handle
        self.handlers = ThreadPoolExecutor(HANDLERS)
        self.running = {}
        self.replies = Replies()
        self.in_hand_bytes = 0

    async def take(self, request):
        client, number = key_of(request)
        if request.content_length is None:
            raise web.HTTPLengthRequired
        in_hand_bytes = self.in_hand_bytes + request.content_length
        if in_hand_bytes > MEMORY_MAX_BYTES or len(self.running) >= RUNNING_MAX:
            raise web.HTTPServiceUnavailable
        self.in_hand_bytes += request.content_length
        try:
            body = await self.receive(request)
            reply = await self.answer(client, number, body)
            allowed(len(reply))
            return web.Response(body=reply)
        finally:
            self.in_hand_bytes -= request.content_length

    async def receive(self, request):
        try:
            async with asyncio.timeout(DEAD_AFTER_S):
                return await request.read()
        except OSError:  # the client stalls (TimeoutError is one) or has left
            raise web.HTTPRequestTimeout from None

    async def answer(self, client, number, request):
        last, reply = self.replies.last(client)
        if number == last:
            return reply
        if number < last:
            raise web.HTTPConflict  # the client has given this request up
        if (client, number) not in self.running:
            attempt = self.answer_first(client, number, request)
            self.running[client, number] = asyncio.create_task(attempt)
        return await self.running[client, number]

    async def answer_first(self, client, number, request):
        loop = asyncio.get_running_loop()
        try:
            reply = await loop.run_in_executor(self.handlers, self.handle, request)
            self.replies.keep(client, number, reply)
        finally:
            del self.running[client, number]
        return reply


def key_of(request):
    client, _, number = request.headers.get("Idempotency-Key", "").rpartition("-")
    try:
        return client, int(number)
    except ValueError:
        raise web.HTTPBadRequest from None


class Replies:
    """The last reply to each client, in case it was lost on its way.

    A client asks for one thing at a time, so it will ask again for no other. What there is
    no memory for is forgotten, and would be handled again.
    """

    def __init__(self):
        self.kept = OrderedDict()  # first is who has been quiet for longest
        self.size_bytes = 0

    def last(self, client):
        return self.kept.get(client, (0, b""))

    def keep(self, client, number, reply):
        last, replaced = self.last(client)
        if number < last:
            return
        self.kept[client] = number, reply
        self.kept.move_to_end(client)
        self.size_bytes += len(reply) - len(replaced)
        while len(self.kept) > REPLIES_MAX or self.size_bytes > MEMORY_MAX_BYTES:
            _, (_, dropped) = self.kept.popitem(last=False)
            self.size_bytes -= len(dropped)


async def call(address, requests):
    url, client, numbers = address.replace("tcp:", "http:"), uuid4().hex, count(1)
    async with ClientSession(timeout=ClientTimeout(total=ATTEMPT_S)) as session:
        async for request in requests:
            if len(request) > MAX_LENGTH:
                yield None
            else:
                yield await ask(session, url, f"{client}-{next(numbers)}", request)


async def ask(session, url, key, request):
    """Return the reply, or None if there is none within the deadline."""
    headers = {"Idempotency-Key": key}
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    async with session.post(url, data=request, headers=headers) as response:
                        response.raise_for_status()
                        allowed(response.content_length or 0)
                        return await response.read()
                except (ClientError, OSError):  # among them this attempt's TimeoutError
                    await asyncio.sleep(BACKOFF_S)
    except TimeoutError:
        return None
