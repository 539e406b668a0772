"""The same HTTP server, asked by wrk: a client in C, one request at a time.

How much of HTTP's round trip is the Python client's? wrk sends the same requests to the
same ``serve``, in a process in the driver's place. If wrk is much faster, the times of
Python clients are mostly their own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from bench.contract.model import Case, Role
from bench.errors import NotMeasurable, TrialError
from bench.hosts import message as msg
from bench.measure.common import Measured, Sizing, free_running_pilot
from bench.trial.fork_servers import ForkServers
from bench.trial.placement import cpus_for
from bench.trial.record import Window
from bench.trial.scratch import scratch_folder
from bench.trial.trial import Trial

TOOL = "wrk"
WARM_UP_S = 1
LASTS_S = 1
"""wrk counts in whole seconds."""
TIMEOUT_S = 20
CLIENT_BOUND_FROM = 1.25
"""A case is called bound by its client if wrk is at least so many times as fast."""
RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
COUNT = re.compile(r"^\s*(\d+) requests in", re.MULTILINE)
ERRORS = re.compile(r"^\s*(Socket errors:.*|Non-2xx.*)", re.MULTILINE)


def is_installed() -> bool:
    return shutil.which(TOOL) is not None


class _ServerOnly(Trial):
    """A trial in which the harness starts the server only; wrk is the client."""

    def instances(self, role: Role) -> list[str]:
        return super().instances(role) if role.handles else []


def pilot(case: Case) -> Window:
    """Return the window of the Python client's pilot, which finds the cost of hosts."""
    return free_running_pilot(case)


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take."""
    del case, sizing
    return pilot["overhead_s"] / 2 + WARM_UP_S + LASTS_S


def script(size_bytes: int) -> str:
    """Return wrk's script in Lua, which POSTs one message of the window."""
    body = msg.build(0, 0, msg.WINDOW_EPOCH, size_bytes)
    spelt = "".join(f"\\{byte:03d}" for byte in body)
    return f'wrk.method = "POST"\nwrk.body = "{spelt}"\n'


def parse(said: str) -> tuple[float, int]:
    """Return requests per second and their number, from the output of wrk.

    Raises TrialError if wrk counted errors, or no requests.
    """
    if errors := ERRORS.search(said):
        raise TrialError(f"wrk counted errors: {errors.group(1)}")
    rate, count = RATE.search(said), COUNT.search(said)
    if not rate or not count or float(rate.group(1)) <= 0:
        raise TrialError(f"wrk counted nothing: {said.strip() or 'it printed nothing'}")
    return float(rate.group(1)), int(count.group(1))


@contextmanager
def served(case: Case, logs: Path, rng: Random) -> Iterator[tuple[Trial, str, Path]]:
    """Yield a trial that has the server of a case only, its URL, and a folder.

    Raises TrialError if the server fails. It ends with the context.
    """
    logs.mkdir(parents=True, exist_ok=True)
    with scratch_folder() as folder:
        trial = _ServerOnly(case, Window(0, warm_up=0), folder, logs, rng)
        try:
            trial.spawn()
            trial.join()
            (address,) = trial.bound.values()
            yield trial, address.replace("tcp:", "http:"), folder
        finally:
            trial.kill()


def said_by(words: Sequence[str], case: Case) -> str:
    """Return the output of a tool that runs on the CPUs of the driver.

    Raises TrialError if it does not end in time.
    """
    cpus = cpus_for(case.placement, drives=True)
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        os.sched_setaffinity(process.pid, cpus)
        return process.communicate(timeout=TIMEOUT_S)[0]
    except subprocess.TimeoutExpired:
        raise TrialError(f"{words[0]} did not end within {TIMEOUT_S} s") from None
    finally:
        process.kill()
        process.wait()


def ask(case: Case, url: str, folder: Path, lasts_s: int, connections: int = 1) -> str:
    """Return the output of wrk after so many seconds over so many connections."""
    path = folder / "post.lua"
    path.write_text(script(case.size_bytes), encoding="utf-8")
    many = f"-c{connections}"
    return said_by([TOOL, "-t1", many, f"-d{lasts_s}s", "-s", str(path), url], case)


def take(
    case: Case,
    sizing: Sizing,
    logs: Path,
    rng: Random,
    servers: ForkServers | None = None,
) -> Measured:
    """Return seconds per request of wrk with this cell's server.

    Raises NotMeasurable without wrk, and TrialError if the server or wrk fails.
    """
    del sizing, servers  # it starts one server, and no client
    if not is_installed():
        raise NotMeasurable("wrk is not installed: install the package wrk to have it")
    with served(case, logs, rng) as (_, url, folder):
        ask(case, url, folder, WARM_UP_S)
        rate_hz, count = parse(ask(case, url, folder, LASTS_S))
    return Measured(1 / rate_hz, {"given": count, "delivered": count, "lost": 0})
