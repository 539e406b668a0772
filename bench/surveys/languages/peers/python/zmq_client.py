"""REQ: sends each line of hex from standard input, and prints each reply as one."""

import sys

import zmq

context = zmq.Context()
socket = context.socket(zmq.REQ)
socket.connect(sys.argv[1])
for line in sys.stdin:
    socket.send(bytes.fromhex(line))
    sys.stdout.write(socket.recv().hex() + "\n")
socket.close(linger=0)
context.term()
