"""How long do connect and send take while the peer is absent, without a name, or cut off?

A program connects to a peer and sends one message, in a network namespace of its own. The
peer's port is closed, or its name has to be asked of a server that does not answer, or the
link drops all packets without a word. Meanwhile the program wants to talk to another peer.
A blocking program cannot before its call returns; the others try every ten milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from bench.errors import TrialError
from bench.faults.network.hosts import INTERFACE, Network
from bench.faults.network.tools import tool
from bench.surveys.experiments.experiment import (
    FULL,
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.surveys.experiments.processes import line, role, started

LIMIT_S = 4.0
"""How long a call may take; one that takes longer has not returned."""
EACH_S, SAY_S = 0.01, 2.0
NEAR, FAR = "near", "far"
CUT = "10.0.2.3"
"""A second address of the far host, which receives nothing there."""
NAME = "peer.nomiddle.test"
NAME_SERVER = f"options timeout:2 attempts:1\nnameserver {CUT}\n"
"""The resolver waits for two seconds, by default for ten: its end has to be seen."""
PORT, CLOSED = {"raw_socket": 7000, "asyncio": 7000, "zmq": 7001}, 7002
DROP = f"""
table inet cut {{
  chain input {{ type filter hook input priority 0; ip daddr {CUT} drop; }}
}}
"""
STACKS = {
    "raw_socket": "a blocking socket",
    "asyncio": "asyncio's streams",
    "zmq": "ZeroMQ",
}
STATES = {
    "here": "a peer that is there",
    "absent": "a closed port",
    "unknown": "a name that no server resolves",
    "cut": "a peer behind a cut link",
}
SUBJECTS = {
    f"{stack}_{state}": f"{said}, sending to {where}"
    for stack, said in STACKS.items()
    for state, where in STATES.items()
}
QUANTITIES = {
    "call_s": Quantity("s", "with {subject}, connect and send return after {value} s"),
    "told_s": Quantity("s", "with {subject}, the program has an error after {value} s"),
    "others_s": Quantity("s", "with {subject}, another peer waits for {value} s at most"),
}


# --- A program on each stack: when its call returned, if it raised, the longest wait ------


def call_raw_socket(host: str, port: int) -> tuple[float, bool, float]:
    began_s = time.monotonic()
    try:
        with socket.create_connection((host, port)) as sock:
            sock.sendall(b"message")
        raised = False
    except OSError:
        raised = True
    took_s = time.monotonic() - began_s
    return took_s, raised, took_s


async def _talk(until_s: float) -> float:
    """Talk to a peer that is well; return the longest time that it took."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(1):
            writer.write(said)

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    longest_s = 0.0
    while time.monotonic() < until_s:
        began_s = time.monotonic()
        writer.write(b"x")
        await reader.readexactly(1)
        longest_s = max(longest_s, time.monotonic() - began_s)
        await asyncio.sleep(EACH_S)
    writer.close()
    await asyncio.sleep(EACH_S)  # so that the echo has seen the end as well
    return longest_s


async def call_asyncio(host: str, port: int) -> tuple[float, bool, float]:
    began_s = time.monotonic()
    talking = asyncio.create_task(_talk(began_s + LIMIT_S))
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), LIMIT_S)
        writer.write(b"message")
        took_s, raised = time.monotonic() - began_s, False
    except TimeoutError:
        took_s, raised = math.inf, False
    except OSError:
        took_s, raised = time.monotonic() - began_s, True
    return took_s, raised, await talking


def call_zmq(host: str, port: int) -> tuple[float, bool, float]:
    import zmq

    context = zmq.Context()
    well, asking = context.socket(zmq.REP), context.socket(zmq.REQ)
    asking.connect(f"tcp://127.0.0.1:{well.bind_to_random_port('tcp://127.0.0.1')}")
    began_s = time.monotonic()
    sock = context.socket(zmq.PUSH)
    sock.linger = 0  # else the program never ends: its message cannot be delivered
    sock.connect(f"tcp://{host}:{port}")
    sock.send(b"message")
    took_s, longest_s = time.monotonic() - began_s, 0.0
    while time.monotonic() < began_s + LIMIT_S:
        asked_s = time.monotonic()
        asking.send(b"x")
        well.send(well.recv())
        asking.recv()
        longest_s = max(longest_s, time.monotonic() - asked_s)
        time.sleep(EACH_S)
    return took_s, False, longest_s


