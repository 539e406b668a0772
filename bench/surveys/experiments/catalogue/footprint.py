"""What does a server take of the machine: processes, threads, ports and memory, while idle?

The programs are the shortest servers of request and reply. Each has answered one request,
so that whatever its library starts late is there.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bench.contract.model import IMPLEMENTATIONS
from bench.errors import TrialError
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq
from bench.surveys.experiments.ports import await_listening, free_ports
from bench.surveys.experiments.processes import line, role, started
from bench.trial.descendants import descendants, memory_bytes

MIB = 2**20
SUBJECTS = {
    "raw_socket": "request/reply's server on BSD sockets",
    "http": "request/reply's server on HTTP",
    "zmq": "request/reply's server on ZeroMQ",
    "zmq_proxied": "a server on ZeroMQ behind a proxy of its own",
}
PROGRAMS = {
    "raw_socket": "raw_socket/minimal",
    "http": "http/minimal",
    "zmq": "zmq/minimal",
    "zmq_proxied": "zmq/proxied",
}
QUANTITIES = {
    "processes": Quantity("processes", "{subject} takes {value} processes", 1.0),
    "threads": Quantity("threads", "{subject} takes {value} threads", 1.0),
    "ports": Quantity("ports", "{subject} listens at {value} ports", 1.0),
    "memory_mib": Quantity("MiB", "{subject} takes {value} MiB of memory", 1.0),
}
SERVE, PROXY, CALL = "serve", "proxy", "call"
ANSWERED = "answered"
LISTENS = "0A"
"""The state of a listening socket in /proc/net/tcp (proc_pid_net(5))."""


def place(port: int) -> str:
    return f"tcp://127.0.0.1:{port}"


def plays(name: str, part: str, *ports: int) -> list[str]:
    """Return the command of a process that plays one role of a subject."""
    path = IMPLEMENTATIONS / PROGRAMS[name] / "request_reply.py"
    return role(__name__, str(path), part, *map(place, ports))


def listening(pid: int) -> set[str]:
    """Return the inodes of the sockets at which a process listens for TCP."""
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if found := re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink())):
            held.add(found[1])
    tables = (Path(f"/proc/{pid}/net/{table}") for table in ("tcp", "tcp6"))
    rows = (row.split() for table in tables for row in table.read_text().splitlines())
    return {fields[9] for fields in rows if fields[3] == LISTENS} & held


def taken(pids: Sequence[int]) -> dict[str, float]:
    """Return what processes take together."""
    memory = (memory_bytes(pid, "Pss", "smaps_rollup") for pid in pids)
    return {
        "processes": len(pids),
        "threads": sum(len([*Path(f"/proc/{pid}/task").iterdir()]) for pid in pids),
        "ports": sum(len(listening(pid)) for pid in pids),
        "memory_mib": sum(memory) / MIB,
    }


def looked_at(name: str) -> dict[str, float]:
    """Start a subject, ask it once, and return what it takes."""
    front, back = free_ports(2)
    has_proxy = name.endswith("proxied")
    parts = {SERVE: [back], PROXY: [front, back]} if has_proxy else {SERVE: [front]}
    with ExitStack() as stack:
        processes = []
        for part, ports in parts.items():
            process = stack.enter_context(started(plays(name, part, *ports)))
            await_listening(ports[0])
            processes.append(process)
        with started(plays(name, CALL, front)) as caller:
            if line(caller) != ANSWERED:
                raise TrialError(f"{name} does not answer")
        every = [pid for one in processes for pid in (one.pid, *descendants(one.pid))]
        return taken(every)


def measure(block: Block) -> Found:
    """Look at all subjects side by side: nothing is timed."""
    order = block.random.sample([*SUBJECTS], len(SUBJECTS))
    with ThreadPoolExecutor(len(order)) as pool:
        made = dict(zip(order, pool.map(looked_at, order), strict=True))
    return Found({q: {name: made[name][q] for name in SUBJECTS} for q in QUANTITIES})


def main(file: str, part: str, *addresses: str) -> None:
    path = Path(file)
    sys.path[:0] = [str(path.parent), str(path.parent.parent)]
    play = getattr(importlib.import_module(path.stem), part)
    if part == PROXY:
        play(*addresses)
    elif part == SERVE:
        play(*addresses, lambda request: request)
    else:
        replies: Iterator[bytes] = play(*addresses, iter([b"there?"]))
        assert next(replies) == b"there?"
        print(ANSWERED, flush=True)


EXPERIMENT = Experiment(
    name="footprint",
    asks="What does an idle server take: processes, threads, ports and memory?",
    control="A server with a process between it and its clients.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=libzmq,
)

if __name__ == "__main__":
    main(*sys.argv[1:])
