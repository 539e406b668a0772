"""Pipeline over SP: Push0 hands each task to a worker that has room, Pull0 collects."""

from threading import Event

import pynng


def distribute(address, tasks):
    with pynng.Push0(listen=address) as socket:
        for task in tasks:
            socket.send(task)  # waits while there is no worker, or none has room
        Event().wait()  # forever: closing a socket drops what it has queued


def collect(address):
    with pynng.Pull0(listen=address) as socket:
        while True:
            yield socket.recv_msg().bytes  # not recv(): pynng 0.9's raises on b""


def work(source, sink, handle):
    with (
        pynng.Push0(dial=sink, block_on_dial=False) as results,
        pynng.Pull0(dial=source, block_on_dial=False) as tasks,
    ):
        while True:
            results.send(handle(tasks.recv_msg().bytes))
