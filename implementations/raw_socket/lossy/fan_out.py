"""Fan-out on BSD sockets with an outbox and a sender thread for each subscriber.

On the wire: length-prefixed frames. Lossy: a subscriber whose outbox is full misses
messages, and holds up nobody.
"""

from threading import Thread

from framing import accept, connect, frame, listen, messages_from
from outbox import Outbox


def publish(address, messages):
    listener = listen(address)
    outboxes = []
    Thread(target=welcome, args=(listener, outboxes), daemon=True).start()
    for message in messages:
        data = frame(message)
        for outbox in outboxes.copy():
            outbox.offer(data)


def welcome(listener, outboxes):
    while True:
        subscriber = accept(listener)
        outbox = Outbox(limit=1024 * 1024)
        Thread(target=send, args=(subscriber, outbox, outboxes), daemon=True).start()
        outboxes.append(outbox)


def send(subscriber, outbox, outboxes):
    try:
        while True:
            subscriber.sendall(outbox.take())
    except OSError:  # the subscriber has left
        outboxes.remove(outbox)


def subscribe(address):
    stream = open(connect(address).detach(), "rb", buffering=64 * 1024)
    return messages_from(stream)
