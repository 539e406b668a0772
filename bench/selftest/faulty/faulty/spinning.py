"""A round trip whose server, or whose client, works for a while on every message."""

import time

import zmq

WORK_S = 0.1


def work(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def serve(address, handle, work_s):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    while True:
        request = socket.recv()
        work(work_s)
        socket.send(handle(request))


def call(address, requests, work_s):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(address)
    for request in requests:
        work(work_s)
        socket.send(request)
        yield socket.recv()
