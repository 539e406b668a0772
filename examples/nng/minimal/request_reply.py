"""Request/reply over SP: nng's Req0 asks again by itself when its server goes away."""

import pynng


def serve(address, handle):
    with pynng.Rep0(listen=address) as socket:
        while True:
            # Not recv(): pynng 0.9's raises on b"".
            socket.send(handle(socket.recv_msg().bytes))


def call(address, requests):
    with pynng.Req0(dial=address, block_on_dial=False) as socket:
        for request in requests:
            socket.send(request)
            yield socket.recv_msg().bytes
