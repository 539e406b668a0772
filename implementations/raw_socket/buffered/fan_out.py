"""Fan-out on BSD sockets with a sender thread: one system call for many messages.

On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
"""

from io import BufferedReader, FileIO
from threading import Thread

from connections import attend, connect, listen
from framing import frame, messages_from
from outbox import Outbox


def publish(address, messages):
    subscribers = []
    outbox = Outbox(limit=256 * 1024)
    welcome = (listen(address), subscribers.append)
    Thread(target=attend, args=welcome, daemon=True).start()
    sender = Thread(target=send_to_all, args=(outbox, subscribers), daemon=True)
    sender.start()
    for message in messages:
        outbox.put(frame(message))
    outbox.close()
    sender.join()  # until all has been sent


def send_to_all(outbox, subscribers):
    while frames := outbox.take():
        data = b"".join(frames)
        for subscriber in subscribers.copy():
            try:
                subscriber.sendall(data)
            except OSError:  # it has left
                subscribers.remove(subscriber)


def subscribe(address):
    # FileIO reads the descriptor in C, where makefile() would go through Python.
    stream = BufferedReader(FileIO(connect(address).detach()), 64 * 1024)
    return messages_from(stream)
