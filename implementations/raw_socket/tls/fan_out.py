"""Fan-out on BSD sockets with TLS: each message is encrypted for every connection.

On the wire: length-prefixed frames in TLS. Lossless: a slow subscriber holds up the others.
"""

from threading import Thread

from connections import attend, listen
from framing import frame, messages_from
from secured import connect, for_server


def publish(address, messages):
    subscribers = []
    welcome = (listen(address), join, for_server(), subscribers)
    Thread(target=attend, args=welcome, daemon=True).start()
    for message in messages:
        data = frame(message)
        for subscriber in subscribers.copy():
            try:
                subscriber.sendall(data)
            except OSError:  # it has left
                subscribers.remove(subscriber)


def join(connection, context, subscribers):
    subscribers.append(context.wrap_socket(connection, server_side=True))


def subscribe(address):
    return messages_from(connect(address).makefile("rb"))
