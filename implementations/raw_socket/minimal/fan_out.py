"""Fan-out on BSD sockets: the publisher writes each message to every connection.

On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
"""

from threading import Thread

from connections import accept, connect, listen
from framing import frame, messages_from


def publish(address, messages):
    listener = listen(address)
    subscribers = []
    Thread(target=welcome, args=(listener, subscribers), daemon=True).start()
    for message in messages:
        data = frame(message)
        for subscriber in subscribers.copy():
            try:
                subscriber.sendall(data)
            except OSError:  # it has left
                subscribers.remove(subscriber)


def welcome(listener, subscribers):
    while True:
        subscribers.append(accept(listener))


def subscribe(address):
    return messages_from(connect(address).makefile("rb"))
