"""A harness that makes trials of chaos and of a killed database, and one that kills it.

``python harness_to_kill.py`` makes such trials side by side until it is killed.
``python harness_to_kill.py SEED`` starts that one, kills it at a random moment, adopts all
that is left, and prints it as JSON: see ``Left``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from bench.contract.topology import players, topologies
from bench.hosts.host import adopt_orphans
from bench.surveys.topologies.survey import Wanted, take
from bench.trial.descendants import descendants
from bench.trial.scratch import sweep_folders

GOING = "going"
MOMENT_S_MAX = 15.0
"""The latest moment of a kill: by then some are struck, and some are back."""
GONE_S = 20.0
LOOK_S = 0.05
TRIALS_MAX = 100
SHARED_MEMORY = Path("/dev/shm")


class Left(NamedTuple):
    """The leftovers of one kill, and how many ``processes`` there were before.

    ``cables`` are interfaces of the machine's own network that were not there before.
    """

    moment_s: float
    processes: int
    alive: list[str]
    namespaces: list[str]
    cables: list[str]
    memory: list[str]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# -- the harness ---------------------------------------------------------------------------


def wanted() -> list[Wanted]:
    web, database = topologies()["web"].with_clients(6), topologies()["database"]
    mesh = next(c for c in players(web) if c.id == "zmq/mesh/web.py")
    minimal = next(c for c in players(database) if c.id == "zmq/minimal/request_reply.py")
    return [
        Wanted(web, mesh, "chaos", 0),
        Wanted(database, minimal, "box_killed_database", 0),
    ]


def harness() -> None:
    def make(some: Wanted) -> None:
        for trial in range(TRIALS_MAX):
            with suppress(Exception):  # PostgreSQL may be missing, or a peer too slow
                take(replace(some, trial=trial), seed=1)

    sweep_folders()
    say(GOING)
    with ThreadPoolExecutor() as pool:
        for ended in [pool.submit(make, some) for some in wanted()]:
            ended.result()


# -- its killer ----------------------------------------------------------------------------


def facts(pids: list[int], fact: Callable[[Path], set[str]]) -> set[str]:
    """Return facts of processes by their folders in /proc, of those that still live."""
    found: set[str] = set()
    for pid in pids:
        with suppress(OSError):
            found |= fact(Path("/proc", str(pid)))
    return found


def namespace(process: Path) -> set[str]:
    return {os.readlink(process / "ns/net")}


def command(process: Path) -> set[str]:
    """Return the command of a process that lives, or its name if it has none any more."""
    if (process / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
        return set()
    words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return {f"{process.name} {words or (process / 'comm').read_text()}"}


def shared_memory(process: Path) -> set[str]:
    """Return what a process shares in /dev/shm, and by System V's calls."""
    lines = (process / "maps").read_text().splitlines()
    parts = [line.split(maxsplit=5) for line in lines]
    files = {
        part[5] for part in parts if part[5:] and part[5].startswith(str(SHARED_MEMORY))
    }
    return files | {f"SYSV {part[4]}" for part in parts if part[5:] and "/SYSV" in part[5]}


def is_left(memory: str) -> bool:
    if memory.startswith("SYSV "):
        lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
        return memory.split()[1] in {line.split()[1] for line in lines}
    return Path(memory).exists()


def reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def everybody() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def kill_at_a_random_moment(seed: str) -> Left:
    adopt_orphans()
    me, rng = os.getpid(), random.Random(seed)
    cables = {*os.listdir("/sys/class/net")}
    process = subprocess.Popen(
        [sys.executable, __file__], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline().strip() == GOING
    moment_s = rng.uniform(0, MOMENT_S_MAX)
    time.sleep(moment_s)
    there, before = descendants(me), {*everybody()}
    spaces = facts(there, namespace) - namespace(Path("/proc/self"))
    memory = facts(there, shared_memory)
    process.kill()
    deadline = time.monotonic() + GONE_S
    while descendants(me) and time.monotonic() < deadline:
        reap()
        time.sleep(LOOK_S)
    # The kernel gives the number of a namespace that is gone to another one.
    left = [pid for pid in everybody() if pid in before]
    return Left(
        moment_s,
        len(there),
        sorted(facts(descendants(me), command)),
        sorted(spaces & facts(left, namespace)),
        sorted({*os.listdir("/sys/class/net")} - cables),
        sorted(filter(is_left, memory)),
    )


def main() -> None:
    if len(sys.argv) == 1:
        harness()
        return
    left: dict[str, Any] = kill_at_a_random_moment(sys.argv[1])._asdict()
    say(json.dumps(left))


if __name__ == "__main__":
    main()
