"""The crowd that asks servers of HTTP agrees with wrk and with h2load.

wrk and h2load (of nghttp2) are generators that others wrote and many use. Each is compared
with the crowd, with the same server and the same number of connections:

* at full speed over ten connections, by the messages a second that the server answers;
* at 1,000 messages a second over one connection, by the server's CPU time for a message.
  wrk has no rate. Over more connections h2load gives its messages in bursts.

The gate fails if a 99.9 % interval of the ratio lies beyond 10 % of 1. A tool that is not
installed is skipped, with the package that has it.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from random import Random

from bench.analysis.stats import ratio
from bench.contract.find import choose, find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.errors import TrialError
from bench.hosts import message as msg
from bench.measure import cost, held, wrk
from bench.measure.common import costs, count, window_s
from bench.selftest.answers import KnownAnswer, ruled_out, shown
from bench.selftest.measures import SIZE_BYTES, Measure, interleave
from bench.trial.build import lacking
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import used_since

MOST = 1.10
SERVERS = ("http/aiohttp_client/request_reply.py", "http/minimal/request_reply.c")
"""A server that is the limit, and one in C that is as quick as a generator."""
AT_ONCE_HZ = 1e9
"""A rate at which every message is due when a connection is free."""
MESSAGES = {"python": 4000, "c": 20_000}
"""The messages of a window at full speed, which take about a second."""
CONNECTIONS = 10
RATE_HZ = cost.RATE_HZ["request_reply"]
PACED = 1000
COST = "serve_cpu_us_per_message"
PACKAGES = {"wrk": "wrk", "h2load": "nghttp2-client"}
SUCCEEDED = re.compile(r"^requests: .* (\d+) succeeded, (\d+) failed", re.MULTILINE)
FINISHED = re.compile(r"^finished in [^,]+, ([\d.]+) req/s", re.MULTILINE)


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Compare the crowd with each tool, in each way that the tool has."""
    found = []
    for cell in choose(find_cells([IMPLEMENTATIONS]), SERVERS):
        fast = Case(cell, "cost", "tcp", SIZE_BYTES, CONNECTIONS, "split")
        paced = Case(cell, "cost", "tcp", SIZE_BYTES, 1, "split")
        for tool, package in PACKAGES.items():
            question = f"{cell.id} at full speed, asked by a crowd over {tool}"
            measures = {"crowd": _crowd_rate(fast, logs), tool: _rate(tool, fast, logs)}
            missing = _missing(fast, tool, package)
            found.append(_answer(question, missing, measures, blocks, seed))
        question = f"{cell.id}: CPU time of a message, asked by a crowd over h2load"
        measures = {
            "crowd": _crowd_cost(paced, logs),
            "h2load": _h2load_cost(paced, logs),
        }
        missing = _missing(paced, "h2load", PACKAGES["h2load"])
        found.append(_answer(question, missing, measures, blocks, seed))
    return found


def _missing(case: Case, tool: str, package: str) -> str:
    """Return what has to be installed first, or empty."""
    if not shutil.which(tool):
        return f"{tool} is not installed: apt-get install {package}"
    packages = lacking(case.cell) if case.cell.language == "c" else []
    if packages or not held.crowd_for(case):
        return f"not built: apt-get install {' '.join(packages) or 'gcc'}"
    return ""


def _answer(
    question: str, missing: str, measures: dict[str, Measure], blocks: int, seed: int
) -> KnownAnswer:
    if missing:
        return KnownAnswer(question, "nothing", missing, "skipped", None)
    crowd, other = interleave(question, measures, blocks, seed).values()
    return KnownAnswer(
        question,
        "nothing",
        shown(ratio(crowd, other)),
        f"{1 / MOST:.2f} to {MOST:.2f}",
        not ruled_out(crowd, other, 1 / MOST, MOST),
        needs_quiet=True,
    )


def _by_crowd(case: Case, made: Window, logs: Path, rng: Random) -> TrialRecord:
    return held.run(case, made, logs, rng, held.Held.measure, held.crowd_for(case))


def _crowd_rate(case: Case, logs: Path) -> Measure:
    """Return a measure of seconds per message at full speed."""
    messages = MESSAGES[case.cell.language]

    def measure(rng: Random) -> float:
        trial = _by_crowd(case, held.window(case, messages, AT_ONCE_HZ), logs, rng)
        return window_s(case, trial) / count(case, trial).delivered

    return measure


def _crowd_cost(case: Case, logs: Path) -> Measure:
    """Return a measure of the server's CPU time in seconds for a message."""

    def measure(rng: Random) -> float:
        trial = _by_crowd(case, held.window(case, PACED, RATE_HZ), logs, rng)
        return float(costs(trial, count(case, trial).delivered)[COST]) / 1e6

    return measure


def _rate(tool: str, case: Case, logs: Path) -> Measure:
    """Return a measure of a tool's seconds per message at full speed."""

    def measure(rng: Random) -> float:
        with wrk.served(case, logs, rng) as (_, url, folder):
            if tool == wrk.TOOL:
                said = wrk.ask(case, url, folder, wrk.LASTS_S, case.instances)
                return 1 / wrk.parse(said)[0]
            messages = MESSAGES[case.cell.language]
            return 1 / parse(wrk.said_by(h2load(case, url, folder, messages), case))[0]

    return measure


def _h2load_cost(case: Case, logs: Path) -> Measure:
    """As ``_crowd_cost``, by h2load."""

    def measure(rng: Random) -> float:
        with wrk.served(case, logs, rng) as (trial, url, folder):
            before = trial.group.cpu_times()
            words = h2load(case, url, folder, PACED, f"--rps={RATE_HZ:g}")
            _, done = parse(wrk.said_by(words, case))
            (used,) = used_since(before, trial.group.cpu_times()).values()
            return used["process"].run_ns / 1e9 / done

    return measure


def h2load(case: Case, url: str, folder: Path, messages: int, *more: str) -> list[str]:
    """Return the command by which h2load POSTs so many messages over HTTP/1.1."""
    body = folder / "body"
    body.write_bytes(msg.build(0, 0, msg.WINDOW_EPOCH, case.size_bytes))
    many = [f"--clients={case.instances}", f"--requests={messages}"]
    return ["h2load", "--h1", "--threads=1", *many, f"--data={body}", *more, url]


def parse(said: str) -> tuple[float, int]:
    """Return requests per second and their number, from the output of h2load.

    Raises TrialError if a request failed, or none was counted.
    """
    succeeded, rate = SUCCEEDED.search(said), FINISHED.search(said)
    if not succeeded or not rate or int(succeeded.group(2)) or float(rate.group(1)) <= 0:
        raise TrialError(f"h2load counted errors: {said.strip() or 'it printed nothing'}")
    return float(rate.group(1)), int(succeeded.group(1))
