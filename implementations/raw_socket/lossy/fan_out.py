"""Fan-out on BSD sockets that never waits for a subscriber: a slow one misses messages.

On the wire: length-prefixed frames, many in one system call.
"""

from io import BufferedReader, FileIO
from socket import MSG_DONTWAIT
from threading import Lock, Thread

from connections import accept, connect, listen
from framing import frame, messages_from
from outbox import Outbox


def publish(address, messages):
    listener = listen(address)
    subscribers = []
    outbox = Outbox(limit=256 * 1024)
    Thread(target=welcome, args=(listener, subscribers), daemon=True).start()
    Thread(target=send_to_all, args=(outbox, subscribers), daemon=True).start()
    for message in messages:
        outbox.put(frame(message))


def welcome(listener, subscribers):
    while True:
        subscribers.append(Subscriber(accept(listener), limit=1024 * 1024))


def send_to_all(outbox, subscribers):
    while True:
        frames = outbox.take()
        for subscriber in subscribers.copy():
            try:
                subscriber.send(frames)
            except OSError:  # it has left
                subscribers.remove(subscriber)


class Subscriber:
    def __init__(self, sock, limit):
        self.sock = sock
        self.limit = limit
        self.late = bytearray()  # what the connection had no room for at once
        self.lock = Lock()

    def send(self, frames):
        """Send or keep all the frames; drop all of them if too much is late already."""
        with self.lock:
            if not self.late:
                self.late += frames[self.send_at_once(frames) :]
                if self.late:
                    Thread(target=self.catch_up, daemon=True).start()
            elif len(self.late) < self.limit:
                self.late += frames

    def send_at_once(self, frames):
        try:
            return self.sock.send(frames, MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def catch_up(self):
        while True:
            try:
                sent = self.sock.send(self.late[: 64 * 1024])
            except OSError:
                sent = len(self.late)  # it has left, as the next send() will notice
            with self.lock:
                del self.late[:sent]
                if not self.late:
                    return


def subscribe(address):
    # FileIO reads the descriptor in C, where makefile() would go through Python.
    stream = BufferedReader(FileIO(connect(address).detach()), 64 * 1024)
    return messages_from(stream)
