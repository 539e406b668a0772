"""aiohttp with TLS and with several processes: by itself, and behind nginx.

A server in front may take over TLS, and may hand requests to several processes. aiohttp has
both without one: a context of TLS, and SO_REUSEPORT, by which the kernel deals connections.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.in_front.experiment import (
    alone_in_its_namespace,
    versions,
)
from bench.surveys.experiments.catalogue.in_front.fronts import FRONTS
from bench.surveys.experiments.catalogue.strangers.experiment import make_keys
from bench.surveys.experiments.catalogue.tls_and_cores.app import PROCESS
from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity
from bench.surveys.experiments.ports import await_listening, free_ports
from bench.surveys.experiments.processes import line, need, role, started

APP = "bench.surveys.experiments.catalogue.tls_and_cores.app"
SITE = Path(__file__).parent / "nginx.conf"
PLAIN, ALONE, SEVERAL, NGINX = "plain", "alone", "several", "nginx"
SUBJECTS = {
    PLAIN: "aiohttp without TLS (the control)",
    ALONE: "aiohttp with TLS",
    SEVERAL: "aiohttp with TLS in two processes that share a port",
    NGINX: "nginx with TLS in front of two processes of aiohttp",
}
NEW, WARM_UP, ROUND_TRIPS = 64, 50, 300
CALL_S = 5.0
BODY = b"x" * 64
QUANTITIES = {
    "round_trip_us": Quantity("us", "{subject} answers 64 B after {value} us", 1.0),
    "connection_ms": Quantity(
        "ms", "{subject} answers 64 B on a new connection after {value} ms", 1e-3
    ),
    "answering": Quantity(
        "processes",
        f"{{subject}} answers on {NEW} new connections with {{value}} of its processes",
        1.0,
    ),
}


class Client:
    """A client of one site, which trusts the site's certificate alone."""

    def __init__(self, port: int, certificate: Path | None) -> None:
        self.port = port
        self._tls = ssl.create_default_context(cafile=certificate) if certificate else None

    @contextmanager
    def connected(self) -> Iterator[http.client.HTTPConnection]:
        where = ("127.0.0.1", self.port)
        if self._tls:
            client: http.client.HTTPConnection = http.client.HTTPSConnection(
                *where, timeout=CALL_S, context=self._tls
            )
        else:
            client = http.client.HTTPConnection(*where, timeout=CALL_S)
        client.connect()
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            yield client
        finally:
            client.close()

    def round_trip_us(self) -> float:
        """Return the median round trip over a connection that is kept."""
        took_us = []
        with self.connected() as client:
            for _ in range(WARM_UP + ROUND_TRIPS):
                began_ns = time.perf_counter_ns()
                asked(client)
                took_us.append((time.perf_counter_ns() - began_ns) / 1e3)
        return statistics.median(took_us[WARM_UP:])

    def new(self) -> tuple[float, int]:
        """Return the median ms to the reply on a new connection, and who has answered."""
        took_ms, processes = [], set()
        for _ in range(NEW):
            began_s = time.monotonic()
            with self.connected() as client:
                processes.add(asked(client))
                took_ms.append((time.monotonic() - began_s) * 1000)
        return statistics.median(took_ms), len(processes)


def asked(client: http.client.HTTPConnection) -> str:
    """Ask once; return the process that has answered."""
    client.request("POST", "/", BODY)
    reply = client.getresponse()
    assert reply.read() == BODY
    return str(reply.headers[PROCESS])


@contextmanager
def site(subject: str, folder: Path) -> Iterator[Client]:
    """Yield a client of a subject that serves.

    Raises NotMeasurable with what to install.
    """
    keys = make_keys(folder / "keys")
    certificate, key = keys / "server.pem", keys / "server.key.pem"
    secret = [str(certificate), str(key)] if subject in (ALONE, SEVERAL) else []
    first, second, front = free_ports(3)
    ports = {SEVERAL: [first, first], NGINX: [first, second]}.get(subject, [first])
    with ExitStack() as stack:
        for port in ports:
            line(stack.enter_context(started(role(APP, str(port), *secret))))
        if subject != NGINX:
            yield Client(first, certificate if secret else None)
            return
        nginx = FRONTS[NGINX]
        places = {"front": front, "first": first, "second": second}
        text = Template(SITE.read_text()).substitute(
            places, certificate=certificate, key=key
        )
        words = [need(nginx.program, nginx.package), *nginx.configured(folder, text)]
        stack.enter_context(started([*alone_in_its_namespace(), *words]))
        await_listening(front)
        yield Client(front, certificate)


def measure(block: Block) -> Found:
    """Try one subject after the other. Without nginx, that one is left out."""
    values: dict[str, dict[str, float]] = {name: {} for name in QUANTITIES}
    left_out = {}
    for subject in block.random.sample([*SUBJECTS], len(SUBJECTS)):
        folder = block.folder / subject
        folder.mkdir()
        try:
            with site(subject, folder) as client:
                values["round_trip_us"][subject] = client.round_trip_us()
                new_ms, answering = client.new()
        except NotMeasurable as error:
            left_out[subject] = str(error)
            continue
        values["connection_ms"][subject] = new_ms
        values["answering"][subject] = answering
    return Found(values, left_out=left_out)


EXPERIMENT = Experiment(
    name="tls_and_cores",
    asks="Does aiohttp need a server in front for TLS, or for a second core?",
    control="aiohttp without TLS, in one process.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    versions=versions,
)
