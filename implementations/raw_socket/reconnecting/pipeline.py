"""Pipeline on BSD sockets that survives its ends: a worker that is cut off connects anew.

On the wire: length-prefixed frames; workers connect to both ends.
"""

from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from threading import Lock, Thread
from time import sleep

from connections import accept, connect, listen
from framing import frame, messages_from
from reassembly import whole_messages

BACKOFF_S = 0.1


def distribute(address, tasks):
    listener = listen(address)
    tasks, turn = iter(tasks), Lock()
    while True:
        worker = accept(listener)
        Thread(target=feed, args=(worker, tasks, turn), daemon=True).start()


def feed(worker, tasks, turn):
    with worker:
        while True:
            with turn:
                task = next(tasks, None)
            if task is None:
                break
            worker.sendall(frame(task))
        worker.recv(1)  # to close now would end the worker: wait until it leaves


def work(source, sink, handle):
    while True:
        with suppress(OSError):
            tasks, results = connect(source), connect(sink)
            for task in messages_from(tasks.makefile("rb")):
                results.sendall(frame(handle(task)))
        sleep(BACKOFF_S)


def collect(address):
    listener = listen(address)
    selector = DefaultSelector()
    selector.register(listener, EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(accept(listener), EVENT_READ, data=bytearray())
            else:
                try:
                    data = key.fileobj.recv(65536)
                    key.data.extend(data)
                    yield from whole_messages(key.data)
                except (OSError, ValueError):  # reset, or nonsense: the others go on
                    data = b""
                if not data:
                    selector.unregister(key.fileobj)
