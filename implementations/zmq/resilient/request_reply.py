"""Request/reply over ZMTP: every request ends in its own reply, or in None.

A request and its reply have an id in front: that of the client, which outlives its
connections, and the number of the request. A DEALER socket, unlike REQ, may ask again at
any time; a ROUTER socket, unlike REP, answers when it can, in any order.

The id is no frame of its own: where IMMEDIATE is set, libzmq 4.3.5 aborts the process if
a connection ends while it is between two frames of a message.
"""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic
from uuid import uuid4

import zmq
import zmq.asyncio

BACKOFF_MS = 100
HEARTBEAT_MS = 200
DEAD_AFTER_MS = 600
ATTEMPT_S = 0.6
DEADLINE_S = 3.0
MESSAGE_MAX_BYTES = 16 * 1024 * 1024
MEMORY_MAX_BYTES = 64 * 1024 * 1024
QUEUE_MAX = MEMORY_MAX_BYTES // MESSAGE_MAX_BYTES
REPLIES_MAX = 10_000
RUNNING_MAX = 256
HANDLERS = 32
CLIENT_BYTES, NUMBER_BYTES = 16, 8
ID_BYTES = CLIENT_BYTES + NUMBER_BYTES


async def serve(address, handle):
    clients = zmq.asyncio.Context.instance().socket(zmq.ROUTER)
    clients.zap_domain = b"request_reply"  # else ZMTP 1.0 lets garbage in as messages
    clients.maxmsgsize = ID_BYTES + MESSAGE_MAX_BYTES  # who sends more is disconnected
    set_limits(clients)
    clients.bind(address)
    await Desk(clients, handle).run()


def set_limits(socket):
    socket.ipv6 = 1
    socket.rcvhwm = socket.sndhwm = QUEUE_MAX  # for each peer
    # ZeroMQ's own thread sends heartbeats, also while ours is busy.
    socket.heartbeat_ivl = HEARTBEAT_MS
    socket.heartbeat_timeout = DEAD_AFTER_MS
    socket.handshake_ivl = DEAD_AFTER_MS


class Desk:
    """Handles each request once, in threads: the event loop must not wait for any."""

    def __init__(self, clients, handle):
        self.clients = clients
        self.handle = handle
        self.handlers = ThreadPoolExecutor(HANDLERS)
        self.running = {}
        self.replies = Replies()
        self.in_hand_bytes = 0
        self.answered = asyncio.Event()

    async def run(self):
        while True:
            while self.is_full():
                self.answered.clear()  # requests wait in queues, then at the clients
                await self.answered.wait()
            match await self.clients.recv_multipart():
                case [connection, message] if len(message) >= ID_BYTES:
                    self.take(connection, message[:ID_BYTES], message[ID_BYTES:])

    def is_full(self):
        return self.in_hand_bytes >= MEMORY_MAX_BYTES or len(self.running) >= RUNNING_MAX

    def take(self, connection, key, request):
        client, number = key[:CLIENT_BYTES], key[CLIENT_BYTES:]
        last, reply = self.replies.last(client)
        if number == last:
            self.clients.send_multipart([connection, key + reply])
        elif key in self.running:
            self.running[key].add(connection)
        elif number > last:  # else the client has given it up
            self.running[key] = {connection}
            self.in_hand_bytes += len(request)
            future = asyncio.wrap_future(self.handlers.submit(self.handle, request))
            future.add_done_callback(partial(self.give, key, len(request)))

    def give(self, key, size_bytes, handled):
        connections = self.running.pop(key)
        self.in_hand_bytes -= size_bytes
        self.answered.set()
        reply = handled.result()  # or what handle raised, which the event loop logs
        if len(reply) > MESSAGE_MAX_BYTES:
            raise ValueError(
                f"a reply of {len(reply)} bytes: at most {MESSAGE_MAX_BYTES} are allowed"
            )
        self.replies.keep(key[:CLIENT_BYTES], key[CLIENT_BYTES:], reply)
        for connection in connections:  # those that are gone are passed over
            self.clients.send_multipart([connection, key + reply])


class Replies:
    """The last reply to each client, in case it was lost on its way.

    A client asks for one thing at a time, so it will ask again for no other. What there is
    no memory for is forgotten, and would be handled again.
    """

    def __init__(self):
        self.kept = OrderedDict()  # first is who has been quiet for longest
        self.size_bytes = 0

    def last(self, client):
        return self.kept.get(client, (b"", b""))

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


def call(address, requests):
    with zmq.Context.instance().socket(zmq.DEALER) as server:
        server.immediate = 1  # no request waits for a connection that is not there
        server.reconnect_ivl = BACKOFF_MS
        server.connect_timeout = DEAD_AFTER_MS
        server.linger = 0
        set_limits(server)  # but no maxmsgsize: too large a reply would end reconnecting
        server.connect(address)
        client = uuid4().bytes
        for number, request in enumerate(requests):
            yield ask(server, client + number.to_bytes(NUMBER_BYTES), request)


def ask(server, key, request):
    """Return the reply, or None if there is none within the deadline."""
    if len(request) > MESSAGE_MAX_BYTES:
        return None
    give_up_at = monotonic() + DEADLINE_S
    while (left_s := give_up_at - monotonic()) > 0:
        server.sndtimeo = int(left_s * 1000)
        try:
            server.send(key + request)
        except zmq.Again:  # there was no connection, or no room in its queue
            return None
        until = min(monotonic() + ATTEMPT_S, give_up_at)
        while server.poll(max(0, until - monotonic()) * 1000 + 1):  # it cuts off fractions
            message = server.recv()
            if message.startswith(key):  # else it is late: that request was given up
                return message[ID_BYTES:]
    return None
