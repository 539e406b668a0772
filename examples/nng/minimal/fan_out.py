"""Fan-out over SP: Pub0 drops messages for a subscriber whose queue is full."""

from threading import Event

import pynng

QUEUED = 1000  # messages for each subscriber: the default, 16, drops what comes in bursts


def publish(address, messages):
    with pynng.Pub0(listen=address, send_buffer_size=QUEUED) as socket:
        for message in messages:
            socket.send(message)
        Event().wait()  # forever: closing a socket drops what it has queued


def subscribe(address):
    options = {"topics": b"", "recv_buffer_size": QUEUED}  # an empty topic matches all
    with pynng.Sub0(dial=address, block_on_dial=False, **options) as socket:
        while True:
            yield socket.recv_msg().bytes  # not recv(): pynng 0.9's raises on b""
