"""Request/reply on BSD sockets: every request ends in its own reply, or in None.

On the wire: a client opens a connection with a greeting that names it. Then it sends one
request at a time, led by its length and its number, and is sent the reply as a
length-prefixed frame. An attempt that fails closes its connection, so that a late reply
to it has no way back.
"""

import socket
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import contextmanager
from struct import Struct
from threading import Lock, Semaphore, Thread
from time import monotonic, sleep
from urllib.parse import urlsplit
from uuid import uuid4

from connections import accept, listen, without_delay
from framing import HEADER, MAX_LENGTH, check_length, frame

BACKOFF_S = 0.1
DEAD_AFTER_S = 0.6
ATTEMPT_S = 0.6
DEADLINE_S = 3.0
KEEP_ALIVE_S = 5.0
MEMORY_MAX_BYTES = 64 * 1024 * 1024
REPLIES_MAX = 10_000
CLIENTS_MAX = 256
GREETING = b"request_reply/1 "
GREETING_BYTES = len(GREETING) + 16
LENGTH_AND_NUMBER = Struct("!IQ")


def serve(address, handle):
    desk, places = Desk(handle), Semaphore(CLIENTS_MAX)
    listener = listen(address)
    while True:
        places.acquire()  # whoever comes now waits in the listener's backlog
        try:
            client = accept(listener)
        except OSError:  # it has left already, or there is no descriptor left for it
            places.release()
            sleep(BACKOFF_S)
            continue
        Thread(target=serve_client, args=(client, desk, places), daemon=True).start()


def serve_client(client, desk, places):
    try:
        with client:
            answer_requests(client, desk)
    except (OSError, ValueError):  # it has left, is silent, or is no client of ours
        return
    finally:
        places.release()


def answer_requests(client, desk):
    greeting = receive(client, GREETING_BYTES, monotonic() + DEAD_AFTER_S)
    if not greeting.startswith(GREETING):  # garbage must not reach the application
        raise ValueError("this is no client of ours")
    while True:
        head = receive(client, LENGTH_AND_NUMBER.size, monotonic() + KEEP_ALIVE_S)
        length, number = LENGTH_AND_NUMBER.unpack(head)
        check_length(length)
        with desk.room_for(length):
            request = receive(client, length, monotonic() + DEAD_AFTER_S)
            reply = desk.answer(greeting, number, request)
            send(client, frame(reply), monotonic() + DEAD_AFTER_S)


class Desk:
    """What the server's threads share, so that they handle each request once."""

    def __init__(self, handle):
        self.handle = handle
        self.lock = Lock()
        self.running = {}
        self.replies = Replies()
        self.in_hand_bytes = 0

    @contextmanager
    def room_for(self, size_bytes):
        with self.lock:
            if self.in_hand_bytes + size_bytes > MEMORY_MAX_BYTES:
                raise ConnectionError("there is too much in hand: try again")
            self.in_hand_bytes += size_bytes
        try:
            yield
        finally:
            with self.lock:
                self.in_hand_bytes -= size_bytes

    def answer(self, client, number, request):
        with self.lock:
            last, reply = self.replies.last(client)
            if number == last:
                return reply
            if number < last:
                raise ValueError("the client has given this request up")
            first_attempt = self.running.get((client, number))
            if not first_attempt:
                self.running[client, number] = this_attempt = Future()
        if first_attempt:
            return first_attempt.result(DEADLINE_S)
        try:
            reply = self.handle(request)
            with self.lock:
                self.replies.keep(client, number, reply)
        except BaseException as error:
            this_attempt.set_exception(error)
            raise
        finally:
            with self.lock:
                del self.running[client, number]
        this_attempt.set_result(reply)
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


def call(address, requests):
    server = Server(address)
    for number, request in enumerate(requests, 1):
        yield server.ask(number, request)


class Server:
    """The server as its client sees it: a connection that is made anew when it fails."""

    def __init__(self, address):
        self.url = urlsplit(address)
        self.greeting = GREETING + uuid4().bytes
        self.connection = None

    def ask(self, number, request):
        """Return the reply, or None if there is none within the deadline."""
        if len(request) > MAX_LENGTH:
            return None
        give_up_at = monotonic() + DEADLINE_S
        while True:
            until = min(monotonic() + ATTEMPT_S, give_up_at)
            reply = self.exchange(number, request, until)
            if reply is not None or monotonic() + BACKOFF_S >= give_up_at:
                return reply
            sleep(BACKOFF_S)

    def exchange(self, number, request, until):
        """Return what the server answers; None, and no connection, if it does not."""
        try:
            if not self.connection:
                self.connection = connect(self.url, until)
                send(self.connection, self.greeting, until)
            head = LENGTH_AND_NUMBER.pack(len(request), number)
            send(self.connection, head + request, until)
            (length,) = HEADER.unpack(receive(self.connection, HEADER.size, until))
            check_length(length)
            return receive(self.connection, length, until)
        except (OSError, ValueError):
            self.connection = None
            return None


def connect(url, until):
    left_s = max(BACKOFF_S, until - monotonic())
    if url.scheme == "tcp":
        return without_delay(socket.create_connection((url.hostname, url.port), left_s))
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(left_s)
    connection.connect(url.path)
    return connection


def send(connection, data, until):
    connection.settimeout(max(0, until - monotonic()))
    connection.sendall(data)


def receive(connection, size, until):
    """Return the next ``size`` bytes; raise unless all of them come in time."""
    chunks = []
    while size:
        connection.settimeout(max(0, until - monotonic()))
        chunk = connection.recv(min(size, 256 * 1024))
        if not chunk:
            raise ConnectionError("the other end closed the connection")
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
