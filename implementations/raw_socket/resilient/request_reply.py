"""Request/reply on BSD sockets: every request ends in its own reply, or in None.

On the wire: a client opens a connection with a greeting that names it. Then it sends one
request at a time, led by its length and its number, and is sent the reply as a
length-prefixed frame. An attempt that fails closes its connection, so that a late reply
to it has no way back.
"""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from struct import Struct
from uuid import uuid4

from async_connections import connect, listen

BACKOFF_S = 0.1
DEAD_AFTER_S = 0.6
ATTEMPT_S = 0.6
DEADLINE_S = 3.0
KEEP_ALIVE_S = 5.0
MESSAGE_MAX_BYTES = 16 * 1024 * 1024
MEMORY_MAX_BYTES = 64 * 1024 * 1024
REPLIES_MAX = 10_000
BACKLOG = 16
CLIENTS_MAX = 256
HANDLERS = 32
GREETING = b"request_reply/1 "
GREETING_BYTES = len(GREETING) + 16
LENGTH_AND_NUMBER = Struct("!IQ")
FAILED = (OSError, EOFError, ValueError)
"""What the other end makes of a connection: it has left, is silent, or talks nonsense."""


async def serve(address, handle):
    # Short: a client asks again sooner than its turn would come behind many strangers.
    await listen(address, Desk(handle).serve, backlog=BACKLOG)
    await asyncio.Event().wait()


class Desk:
    """Handles each request once, in threads: the event loop must not wait for any."""

    def __init__(self, handle):
        self.handle = handle
        self.handlers = ThreadPoolExecutor(HANDLERS)
        self.places = asyncio.Semaphore(CLIENTS_MAX)
        self.running = {}
        self.replies = Replies()
        self.in_hand_bytes = 0

    async def serve(self, requests, client):
        client.transport.set_write_buffer_limits(0)  # drain() waits until all has left
        try:
            with suppress(*FAILED):
                async with self.places:  # whoever has none waits
                    await self.answer_requests(requests, client)
        finally:
            client.transport.abort()

    async def answer_requests(self, requests, client):
        greeting = await receive(requests, GREETING_BYTES, DEAD_AFTER_S)
        if not greeting.startswith(GREETING):  # garbage must not reach the application
            raise ValueError("this is no client of ours")
        while True:
            head = await receive(requests, LENGTH_AND_NUMBER.size, KEEP_ALIVE_S)
            length, number = LENGTH_AND_NUMBER.unpack(head)
            check_length(length)
            if self.in_hand_bytes + length > MEMORY_MAX_BYTES:
                raise ConnectionError("there is too much in hand: try again")
            self.in_hand_bytes += length
            try:
                request = await receive(requests, length, DEAD_AFTER_S)
                reply = await self.answer(greeting, number, request)
                check_length(len(reply))
                client.write(len(reply).to_bytes(4) + reply)
                async with asyncio.timeout(DEAD_AFTER_S):
                    await client.drain()
            finally:
                self.in_hand_bytes -= length

    async def answer(self, client, number, request):
        last, reply = self.replies.last(client)
        if number == last:
            return reply
        if number < last:
            raise ValueError("the client has given this request up")
        if (client, number) not in self.running:
            attempt = self.answer_first(client, number, request)
            self.running[client, number] = asyncio.create_task(attempt)
        # A client that leaves does not end the attempt: it may come back for the reply.
        return await asyncio.shield(self.running[client, number])

    async def answer_first(self, client, number, request):
        loop = asyncio.get_running_loop()
        try:
            reply = await loop.run_in_executor(self.handlers, self.handle, request)
            self.replies.keep(client, number, reply)
        finally:
            del self.running[client, number]
        return reply


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
    server, number = Server(address), 0
    async for request in requests:
        number += 1
        yield await server.ask(number, request)


class Server:
    """The server as its client sees it: a connection that is made anew when it fails."""

    def __init__(self, address):
        self.address = address
        self.greeting = GREETING + uuid4().bytes
        self.replies = self.requests = None

    async def ask(self, number, request):
        """Return the reply, or None if there is none within the deadline."""
        if len(request) > MESSAGE_MAX_BYTES:
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    with suppress(*FAILED):
                        async with asyncio.timeout(ATTEMPT_S):
                            return await self.exchange(number, request)
                    self.hang_up()
                    await asyncio.sleep(BACKOFF_S)
        self.hang_up()  # a late reply must not meet the next request
        return None

    async def exchange(self, number, request):
        if not self.requests:
            self.replies, self.requests = await connect(self.address)
            self.requests.write(self.greeting)
        self.requests.write(LENGTH_AND_NUMBER.pack(len(request), number) + request)
        length = int.from_bytes(await self.replies.readexactly(4))
        check_length(length)
        return await self.replies.readexactly(length)

    def hang_up(self):
        if self.requests:
            self.requests.transport.abort()
        self.replies = self.requests = None


def check_length(length):
    if length > MESSAGE_MAX_BYTES:
        raise ConnectionError(f"{length} bytes: at most {MESSAGE_MAX_BYTES} allowed")


async def receive(reader, size, within_s):
    async with asyncio.timeout(within_s):
        return await reader.readexactly(size)
