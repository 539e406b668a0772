"""aiohttp alone, and behind nginx, Apache and HAProxy: the price, and what it buys."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.in_front.fronts import (
    FRONTS,
    PATIENCE_S,
    Front,
    configuration_lines,
)
from bench.surveys.experiments.catalogue.in_front.load import (
    SERVED_AT_S,
    STRANGERS,
    WATCHED_S,
    Strangers,
    load,
    round_trip_us,
    served_ms,
)
from bench.surveys.experiments.experiment import (
    FULL,
    Block,
    Experiment,
    Found,
    Quantity,
    python,
)
from bench.surveys.experiments.ports import await_listening, free_ports
from bench.surveys.experiments.processes import START_S, line, need, role, started
from bench.surveys.experiments.settled import settled
from bench.trial.descendants import descendants, memory_bytes
from bench.trial.requirements import version

APP = "bench.surveys.experiments.catalogue.in_front.app"
STILL_S = 0.5
"""How long a count of sockets stands still before it counts."""
BETWEEN_S = 1.5
"""Between two restarts: longer than a front shuns a server that was away."""
MIB = 2**20
ALONE, REUSE = "alone", "reuse_port"
SUBJECTS = {
    ALONE: "aiohttp alone",
    REUSE: "aiohttp with SO_REUSEPORT",
    "nginx": "aiohttp behind nginx",
    "apache": "aiohttp behind Apache",
    "haproxy": "aiohttp behind HAProxy",
}
NEVER = f"(never: not within {WATCHED_S:g} s)"
QUANTITIES = {
    "round_trip_us": Quantity("us", "{subject} answers 64 B after {value} us", 1.0),
    "memory_mib": Quantity("MiB", "{subject} has {value} MiB more of memory"),
    "processes": Quantity("processes", "{subject} has {value} processes more"),
    "configuration_lines": Quantity(
        "lines", "a site with {subject} has {value} lines of configuration"
    ),
    "silent_closed_s": Quantity(
        "s",
        f"{{subject}} has closed half of {STRANGERS} connections that say nothing after "
        f"{{value}} s {NEVER}",
    ),
    "slow_closed_s": Quantity(
        "s",
        f"{{subject}} has closed half of {STRANGERS} connections whose header never ends "
        f"after {{value}} s {NEVER}",
    ),
    "silent_served_ms": Quantity(
        "ms",
        f"{{subject}} answers a new client after {{value}} ms beside {STRANGERS} "
        f"connections that say nothing {NEVER}",
        1e-3,
    ),
    "slow_served_ms": Quantity(
        "ms",
        f"{{subject}} answers a new client after {{value}} ms beside {STRANGERS} "
        f"connections whose header never ends {NEVER}",
        1e-3,
    ),
    "reached": Quantity(
        "connections",
        f"{{subject}}: {{value}} of {STRANGERS} silent connections reach aiohttp",
        most=STRANGERS,
    ),
    "failed_idle": Quantity(
        "requests", "{value} requests to {subject} fail where nothing is restarted"
    ),
    "failed_restart": Quantity(
        "requests", "{value} requests to {subject} fail while aiohttp is restarted"
    ),
    "failed_reload": Quantity(
        "requests", "{value} requests to {subject} fail while the front is reloaded"
    ),
}


class Site:
    """One subject that serves; ``port`` is where clients ask."""

    def __init__(self, subject: str, folder: Path, stack: ExitStack) -> None:
        self._stack = stack
        self._reuse = [REUSE] if subject == REUSE else []
        front = FRONTS.get(subject)
        if front:
            self.port, *self._ports = free_ports(3)
        else:
            self._ports = free_ports(1)
            self.port = self._ports[0]
        self.apps = [self._app(port) for port in self._ports]
        self.front = self._start(front, folder) if front else 0
        """The process id of the front, or 0."""

    def _app(self, port: int) -> subprocess.Popen[bytes]:
        app = self._stack.enter_context(started(role(APP, str(port), *self._reuse)))
        line(app)
        return app

    def _start(self, front: Front, folder: Path) -> int:
        first, second = self._ports
        ports = {"front": self.port, "first": first, "second": second}
        words = front.configured(folder, front.site_with(ports))
        program = need(front.program, front.package)
        namespace = [*alone_in_its_namespace(), program, *words]
        process = self._stack.enter_context(started(namespace))
        await_listening(self.port)
        return descendants(process.pid)[0]

    @property
    def added(self) -> list[int]:
        """The processes of the front."""
        return [self.front, *descendants(self.front)] if self.front else []

    def restart(self) -> None:
        """Restart every aiohttp in turn; with SO_REUSEPORT the new one starts first."""
        for place, port in enumerate(self._ports):
            time.sleep(BETWEEN_S * place)
            old = self.apps[place]
            if self._reuse:
                self.apps[place] = self._app(port)
            old.send_signal(signal.SIGTERM)
            old.wait(START_S)
            if not self._reuse:
                self.apps[place] = self._app(port)


@contextmanager
def site(subject: str, folder: Path) -> Iterator[Site]:
    """Yield a subject that serves; kill it in the end."""
    with ExitStack() as stack:
        folder.mkdir(exist_ok=True)
        yield Site(subject, folder, stack)


def alone_in_its_namespace() -> list[str]:
    """Return the words before a front that kill its workers when it is killed.

    A namespace of processes ends with its first process.
    """
    user = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
    return [need("unshare", "util-linux"), *user, "--pid", "--kill-child", "--"]


def sockets(pid: int) -> set[str]:
    """Return the sockets that a process holds, by their names, ``socket:[INODE]``."""
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed between the listing and the look
            held.add(os.readlink(link))
    return {name for name in held if name.startswith("socket:")}


def beside_strangers(port: int, is_slow: bool) -> tuple[float, float]:
    """Return after how many s strangers are closed, and the ms that a new client waits."""
    strangers = Strangers(port, is_slow)
    waited_ms: list[float] = []

    def ask() -> None:
        time.sleep(SERVED_AT_S)
        waited_ms.append(served_ms(port))

    asking = threading.Thread(target=ask)
    asking.start()
    closed_s = strangers.closed_s()
    asking.join()
    strangers.close()
    return closed_s, waited_ms[0]


def reached(made: Site) -> int:
    """Return how many of the strangers' connections reach the aiohttps.

    Connections of earlier clients may end meanwhile, so new sockets are counted, and no
    difference of two counts.
    """

    def held() -> set[str]:
        return set().union(*(sockets(app.pid) for app in made.apps))

    before = held()
    strangers = Strangers(made.port, is_slow=False)
    found = settled(lambda: len(held() - before), STILL_S)
    strangers.close()
    return min(found, STRANGERS)


def tried(subject: str, folder: Path) -> tuple[dict[str, float], dict[str, str]]:
    """Return the values of one subject, and how requests failed."""
    front = FRONTS.get(subject)
    found: dict[str, float] = {
        "configuration_lines": configuration_lines(front.site) if front else 0
    }
    words = {}
    with site(subject, folder) as made:
        found["round_trip_us"] = round_trip_us(made.port)
        with load(made.port) as idle:
            pass
        found["failed_idle"] = idle.failed
        found["processes"] = len(made.added)
        memory = [memory_bytes(pid, "Pss", "smaps_rollup") for pid in made.added]
        found["memory_mib"] = sum(memory) / MIB
        with load(made.port) as restarted:
            made.restart()
        found["failed_restart"] = restarted.failed
        words["While aiohttp is restarted"] = restarted.failure
        if front:
            with load(made.port) as reloaded:
                os.kill(made.front, front.reload)
            found["failed_reload"] = reloaded.failed
            words["While the front is reloaded"] = reloaded.failure
        found["reached"] = reached(made)
        for kind in ("silent", "slow"):
            closed_s, waited_ms = beside_strangers(made.port, kind == "slow")
            found[f"{kind}_closed_s"], found[f"{kind}_served_ms"] = closed_s, waited_ms
    return found, words


def measure(block: Block) -> Found:
    """Try one subject after the other. A front that is not installed is left out."""
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    answers: dict[str, dict[str, str]] = {}
    left_out = {}
    for subject in block.random.sample([*SUBJECTS], len(SUBJECTS)):
        try:
            found, words = tried(subject, block.folder / subject)
        except NotMeasurable as error:
            left_out[subject] = str(error)
            continue
        for quantity, value in found.items():
            values[quantity][subject] = value
        for question, said in words.items():
            answers.setdefault(question, {})[subject] = said
    return Found(values, answers, left_out)


def versions() -> Mapping[str, str]:
    return {**python(), "aiohttp": version("aiohttp") or "none"}


EXPERIMENT = Experiment(
    name="in_front",
    asks="What does a server in front of aiohttp cost, and what does it keep off?",
    control=f"aiohttp alone, and a load in which nothing is restarted. All sites give a "
    f"client {PATIENCE_S} s for its header, which aiohttp has no option for.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    profile=FULL,
    versions=versions,
)
