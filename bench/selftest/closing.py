"""A program that closes its ZeroMQ sockets loses messages over ipc, and none over tcp.

This is why a ``stack.toml`` has ``stays_open``. A reader whose queue is full does not read
from its connection. If the peer hangs up meanwhile, epoll reports a hang-up for a Unix
socket, and none for tcp. libzmq (4.3.5) treats the report as an error. It never reads the
messages that the kernel still holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, INPROC, Case, Cell
from bench.selftest.answers import KnownAnswer
from bench.selftest.measures import SIZE_BYTES
from bench.trial.checker import NOTHING, tally
from bench.trial.record import Window
from bench.trial.trial import run_trial

MESSAGES = 6000
PEERS = 2


def cells() -> Iterator[tuple[Cell, str]]:
    """Yield the cells that close, and each transport on which closing can be tried."""
    for cell in find_cells([IMPLEMENTATIONS]):
        if not cell.variant.stays_open or cell.lossy or cell.workload.lockstep:
            continue
        if cell.language != "c":
            yield from ((cell, name) for name in cell.transports if name != INPROC)


def lost(cell: Cell, transport: str, logs: Path, rng: Random) -> int:
    """Return how many messages a cell lost when it closed its sockets at the end."""
    closing = replace(cell, variant=replace(cell.variant, stays_open=()))
    case = Case(closing, "throughput", transport, SIZE_BYTES, PEERS, "free")
    window = Window(MESSAGES, warm_up=10, sizes_bytes=(SIZE_BYTES,))
    found = NOTHING
    for consumer, driver in run_trial(case, window, logs, rng).pairs(case.cell.workload):
        assert consumer.heads is not None
        heads, given = consumer.heads, driver.counts["given"]
        found += tally(heads["sender"], heads["sequence"], 0, given)
    return found.lost


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Have each cell close its sockets once for each transport; count lost messages."""
    del blocks
    found = []
    for cell, transport in cells():
        count = lost(cell, transport, logs, Random(seed))
        wanted = cell.workload.deliveries(MESSAGES, PEERS)
        promised = transport not in cell.variant.stays_open
        found.append(
            KnownAnswer(
                f"{cell.id}: lost after closing, over {transport}",
                f"{wanted} deliveries, the program ends with its stream",
                str(count),
                "0" if promised else "whatever libzmq loses",
                count == 0 if promised else None,
            )
        )
    return found
