"""Fan-out on BSD sockets: the publisher writes each message to every connection.

On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
"""

from threading import Thread

from connections import attend, connect, listen
from framing import frame, messages_from


def publish(address, messages):
    subscribers = []
    welcome = (listen(address), subscribers.append)
    Thread(target=attend, args=welcome, daemon=True).start()
    for message in messages:
        data = frame(message)
        for subscriber in subscribers.copy():
            try:
                subscriber.sendall(data)
            except OSError:  # it has left
                subscribers.remove(subscriber)


def subscribe(address):
    return messages_from(connect(address).makefile("rb"))
