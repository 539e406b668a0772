"""Pipeline on BSD sockets with sender threads: one system call for many messages.

On the wire: length-prefixed frames; workers connect to both ends.
"""

from collections import defaultdict
from io import BufferedReader, FileIO
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Thread

from connections import attend, connect, listen
from framing import frame, messages_from
from outbox import Outbox
from reassembly import whole_messages


def distribute(address, tasks):
    outbox = Outbox(limit=64 * 1024)
    # The workers share the outbox: the first that is free takes what is there.
    Thread(target=attend, args=(listen(address), feed, outbox), daemon=True).start()
    for task in tasks:
        outbox.put(frame(task))
    Event().wait()  # to leave would end the workers


def feed(worker, outbox):
    while True:
        frames = outbox.take()
        data = b"".join(frames)
        try:
            while data:
                data = data[worker.send(data) :]
        except OSError:  # it has left, without some of the tasks: they go to another
            return outbox.put_back(frames, len(data))


def work(source, sink, handle):
    # FileIO reads the descriptor in C, where makefile() would go through Python.
    stream = BufferedReader(FileIO(connect(source).detach()), 64 * 1024)
    outbox = Outbox(limit=256 * 1024)
    sender = Thread(target=send, args=(outbox, connect(sink)), daemon=True)
    sender.start()
    for task in messages_from(stream):
        outbox.put(frame(handle(task)))
    outbox.close()
    sender.join()  # until all has been sent


def send(outbox, sock):
    try:
        while frames := outbox.take():
            sock.sendall(b"".join(frames))
    finally:
        outbox.close()  # who waits for room in it gets an error


def collect(address):
    selector, received = DefaultSelector(), defaultdict(bytearray)
    # New connections join while select() waits: epoll allows that.
    join = (listen(address), selector.register, EVENT_READ)
    Thread(target=attend, args=join, daemon=True).start()
    while True:
        for key, _ in selector.select():
            try:
                data = key.fileobj.recv(256 * 1024)
                received[key.fileobj] += data
                yield from whole_messages(received[key.fileobj])
            except OSError:  # reset, or nonsense: the others go on
                data = b""
            if not data:
                selector.unregister(key.fileobj)
                del received[key.fileobj]
