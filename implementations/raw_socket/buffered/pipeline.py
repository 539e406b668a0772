"""Pipeline on BSD sockets with sender threads: one system call for many messages.

On the wire: length-prefixed frames; workers connect to both ends.
"""

from io import BufferedReader, FileIO
from selectors import EVENT_READ, DefaultSelector
from threading import Thread

from connections import accept, connect, listen
from framing import frame, messages_from
from outbox import Outbox
from reassembly import whole_messages


def distribute(address, tasks):
    listener = listen(address)
    outbox = Outbox(limit=64 * 1024)
    Thread(target=welcome, args=(listener, outbox), daemon=True).start()
    for task in tasks:
        outbox.put(frame(task))


def welcome(listener, outbox):
    while True:
        # The senders share the outbox: the first that is free takes what is there.
        Thread(target=send, args=(outbox, accept(listener)), daemon=True).start()


def send(outbox, sock):
    while True:
        sock.sendall(outbox.take())


def work(source, sink, handle):
    # FileIO reads the descriptor in C, where makefile() would go through Python.
    stream = BufferedReader(FileIO(connect(source).detach()), 64 * 1024)
    outbox = Outbox(limit=256 * 1024)
    Thread(target=send, args=(outbox, connect(sink)), daemon=True).start()
    for task in messages_from(stream):
        outbox.put(frame(handle(task)))


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
                    data = key.fileobj.recv(256 * 1024)
                    key.data.extend(data)
                    yield from whole_messages(key.data)
                except (OSError, ValueError):  # reset, or nonsense: the others go on
                    data = b""
                if not data:
                    selector.unregister(key.fileobj)
