"""Bare processes: ``selftest overhead`` compares the harness with them.

``python -m bench.selftest.bare SPEC``. ``fed`` roles call a cell's function with a plain
list and an identity handle. ``loop`` roles are the shortest loops that do the same with the
library alone, without the cell. Each process writes ``ready`` and waits for a line. Roles
that take time write when they began and ended, in nanoseconds of the monotonic clock.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bench.hosts import message as msg
from bench.hosts.host import die_with_parent, load_cell

HEADER = msg.HEADER_BYTES


def tell(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def wait() -> None:
    """Wait for a line from the parent. If the parent has ended, end this process."""
    if not sys.stdin.readline():
        os._exit(1)


def identity(message: bytes) -> bytes:
    return message


def messages(spec: dict[str, Any]) -> list[bytes]:
    count = spec["warm_up"] + spec["messages"]
    return msg.build_alike(0, count, msg.WINDOW_EPOCH, spec["size_bytes"])


def time_replies(replies: Iterator[bytes], spec: dict[str, Any]) -> None:
    deque(islice(replies, spec["warm_up"]), maxlen=0)
    gc.collect()
    gc.freeze()
    began_ns = time.perf_counter_ns()
    for _ in replies:
        pass
    tell(began_ns=began_ns, ended_ns=time.perf_counter_ns())


def fed_serve(spec: dict[str, Any]) -> None:
    cell = load_cell(Path(spec["cell"]), spec["search"])
    cell.serve(spec["address"], identity)


def fed_call(spec: dict[str, Any]) -> None:
    cell = load_cell(Path(spec["cell"]), spec["search"])
    fed = messages(spec)
    time_replies(cell.call(spec["address"], fed), spec)


def port(spec: dict[str, Any]) -> int:
    return int(spec["address"].rsplit(":", 1)[1])


def loop_socket_serve(spec: dict[str, Any]) -> None:
    """Echo without framing, as a 20-line program can if it knows the size of messages."""
    with socket.create_server(("127.0.0.1", port(spec))) as listener:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := connection.recv(1 << 16):
            connection.sendall(data)


def loop_socket_call(spec: dict[str, Any]) -> None:
    fed = messages(spec)
    connection = socket.create_connection(("127.0.0.1", port(spec)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def replies() -> Iterator[bytes]:
        for message in fed:
            connection.sendall(message)
            yield connection.recv(1 << 16)

    time_replies(replies(), spec)


def loop_zmq_serve(spec: dict[str, Any]) -> None:
    import zmq

    rep: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REP)
    rep.bind(spec["address"])
    while True:
        rep.send(rep.recv())


def loop_zmq_call(spec: dict[str, Any]) -> None:
    import zmq

    fed = messages(spec)
    req: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
    req.connect(spec["address"])

    def replies() -> Iterator[bytes]:
        for message in fed:
            req.send(message)
            yield req.recv()

    time_replies(replies(), spec)


def loop_zmq_push(spec: dict[str, Any]) -> None:
    import zmq

    fed = messages(spec)
    push: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
    push.bind(spec["address"])
    for message in fed[: spec["warm_up"]]:
        push.send(message)
    gc.collect()
    gc.freeze()
    wait()
    began_ns = time.perf_counter_ns()
    for message in fed[spec["warm_up"] :]:
        push.send(message)
    tell(began_ns=began_ns)
    wait()


def loop_zmq_work(spec: dict[str, Any]) -> None:
    import zmq

    pull: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PULL)
    pull.connect(spec["address"])
    push: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
    push.connect(spec["sink"])
    while True:
        push.send(pull.recv())


def loop_zmq_pull(spec: dict[str, Any]) -> None:
    import zmq

    pull: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PULL)
    pull.bind(spec["address"])
    for _ in range(spec["warm_up"]):
        pull.recv()
    tell(warmed=True)
    for _ in range(spec["messages"]):
        pull.recv()
    tell(ended_ns=time.perf_counter_ns())


ROLES: dict[str, Callable[[dict[str, Any]], None]] = {
    name: function
    for name, function in list(globals().items())
    if name.startswith(("fed_", "loop_"))
}


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    if spec["role"].startswith("loop_zmq"):
        import zmq  # noqa: F401  (import before the affinity is narrowed, as hosts do)
    os.sched_setaffinity(0, spec["cpus"])
    tell(ready=True)
    wait()
    ROLES[spec["role"]](spec)


if __name__ == "__main__":
    main()
