"""Fan-out on BSD sockets that never waits for a subscriber: a slow one misses messages.

On the wire: length-prefixed frames, many in one system call.
"""

from io import BufferedReader, FileIO
from threading import Thread, current_thread

from connections import attend, connect, listen
from framing import frame, messages_from
from outbox import Outbox

QUEUE_BYTES = 1024 * 1024  # for each subscriber


def publish(address, messages):
    senders = {}
    Thread(target=attend, args=(listen(address), send, senders), daemon=True).start()
    for message in messages:
        data = frame(message)
        for outbox in tuple(senders):
            outbox.offer(data)
    for outbox, sender in tuple(senders.items()):
        outbox.close()
        sender.join()  # until all that was not dropped has been sent


def send(subscriber, senders):
    outbox = Outbox(limit=QUEUE_BYTES)
    senders[outbox] = current_thread()
    try:
        while frames := outbox.take():
            subscriber.sendall(b"".join(frames))
    finally:  # it has left
        del senders[outbox]


def subscribe(address):
    # FileIO reads the descriptor in C, where makefile() would go through Python.
    stream = BufferedReader(FileIO(connect(address).detach()), 64 * 1024)
    return messages_from(stream)
