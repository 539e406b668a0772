"""Fan-out on BSD sockets with a sender thread: one system call for many messages.

On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
"""

from io import BufferedReader, FileIO
from threading import Thread

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
        subscribers.append(accept(listener))


def send_to_all(outbox, subscribers):
    while True:
        frames = outbox.take()
        for subscriber in subscribers.copy():
            try:
                subscriber.sendall(frames)
            except OSError:  # it has left
                subscribers.remove(subscriber)


def subscribe(address):
    # FileIO reads the descriptor in C, where makefile() would go through Python.
    stream = BufferedReader(FileIO(connect(address).detach()), 64 * 1024)
    return messages_from(stream)
