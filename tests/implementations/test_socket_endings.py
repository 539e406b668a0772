"""A program on BSD sockets that ends has sent what it was given: nothing waits in it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

from helpers_bench import TIMEOUT_S

from bench.contract.model import IMPLEMENTATIONS

SOCKETS = IMPLEMENTATIONS / "raw_socket"
RESULT_BYTES = 12 * 1024 * 1024
"""More than the kernel holds for a connection."""
WORKING = """
import sys
sys.path[:0] = sys.argv[1:3]
from pipeline import work
work(*sys.argv[3:], lambda task: task * int(12 * 1024 * 1024 / len(task)))
"""


def listener() -> tuple[socket.socket, str]:
    made = socket.create_server(("127.0.0.1", 0))
    made.settimeout(TIMEOUT_S)
    return made, f"tcp://127.0.0.1:{made.getsockname()[1]}"


def test_a_worker_with_a_buffer_has_sent_its_results_when_it_ends() -> None:
    """Its source leaves, and its sink does not read until a hasty worker has ended."""
    (source, given), (sink, taken) = listener(), listener()
    folders = (str(SOCKETS / "buffered"), str(SOCKETS))
    words = [sys.executable, "-c", WORKING, *folders, given, taken]
    with source, sink, subprocess.Popen(words) as worker:
        tasks, results = source.accept()[0], sink.accept()[0]
        with tasks:
            tasks.sendall((4).to_bytes(4) + b"task")
        threading.Event().wait(1.0)
        with results, results.makefile("rb") as stream:
            length = int.from_bytes(stream.read(4))
            assert (length, len(stream.read(length))) == (RESULT_BYTES, RESULT_BYTES)
            assert stream.read() == b""
        assert worker.wait(TIMEOUT_S) == 0
