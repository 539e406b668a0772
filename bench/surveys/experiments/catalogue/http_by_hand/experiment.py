"""HTTP by hand: how much of the protocol does a server get right, and how long is it?

A server of an hour and one that passes every case stand beside servers that people use.
Each gets the same cases, with the defaults of its library.
"""

from __future__ import annotations

import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.contract.model import IMPLEMENTATIONS
from bench.errors import NotMeasurable, TrialError
from bench.measure.code.size import size
from bench.surveys.embedding.programs import command, find_embedded, lacking
from bench.surveys.experiments.catalogue.http_by_hand.cases import CASES, tried
from bench.surveys.experiments.experiment import (
    Block,
    Experiment,
    Found,
    Quantity,
    python,
)
from bench.surveys.experiments.processes import line, started
from bench.trial.requirements import version
from bench.trial.versions import c_version

PROGRAMS = Path(__file__).parent / "programs"
LOOPBACK = "tcp://127.0.0.1:0"
SUBJECTS = {
    "smallest": "the smallest server by hand",
    "careful": "the careful server by hand",
    "http_server": "http.server of Python's standard library",
    "aiohttp": "aiohttp without its router",
    "uvicorn": "uvicorn",
    "nginx": "nginx in front of aiohttp",
    "node": "node:http",
    "libmicrohttpd": "libmicrohttpd",
}
BY_HAND = ("smallest", "careful")
EMBEDDED = {
    "http_server": "http.python_http_server",
    "aiohttp": "http.python",
    "node": "http.javascript",
    "libmicrohttpd": "http.c",
}
"""Servers that are exhibits already, by their keys."""
AT_ONCE = 32
"""How many cases are tried side by side: they mostly wait."""
ALL = len(CASES)
START_S, EACH_S = 10.0, 0.02


def embedded(name: str) -> list[str]:
    """Return the command of a server that is an exhibit.

    Raises NotMeasurable with what to install.
    """
    (program,) = (p for p in find_embedded() if p.key == EMBEDDED[name])
    if lacks := lacking(program):
        raise NotMeasurable(lacks)
    return [*command(program), LOOPBACK]


def by_hand(name: str) -> list[str]:
    return [sys.executable, str(PROGRAMS / f"{name}.py")]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def await_listening(port: int) -> None:
    """Wait until a server takes connections. Raises TrialError if it never does."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(EACH_S)
    raise TrialError(f"nothing listens at port {port}")


@contextmanager
def serving(name: str, errors: Path) -> Iterator[int]:
    """Yield the port of a server. Raises NotMeasurable with what to install."""
    if name == "nginx":
        if not shutil.which("nginx"):
            raise NotMeasurable("apt-get install nginx-light")
        with serving("aiohttp", errors) as back:
            port = free_port()
            where = (f"tcp://127.0.0.1:{port}", f"tcp://127.0.0.1:{back}")
            said = f"import sys; sys.path.insert(0, {str(IMPLEMENTATIONS / 'http')!r}); "
            said += f"import nginx; nginx.run{where!r}"
            with started([sys.executable, "-c", said], errors=errors):
                await_listening(port)
                yield port
        return
    if name == "uvicorn" and not version("uvicorn"):
        raise NotMeasurable("pip install uvicorn")
    files = {"uvicorn": "asgi"}
    words = embedded(name) if name in EMBEDDED else by_hand(files.get(name, name))
    with started(words, errors=errors) as process:
        yield int(line(process).rsplit(":", 1)[-1])


def versions() -> Mapping[str, str]:
    names = ("aiohttp", "uvicorn", "h11")
    packages = {name: found for name in names if (found := version(name))}
    in_c = c_version("libmicrohttpd in C")
    return {**python(), **packages, **({"libmicrohttpd": in_c} if in_c else {})}


def measure(block: Block) -> Found:
    """Put all cases to all servers, several at a time."""
    left_out: dict[str, str] = {}
    passed: dict[str, float] = {}
    answers: dict[str, dict[str, str]] = {case.name: {} for case in CASES}
    with ExitStack() as running:
        ports = {}
        for name in SUBJECTS:
            try:
                ports[name] = running.enter_context(
                    serving(name, block.folder / f"{name}.log")
                )
            except NotMeasurable as error:
                left_out[name] = str(error)
        asked = [(name, case) for name in ports for case in CASES]
        block.random.shuffle(asked)
        asked.sort(key=lambda one: -one[1].limit_s)  # all others end meanwhile
        with ThreadPoolExecutor(AT_ONCE) as pool:
            heard = list(pool.map(lambda one: tried(one[1], ports[one[0]]), asked))
    for (name, case), said in zip(asked, heard, strict=True):
        right = case.passed(said)
        passed[name] = passed.get(name, 0) + right
        answers[case.name][name] = f"{'right' if right else 'WRONG'}: {said.words()}"
    statements = {
        name: float(size(PROGRAMS / f"{name}.py", (PROGRAMS,)).statements)
        for name in BY_HAND
    }
    return Found({"passed": passed, "statements": statements}, answers, left_out)


EXPERIMENT = Experiment(
    name="http_by_hand",
    asks=f"How many of {ALL} cases of HTTP does a server get right?",
    control="The same cases for six servers that people use.",
    subjects=SUBJECTS,
    quantities={
        "passed": Quantity(
            "cases",
            f"{{subject}} gets {{value}} of {ALL} cases right",
            most=ALL,
        ),
        "statements": Quantity("statements", "{subject} has {value} statements", 1, 1e4),
    },
    measure=measure,
    versions=versions,
)