def serve() -> None:
    """Take whatever comes, on both ports, until killed."""
    import zmq

    def drain(listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                while connection.recv(100):
                    pass

    listener = socket.create_server(("", PORT["raw_socket"]))
    threading.Thread(target=drain, args=(listener,), daemon=True).start()
    puller = zmq.Context().socket(zmq.PULL)
    puller.bind(f"tcp://*:{PORT['zmq']}")
    print("serving", flush=True)
    while True:
        puller.recv()


# --- The experiment -----------------------------------------------------------------------


def networked() -> Network:
    """Return two hosts, the far one with an address that receives nothing."""
    network = Network(NEAR, FAR)
    network.run(FAR, "ip", "addr", "add", f"{CUT}/24", "dev", INTERFACE)
    network.run(FAR, "nft", "-f", "-", said=DROP)
    return network


def words(network: Network, stack: str, state: str, resolver: Path) -> list[str]:
    """Return the command of a program whose names are asked of a silent server."""
    host = {"unknown": NAME, "cut": CUT}.get(state, network.address(FAR))
    port = CLOSED if state == "absent" else PORT[stack]
    bind = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    mounted = [tool("unshare"), "--mount", "--", "sh", "-c", bind, str(resolver)]
    return [*mounted, *role(__name__, stack, host, str(port))]


def tried(process: subprocess.Popen[bytes], until_s: float) -> tuple[float, bool, float]:
    """Return what a program says, or that its call has not returned in time."""
    try:
        took_s, raised, others_s = json.loads(
            line(process, max(0.0, until_s - time.monotonic()))
        )
    except TrialError:
        took_s, raised, others_s = math.inf, False, math.inf
    return (took_s, raised, others_s) if took_s <= LIMIT_S else (math.inf, False, others_s)


def measure(block: Block) -> Found:
    """Start all programs side by side: they wait, and hardly compute."""
    resolver = block.folder / "resolv.conf"
    resolver.write_text(NAME_SERVER)
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    with networked() as network, ExitStack() as running:
        server = running.enter_context(started(role(__name__, "serve"), network.enter(FAR)))
        line(server)
        programs = {}
        for name in block.random.sample([*SUBJECTS], len(SUBJECTS)):
            stack, state = name.rsplit("_", 1)
            command = words(network, stack, state, resolver)
            programs[name] = running.enter_context(started(command, network.enter(NEAR)))
        for process in programs.values():
            line(process)
        for process in programs.values():
            assert process.stdin
            process.stdin.write(b"go\n")
        until_s = time.monotonic() + LIMIT_S + SAY_S
        for name, process in programs.items():
            took_s, raised, others_s = tried(process, until_s)
            values["call_s"][name], values["others_s"][name] = took_s, others_s
            if not name.endswith("_here"):
                values["told_s"][name] = took_s if raised else math.inf
    return Found(values)


def main() -> None:
    stack, *where = sys.argv[1:]
    if stack == "serve":
        serve()
        return
    if stack == "zmq":
        import zmq  # noqa: F401  (so that no call is charged for it)
    print("ready", flush=True)
    sys.stdin.readline()
    host, port = where[0], int(where[1])
    if stack == "asyncio":
        found = asyncio.run(call_asyncio(host, port))
    else:
        found = {"raw_socket": call_raw_socket, "zmq": call_zmq}[stack](host, port)
    print(json.dumps(found), flush=True)
    sys.stdout.flush()
    os._exit(0)  # a resolver may still hold a thread


EXPERIMENT = Experiment(
    name="absent_peer",
    asks="How long do connect and send take while the peer is absent or unknown?",
    control="The same calls to a peer that is there; blocking sockets and asyncio.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    profile=FULL,
    versions=libzmq,
)

if __name__ == "__main__":
    main()
