"""Pipeline on BSD sockets with TLS: a worker reads tasks, and writes results.

On the wire: length-prefixed frames in TLS; workers connect to both ends.
"""

from queue import SimpleQueue
from threading import Event, Thread

from connections import attend, listen
from dealing import hand_out
from framing import frame, messages_from
from secured import connect, for_server


def distribute(address, tasks):
    free = SimpleQueue()  # workers whose buffers have room
    welcome = (listen(address), join, for_server(), free)
    Thread(target=attend, args=welcome, daemon=True).start()
    for task in tasks:
        hand_out(memoryview(frame(task)), free)
    Event().wait()  # to leave would end the workers


def join(connection, context, free):
    worker = context.wrap_socket(connection, server_side=True)
    worker.setblocking(False)
    free.put(worker)


def work(source, sink, handle):
    results = connect(sink)
    for task in messages_from(connect(source).makefile("rb")):
        results.sendall(frame(handle(task)))


def collect(address):
    results = SimpleQueue()  # no bound: Queue has one, and takes far longer
    welcome = (listen(address), take, for_server(), results)
    Thread(target=attend, args=welcome, daemon=True).start()
    while True:
        yield results.get()


def take(connection, context, results):
    worker = context.wrap_socket(connection, server_side=True)
    for result in messages_from(worker.makefile("rb")):
        results.put(result)
