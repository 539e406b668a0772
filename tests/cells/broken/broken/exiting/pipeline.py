"""A worker's process ends in the middle, without a word of Python."""

import os
import sys

import zmq


def distribute(address, tasks):
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.bind(address)
    for task in tasks:
        socket.send(task)
    socket.poll()


def collect(address):
    socket = zmq.Context.instance().socket(zmq.PULL)
    socket.bind(address)
    while True:
        yield socket.recv()


def work(source, sink, handle):
    context = zmq.Context.instance()
    results = context.socket(zmq.PUSH)
    results.connect(sink)
    tasks = context.socket(zmq.PULL)
    tasks.connect(source)
    for _ in range(500):
        results.send(handle(tasks.recv()))
    print("going, going", file=sys.stderr, flush=True)
    os._exit(3)
