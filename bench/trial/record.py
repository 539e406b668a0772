"""The window and the records of a trial: the data between trial and measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.contract.model import Role, Workload
from bench.trial.descendants import CpuTime

HEADS = np.dtype(
    [("sender", ">u8"), ("sequence", ">u8"), ("epoch", ">u4"), ("checksum", ">u4")]
)


@dataclass(frozen=True)
class Window:
    """The messages that each driver gives in a trial, and what to record of them."""

    messages: int
    warm_up: int
    interval_s: float | None = None
    stamp_each: bool = False
    limit_s: float | None = None
    turns: int = 0
    """Into how many equal turns the window is cut; 0 where it is given in one go."""
    busy_ns: int = 0
    """How long each message keeps a handle busy: an effect for selftests to find."""
    stall_at: int = -1
    """The number of the one message that keeps it busy for ``stall_ns``; -1 is none."""
    stall_ns: int = 0
    rate_hz: float | None = None
    """Messages a second that an open loop offers: by a Poisson schedule, or evenly."""
    arrivals_seed: int = 0
    connections: int = 0
    """How many connections one client gives messages in turn, or one host of subscribers
    holds; 0 is as the role does."""
    afresh: bool = False
    """Whether a driver opens a connection for each message."""
    evenly: bool = False
    burst: int = 1
    """How many messages are given at each moment of a paced window."""
    together_s: float = 0.0
    """How long each handle waits for another, to find out if two run at a time."""
    sizes_bytes: tuple[int, ...] = ()
    """The sizes of messages in a conformance trial, in turn; empty in other trials."""


@dataclass
class RoleRecord:
    """The records of one role, and its costs."""

    id: str
    counts: dict[str, Any]
    given_ns: NDArray[np.int64] | None = None
    intended_ns: NDArray[np.int64] | None = None
    asked_ns: NDArray[np.int64] | None = None
    arrived_ns: NDArray[np.int64] | None = None
    heads: NDArray[np.void] | None = None
    places: NDArray[np.uint32] | None = None
    """The connection over which each message came, where all of them take every one."""


@dataclass
class TrialRecord:
    """Everything a trial left: per role records, per host CPU time and memory."""

    roles: dict[str, RoleRecord]
    cpu: dict[str, dict[str, CpuTime]]
    peak_bytes: dict[str, int]
    sockets: dict[str, dict[str, list[int]]]
    build_s: float
    """How long the messages of the window took to build, the slowest driver's time."""
    join_s: float
    total_s: float
    turn: int = 0
    """How many messages each driver gives in a turn; 0 where the window is in one piece."""
    counted: tuple[int, ...] = ()
    """The numbers of the turns whose values count, in the order of their rounds."""
    clock_bound_ns: int = 0
    """How wrong times may be between roles that different clocks stamped; 0 for one clock.

    Stamps of consumers have been moved to the clock of the driver.
    """

    def of(self, role: Role) -> list[RoleRecord]:
        return [r for name, r in self.roles.items() if name.split(".")[0] == role.name]

    def pairs(self, workload: Workload) -> Iterator[tuple[RoleRecord, RoleRecord]]:
        """Yield each consumer's record with the record of its driver."""
        drivers = self.of(workload.driver)
        for number, record in enumerate(self.of(workload.consumer)):
            yield record, drivers[number] if workload.driver.consumes else drivers[0]


def read_heads(path: Path, width: int) -> NDArray[np.void]:
    """Return the headers at the front of rows of ``width`` bytes, shape (messages,)."""
    stored = np.fromfile(path, dtype=np.uint8)
    rows = stored[: len(stored) // width * width].reshape(-1, width)
    return np.ascontiguousarray(rows[:, : HEADS.itemsize]).view(HEADS).ravel()


def read_stamps(path: Path) -> NDArray[np.int64] | None:
    """Return nanoseconds, shape (messages,), or None if the role wrote none."""
    return np.fromfile(path, dtype=np.int64) if path.exists() else None


def read_records(
    folder: Path, results: Mapping[str, dict[str, Any]]
) -> Iterator[RoleRecord]:
    """Read the records of each role from a trial's folder; ``results`` has its counts."""
    for event in results.values():
        for counts in event["results"]:
            record = RoleRecord(counts["role"], counts)
            record.given_ns = read_stamps(folder / f"{record.id}.given")
            record.intended_ns = read_stamps(folder / f"{record.id}.intended")
            record.asked_ns = read_stamps(folder / f"{record.id}.asked")
            record.arrived_ns = read_stamps(folder / f"{record.id}.arrived")
            if record.arrived_ns is not None:
                record.heads = read_heads(
                    folder / f"{record.id}.heads", counts["head_bytes"]
                )
            places = folder / f"{record.id}.places"
            if places.exists():
                record.places = np.fromfile(places, dtype=np.uint32)
            yield record
