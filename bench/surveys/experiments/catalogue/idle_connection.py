"""A connection says nothing for a while: who hangs up, after how long, and what follows?

A client sends one request and gets its reply. Then it says nothing until a side has closed
the connection, or until ``WAIT_S`` have passed. After that it sends another request. Every
program keeps the defaults of its libraries. The pairs wait side by side, since waiting
takes no CPU time.

The kernel tells which end closed first: its state is FIN_WAIT or TIME_WAIT (RFC 9293). The
harness looks at the kernel's table every ``LOOK_S``.
"""

from __future__ import annotations

import math
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from bench.contract.find import choose, find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.errors import NoMiddleError, TrialError
from bench.measure import held
from bench.measure.common import count
from bench.surveys.experiments.experiment import (
    FULL,
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.trial.requirements import missing

WAIT_S = 80.0
"""The longest default of a common server is the 75 s of nginx."""
LOOK_S = 0.05
PROGRAMS = {
    "sockets": ("raw_socket/minimal", "BSD sockets, blocking"),
    "streams": ("raw_socket/streams", "BSD sockets, asyncio's streams"),
    "zmq": ("zmq/minimal", "ZeroMQ, REQ and REP"),
    "zmq_asyncio": ("zmq/asyncio", "ZeroMQ on asyncio"),
    "requests": ("http/minimal", "requests, asking aiohttp"),
    "aiohttp": ("http/aiohttp_client", "aiohttp's client, asking aiohttp"),
    "http_client": ("http/stdlib_client", "http.client, asking aiohttp"),
    "urllib3": ("http/urllib3", "urllib3, asking aiohttp"),
    "httpx": ("http/httpx", "httpx, asking aiohttp"),
    "pycurl": ("http/pycurl", "pycurl, asking aiohttp"),
    "uvicorn": ("http/uvicorn", "aiohttp's client, asking uvicorn"),
    "uwsgi": ("http/uwsgi", "pycurl, asking uWSGI"),
    "websocket": ("http/websocket", "WebSocket, aiohttp at both ends"),
}
SUBJECTS = {name: said for name, (_, said) in PROGRAMS.items()}
SERVER, CLIENT, NOBODY = "the server", "the client", "nobody"
OPEN = "01"
CLOSED_FIRST = ("04", "05", "06")
"""FIN_WAIT1, FIN_WAIT2 and TIME_WAIT."""
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def ends(port: int) -> dict[tuple[int, int], str]:
    """Return the state of each end of the connections to a port.

    An end is named by its own port and that of the other end. An end may be IPv6 and the
    other one not.
    """
    found: dict[tuple[int, int], str] = {}
    for table in map(Path, TABLES):
        lines = table.read_text(encoding="ascii").splitlines() if table.exists() else []
        for _, *both, state in (line.split()[:4] for line in lines[1:]):
            own, other = (int(address.rsplit(":", 1)[1], 16) for address in both)
            if port in (own, other):
                found[own, other] = state
    return found


def watch(port: int, wait_s: float) -> tuple[str, float]:
    """Return who closes first, and after how many seconds; nobody, and infinity.

    The port may have had connections before, of which the kernel remembers some. Raises
    TrialError if no connection is open, or if it disappears.
    """
    began_s = time.monotonic()
    seen = ends(port)
    client = next((e for e, state in seen.items() if e[1] == port and state == OPEN), None)
    if client is None:
        raise TrialError("no connection is open after the first reply")
    server = (client[1], client[0])
    while (waited_s := time.monotonic() - began_s) < wait_s:
        for whose, end in ((SERVER, server), (CLIENT, client)):
            if seen.get(end) in CLOSED_FIRST:
                return whose, waited_s
        if client not in seen:
            raise TrialError(
                "the connection is gone, and no end is known to have closed it"
            )
        time.sleep(LOOK_S)
        seen = ends(port)
    return NOBODY, math.inf


def tried(cell: Cell, wait_s: float, folder: Path, seed: int) -> tuple[str, float, bool]:
    """Return who hung up, after how long, and whether the next request was answered."""
    case = Case(cell, "idle_memory", "tcp", 64, 1, "free")
    seen: list[tuple[str, float]] = []

    def measure(trial: held.Held) -> None:
        (address,) = trial.bound.values()
        port = urlsplit(address).port
        assert port
        seen.append(watch(port, wait_s))
        trial.measure()

    made = held.window(case, 1, 1.0)
    try:
        trial = held.run(case, made, folder, random.Random(seed), measure)
        answered = count(case, trial).delivered == 1
    except TrialError:
        if not seen:  # before the pause
            raise
        answered = False
    ((whose, after_s),) = seen
    return whose, after_s, answered


def measure(block: Block, wait_s: float = WAIT_S) -> Found:
    """Have every pair say nothing at the same time."""
    cells = {
        name: choose(find_cells([IMPLEMENTATIONS]), [f"{place}/request_reply.py"])[0]
        for name, (place, _) in PROGRAMS.items()
    }
    left_out = {name: ", ".join(missing(cell)) for name, cell in cells.items()}
    left_out = {name: packages for name, packages in left_out.items() if packages}
    here = [name for name in cells if name not in left_out]
    seeds = {name: block.random.randrange(1 << 30) for name in here}
    with ThreadPoolExecutor(len(here)) as threads:
        waits = {
            name: threads.submit(
                tried, cells[name], wait_s, block.folder / name, seeds[name]
            )
            for name in here
        }
    values: dict[str, dict[str, float]] = {"open_s": {}, "answered": {}}
    who: dict[str, str] = {}
    for name, wait in waits.items():
        try:
            who[name], values["open_s"][name], answered = wait.result()
        except NoMiddleError as error:
            raise TrialError(f"{cells[name].id}: {error}") from error
        values["answered"][name] = float(answered)
    return Found(values, {"who hung up": who}, left_out)


EXPERIMENT = Experiment(
    name="idle_connection",
    asks="Who hangs up on an idle connection, and is the next request answered?",
    control="BSD sockets and ZeroMQ, which have no time-out unless a program sets one.",
    subjects=SUBJECTS,
    quantities={
        "open_s": Quantity("s", "{subject}: an idle connection stays open for {value} s"),
        "answered": Quantity(
            "of the requests",
            "{subject}: a share of {value} of requests after the pause is answered",
            0,
            1,
        ),
    },
    measure=measure,
    profile=FULL,
    versions=libzmq,
)
