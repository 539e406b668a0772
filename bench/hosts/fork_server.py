"""The fork server: it loads a program once, and its copies become hosts.

``python -m bench.hosts.fork_server PROGRAM`` with ``{"parent", "cell", "search", "loop"}``,
as a specification of hosts has them, and ``"host"``, the module of the hosts. Loading
aiohttp and requests takes far longer than to copy a process that has loaded them. The
harness asks on a socket, the standard input:

    {"do": "fork", "spec": ..., "environment": {...}, "namespaces": [...]}
        with stdin, stdout and stderr; a copy enters namespaces, which are files, in turn
    {"do": "reap", "pid": ...}, once the process has ended

The answers are the id of the process, and its exit status as of ``waitpid``. A program that
starts a thread when it is loaded cannot be copied: then the server ends.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.hosts.host import die_with_parent, load_cell
from bench.hosts.spec import HostSpec, read_spec

REQUEST_BYTES_MAX = 1 << 20
PR_SET_DUMPABLE = 4
STANDARD_FILES = 3


def threads() -> int:
    """Return how many threads this process has, those of libraries too (Linux)."""
    return len(os.listdir("/proc/self/task"))


def load(program: dict[str, Any]) -> Callable[[HostSpec], None]:
    """Load what each host of a program would load; return the function that runs one."""
    run_host: Callable[[HostSpec], None] = importlib.import_module(program["host"]).run_host
    load_cell(Path(program["cell"]), program["search"])
    if program["loop"]:
        importlib.import_module(program["loop"])
    gc.collect()
    gc.freeze()  # else a collection would write to the pages that copies share
    return run_host


def enter(namespaces: list[str]) -> None:
    """Move into namespaces. Raises OSError if that is not permitted (Linux)."""
    files = [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in namespaces]
    libc = ctypes.CDLL(None, use_errno=True)
    for file, path in zip(files, namespaces, strict=True):
        if libc.setns(file, 0):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
        os.close(file)
    libc.prctl(PR_SET_DUMPABLE, 1)  # else the harness could not see what it holds


def become_host(
    run_host: Callable[[HostSpec], None], told: dict[str, Any], files: list[int]
) -> None:
    """Run a host in this process, with its own standard files. Does not return."""
    os.setpgid(0, 0)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.update(told["environment"])
    try:
        enter(told["namespaces"])
        run_host(read_spec(told["spec"]))
    except BaseException:  # the copy must not become a server too
        import traceback

        traceback.print_exc()
    os._exit(1)


def answer(
    run_host: Callable[[HostSpec], None],
    harness: socket.socket,
    told: dict[str, Any],
    files: list[int],
) -> int:
    """Do what the harness asks for; return the number to answer."""
    if told["do"] == "reap":
        _, status = os.waitpid(told["pid"], 0)
        return status
    pid = os.fork()
    if pid == 0:
        harness.close()
        become_host(run_host, told, files)
    for file in files:
        os.close(file)
    return pid


def main() -> None:
    program = json.loads(sys.argv[1])
    die_with_parent(program["parent"])
    harness = socket.socket(fileno=os.dup(0))
    run_host = load(program)
    if threads() > 1:
        sys.exit(f"{program['cell']} starts a thread when it is loaded")
    harness.send(b"loaded")
    while True:
        request, files, _, _ = socket.recv_fds(harness, REQUEST_BYTES_MAX, STANDARD_FILES)
        if not request:
            return
        number = answer(run_host, harness, json.loads(request), files)
        harness.send(str(number).encode())


if __name__ == "__main__":
    main()
