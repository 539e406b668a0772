"""Pipeline on BSD sockets: a worker reads tasks on one connection, and writes results.

On the wire: length-prefixed frames; workers connect to both ends.
"""

from queue import SimpleQueue
from threading import Event, Thread

from connections import attend, connect, listen
from dealing import hand_out
from framing import frame, messages_from


def distribute(address, tasks):
    free = SimpleQueue()  # workers whose buffers have room
    Thread(target=attend, args=(listen(address), free.put), daemon=True).start()
    for task in tasks:
        hand_out(frame(task), free)
    Event().wait()  # to leave would end the workers


def work(source, sink, handle):
    results = connect(sink)
    for task in messages_from(connect(source).makefile("rb")):
        results.sendall(frame(handle(task)))


def collect(address):
    results = SimpleQueue()  # no bound: Queue has one, and takes far longer
    Thread(target=attend, args=(listen(address), take, results), daemon=True).start()
    while True:
        yield results.get()


def take(worker, results):
    for result in messages_from(worker.makefile("rb")):
        results.put(result)
