"""Fan-out on BSD sockets with a sender thread: one system call for many messages.

On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
"""

from threading import Thread

from framing import accept, connect, frame, listen, messages_from
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
    # A plain file of the descriptor reads faster than makefile(): it is all C.
    stream = open(connect(address).detach(), "rb", buffering=64 * 1024)
    return messages_from(stream)
