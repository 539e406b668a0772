"""Right, and noisy: prints to standard output, among others what looks like an event."""

import sys

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    print('{"event": "raised", "error": "not an event", "role": "serve.0"}', flush=True)
    while True:
        request = socket.recv()
        print("request of", len(request), "bytes", flush=True)
        sys.stdout.buffer.write(b"not a line, not text: \xff\x00")
        sys.stdout.flush()
        socket.send(handle(request))


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
