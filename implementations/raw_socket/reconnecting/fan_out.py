"""Fan-out on BSD sockets that survives its publisher: who is cut off connects anew.

On the wire: length-prefixed frames. A slow subscriber holds up the others.
"""

from contextlib import suppress
from threading import Thread
from time import sleep

from connections import BACKOFF_S, attend, connect, listen
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
    while True:
        with suppress(OSError):
            yield from messages_from(connect(address).makefile("rb"))
        sleep(BACKOFF_S)
