"""The fork server: it loads a program once, and its copies become hosts.

``python -m bench.hosts.fork_server PROGRAM`` with ``{"parent", "cell", "search", "loop"}``,
as a specification of hosts has them. Loading aiohttp and requests takes far longer than to
copy a process that has loaded them. The harness asks on a socket, the standard input:

    {"do": "fork", "spec": ..., "environment": {...}} with stdin, stdout and stderr
    {"do": "reap", "pid": ...}, once the process has ended

The answers are the id of the process, and its exit status as of ``waitpid``. A program that
starts a thread when it is loaded cannot be copied: then the server ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from bench.hosts.host import die_with_parent, load_cell, run_host
from bench.hosts.spec import read_spec

REQUEST_BYTES_MAX = 1 << 20
STANDARD_FILES = 3


def threads() -> int:
    """Return how many threads this process has, those of libraries too (Linux)."""
    return len(os.listdir("/proc/self/task"))


def load(program: dict[str, Any]) -> None:
    """Load what each host of a program would load."""
    load_cell(Path(program["cell"]), program["search"])
    if program["loop"]:
        importlib.import_module(program["loop"])
    gc.collect()
    gc.freeze()  # else a collection would write to the pages that copies share


def become_host(told: dict[str, Any], files: list[int]) -> None:
    """Run a host in this process, with its own standard files. Does not return."""
    os.setpgid(0, 0)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.update(told["environment"])
    try:
        run_host(read_spec(told["spec"]))
    except BaseException:  # the copy must not become a server too
        import traceback

        traceback.print_exc()
    os._exit(1)


def answer(harness: socket.socket, told: dict[str, Any], files: list[int]) -> int:
    """Do what the harness asks for; return the number to answer."""
    if told["do"] == "reap":
        _, status = os.waitpid(told["pid"], 0)
        return status
    pid = os.fork()
    if pid == 0:
        harness.close()
        become_host(told, files)
    for file in files:
        os.close(file)
    return pid


def main() -> None:
    program = json.loads(sys.argv[1])
    die_with_parent(program["parent"])
    harness = socket.socket(fileno=os.dup(0))
    load(program)
    if threads() > 1:
        sys.exit(f"{program['cell']} starts a thread when it is loaded")
    harness.send(b"loaded")
    while True:
        request, files, _, _ = socket.recv_fds(harness, REQUEST_BYTES_MAX, STANDARD_FILES)
        if not request:
            return
        harness.send(str(answer(harness, json.loads(request), files)).encode())


if __name__ == "__main__":
    main()
