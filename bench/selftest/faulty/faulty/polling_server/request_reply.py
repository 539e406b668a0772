"""The server asks for a message again and again, and never waits for one."""

import spinning
import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    while True:
        try:
            request = socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            continue
        socket.send(handle(request))


def call(address, requests):
    yield from spinning.call(address, requests, 0)
