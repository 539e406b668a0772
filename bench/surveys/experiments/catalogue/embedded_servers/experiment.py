"""One echo service on the servers that the talk names, and on those that others embed.

Programs that exist elsewhere in the project are used as they are: those of
``implementations/http/embedded`` and the server half of ``implementations/http/uwsgi``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from bench.errors import NotMeasurable
from bench.measure.code.size import size
from bench.surveys.embedding.programs import command, find_embedded, lacking
from bench.surveys.embedding.running import LOOPBACK
from bench.surveys.experiments.catalogue.embedded_servers import serving
from bench.surveys.experiments.catalogue.in_front import experiment as in_front
from bench.surveys.experiments.catalogue.in_front.fronts import FRONTS, configuration_lines
from bench.surveys.experiments.catalogue.in_front.load import round_trip_us
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, python
from bench.surveys.experiments.in_c import built
from bench.surveys.experiments.ports import await_listening, free_ports
from bench.surveys.experiments.processes import line, need, role, started
from bench.trial.requirements import version

HERE = Path(__file__).parent
APPLICATION = "bench.surveys.embedding.application"
SERVING = "bench.surveys.experiments.catalogue.embedded_servers.serving"
UVICORN, FASTCGI = HERE / "echo_uvicorn.py", HERE / "echo_fastcgi.c"
SITE = HERE / "nginx.conf"
UWSGI = serving.FOLDER / "request_reply.py"
CLIENT = "call"
"""The function of a program that is its client, and does not count."""
EMBEDDED = {"aiohttp": "http.python", "http_server": "http.python_http_server",
            "libmicrohttpd": "http.c"}  # fmt: skip
"""Programs of ``implementations/http/embedded``, by their keys."""
SUBJECTS = {
    "libmicrohttpd": "an echo service in C on libmicrohttpd",
    "fastcgi": "an echo service in C on FastCGI behind nginx",
    "uwsgi": "an echo service in Python on uWSGI",
    "aiohttp": "an echo service in Python on aiohttp",
    "uvicorn": "an echo service in Python on uvicorn",
    "http_server": "an echo service in Python on http.server",
}
RELEASES = {
    "libmicrohttpd": "1.0.0 of 2024-02-01 or later (GitLab's tags)",
    "fastcgi": "2.4.7 of 2025-11 or earlier (spack-packages, pull request 2624)",
    "uwsgi": "2.0.30.post1 of 2026-02 (PyPI)",
    "aiohttp": "3.14.5 of 2026-10 (PyPI)",
    "uvicorn": "0.54.0 of 2026-09 (PyPI)",
    "http_server": "with each release of Python",
}
"""The newest release that was found on 2026-11-30, with the place where it was found."""
GOES_ON = {
    "libmicrohttpd": "yes, it has a thread of its own",
    "fastcgi": "no, and HTTP takes a second server",
    "uwsgi": "no, it takes the process",
    "aiohttp": "yes, its loop has a thread of its own",
    "uvicorn": "yes, its loop has a thread of its own",
    "http_server": "yes, it has a thread of its own",
}

QUANTITIES = {
    "round_trip_us": Quantity("us", "{subject} answers 64 B after {value} us", 1.0),
    "statements": Quantity("statements", "{subject} takes {value} statements", 1.0),
    "lines": Quantity("lines", "{subject} takes {value} lines of code", 1.0),
    "configuration_lines": Quantity(
        "lines", "{subject} takes {value} lines of configuration"
    ),
}


def server_half(path: Path) -> str:
    """Return a program in Python without its client, and without imports of the client."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if getattr(node, "name", "") != CLIENT]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [one for one in node.names if (one.asname or one.name) in used]
    tree.body = [node for node in tree.body if getattr(node, "names", True)]
    return ast.unparse(tree)


def counted(path: Path, folder: Path) -> dict[str, float]:
    """Return the statements and lines of a server, without files that it shares."""
    if path == UWSGI:
        path = folder / path.name
        path.write_text(server_half(UWSGI))
    found = size(path, ())
    return {"statements": found.statements, "lines": found.lines}


@contextmanager
def as_embedded(subject: str, _: Path) -> Iterator[int]:
    """Yield the port of a program of ``implementations/http/embedded``."""
    (program,) = [one for one in find_embedded() if one.key == EMBEDDED[subject]]
    if lacks := lacking(program):
        raise NotMeasurable(lacks)
    with started([*command(program), LOOPBACK]) as server:
        yield urlsplit(line(server)).port or 0


@contextmanager
def as_uvicorn(_: str, __: Path) -> Iterator[int]:
    """Yield the port of uvicorn in the same program that already runs."""
    if not version("uvicorn"):
        raise NotMeasurable("pip install uvicorn")
    with started(role(APPLICATION, str(UVICORN), LOOPBACK)) as server:
        yield urlsplit(line(server)).port or 0


@contextmanager
def as_uwsgi(_: str, __: Path) -> Iterator[int]:
    """Yield the port of the program over uWSGI."""
    if not version("pyuwsgi"):
        raise NotMeasurable("pip install pyuwsgi")
    (port,) = free_ports(1)
    with started(role(SERVING, str(port))):
        await_listening(port)
        yield port


@contextmanager
def as_fastcgi(_: str, folder: Path) -> Iterator[int]:
    """Yield the port of nginx in front of the program over FastCGI."""
    nginx, program = FRONTS["nginx"], built(FASTCGI, {"fcgi": "libfcgi-dev"})
    (port,) = free_ports(1)
    path = folder / "echo.sock"
    text = Template(SITE.read_text()).substitute(front=port, socket=path)
    words = nginx.configured(folder, text)
    with ExitStack() as stack:
        line(stack.enter_context(started([str(program), str(path)])))
        server = [need(nginx.program, nginx.package), *words]
        stack.enter_context(started([*in_front.alone_in_its_namespace(), *server]))
        await_listening(port)
        yield port


PROGRAMS = {
    "fastcgi": FASTCGI,
    "uwsgi": UWSGI,
    "uvicorn": UVICORN,
    **{
        subject: one.path
        for subject, key in EMBEDDED.items()
        for one in find_embedded()
        if one.key == key
    },
}
SERVERS = {
    **dict.fromkeys(EMBEDDED, as_embedded),
    "fastcgi": as_fastcgi,
    "uwsgi": as_uwsgi,
    "uvicorn": as_uvicorn,
}


def measure(block: Block) -> Found:
    """Count each program, and time it in an order that differs from block to block."""
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    left_out = {}
    for subject in block.random.sample([*SUBJECTS], len(SUBJECTS)):
        folder = block.folder / subject
        folder.mkdir()
        for quantity, count in counted(PROGRAMS[subject], folder).items():
            values[quantity][subject] = count
        lines = configuration_lines(SITE.read_text()) if subject == "fastcgi" else 0
        values["configuration_lines"][subject] = lines
        try:
            with SERVERS[subject](subject, folder) as port:
                values["round_trip_us"][subject] = round_trip_us(port)
        except NotMeasurable as error:
            left_out[subject] = str(error)
    answers = {
        "The newest release found": RELEASES,
        "The program may go on with other work": GOES_ON,
    }
    return Found(values, answers, left_out)


def versions() -> Mapping[str, str]:
    packages = ("aiohttp", "uvicorn", "pyuwsgi")
    return {**python(), **{name: version(name) or "none" for name in packages}}


EXPERIMENT = Experiment(
    name="embedded_servers",
    asks="What does an echo service take on each server that can be embedded?",
    control="The servers that the talk does not name, with the same client.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=versions,
)
