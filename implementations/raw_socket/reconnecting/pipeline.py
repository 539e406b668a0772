"""Pipeline on BSD sockets that survives its ends: a worker that is cut off connects anew.

On the wire: length-prefixed frames; workers connect to both ends.
"""

from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Thread
from time import sleep

from connections import BACKOFF_S, attend, connect, listen
from dealing import hand_out
from framing import frame, messages_from


def distribute(address, tasks):
    free = SimpleQueue()  # workers whose buffers have room
    Thread(target=attend, args=(listen(address), free.put), daemon=True).start()
    for task in tasks:
        hand_out(frame(task), free)
    Event().wait()  # to leave would end the workers


def work(source, sink, handle):
    while True:
        # The sink first: without one, no task is asked for.
        with suppress(OSError), connect(sink) as results, connect(source) as tasks:
            for task in messages_from(tasks.makefile("rb")):
                results.sendall(frame(handle(task)))
        sleep(BACKOFF_S)


def collect(address):
    results = SimpleQueue()  # no bound: Queue has one, and takes far longer
    Thread(target=attend, args=(listen(address), take, results), daemon=True).start()
    while True:
        yield results.get()


def take(worker, results):
    with suppress(OSError):  # it has left in the middle of a result, or sent nonsense
        for result in messages_from(worker.makefile("rb")):
            results.put(result)
