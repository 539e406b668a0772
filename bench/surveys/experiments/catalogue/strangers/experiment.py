"""Strangers at the ports of every stack: blobs, a browser and a scan, then a client.

The programs collect messages; those of request and reply are the project's own. Nothing
leaves loopback. The last stranger speaks the stack's protocol, without a key.

libzmq takes bytes that do not begin with 0xff for ZMTP 1.0, so that a blob can become a
request of several parts. ``recv`` returns the first part. REP then refuses ``send`` with
EFSM, because the request has not been taken to its end (zmq_socket(3), zmq_msg_recv(3)): a
server that asks for no further parts ends. A friend who sends two parts ends it as well.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from bench.contract.model import IMPLEMENTATIONS
from bench.errors import TrialError
from bench.measure.code.size import size
from bench.surveys.experiments.catalogue.strangers import said
from bench.surveys.experiments.experiment import (
    FULL,
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.surveys.experiments.ports import await_listening
from bench.surveys.experiments.processes import last_line, line, need, role, started
from bench.surveys.experiments.settled import settled
from bench.trial.addresses import free_port

RECEIVER = "bench.surveys.experiments.catalogue.strangers.receiver"
PROGRAMS = Path(__file__).parent / "programs"
SUBJECTS = {
    "sockets_plain": "a program on BSD sockets",
    "sockets_tls": "a program on BSD sockets with TLS",
    "http_plain": "a program on HTTP",
    "http_tls": "a program on HTTPS",
    "zmq_plain": "a PULL socket of ZeroMQ",
    "zmq_zap_domain": "a PULL socket of ZeroMQ with a domain of ZAP",
    "zmq_curve": "a PULL socket of ZeroMQ with CURVE",
    "raw_socket_server": "request/reply's server on BSD sockets",
    "http_server": "request/reply's server on HTTP",
    "zmq_server": "request/reply's server on ZeroMQ",
    "zmq_server_whole": "a server on ZeroMQ that takes requests of several parts",
}
QUANTITIES = {
    "blobs": Quantity(
        "messages", f"{{subject}} takes {{value}} messages from {said.BLOBS} random blobs"
    ),
    "browser": Quantity("messages", "{subject} takes {value} messages from a browser"),
    "scan": Quantity("messages", "{subject} takes {value} messages from a port scan"),
    "client": Quantity(
        "messages", "{subject} takes {value} messages from a client without a key", most=1.0
    ),
    "friend": Quantity(
        "messages",
        "{subject} takes {value} messages from its own client after all",
        most=1.0,
    ),
    "ended": Quantity(
        "of the trials", "{subject} ends because of strangers: {value} (1 is yes)", most=1.0
    ),
    "statements": Quantity("statements", "{subject} has {value} statements at both ends"),
    "key_files": Quantity("files", "{subject} needs {value} files of keys"),
}
KEY_FILES = {"sockets_tls": 2, "http_tls": 2, "zmq_curve": 2}
LAST_WORDS = "the last error that it wrote"
SIDE_BY_SIDE = 4
STILL_S, END_S = 0.3, 5.0
SPEAK_S = 8.0
"""How long a client may take: one without a key may wait for an answer forever."""


def program(subject: str) -> Path:
    """Return the file of a program: here, or among the project's."""
    stack, _, kind = subject.rpartition("_")
    if kind == "server":
        return IMPLEMENTATIONS / stack / "minimal" / "request_reply.py"
    return PROGRAMS / f"{subject}.py"


def make_keys(folder: Path) -> Path:
    """Write the keys of the servers into a folder, and return it."""
    from zmq.auth import create_certificates

    folder.mkdir()
    create_certificates(folder, "server")
    subprocess.run(
        [need("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "server.key.pem",
         "-out", folder / "server.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder


class Receiver:
    """A running program, and how many messages have reached its application."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self._process = process
        self._last = 0
        self.has_ended = False
        self.address = address
        url = urlsplit(address)
        self.place = str(url.hostname), int(url.port or 0)

    def count(self) -> int:
        """Return how many messages there are, or were when the program ended.

        Raises TrialError if the program lives and does not answer.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"\n")
            self._last = int(line(self._process))
        except (BrokenPipeError, TrialError):
            self.has_ended = _has_ended(self._process)
        return self._last

    def taken(self, does: Callable[[], object]) -> int:
        """Return how many messages reach the application by what a stranger does."""
        before = settled(self.count, STILL_S)
        does()
        return settled(self.count, STILL_S) - before


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        raise TrialError(f"{process.args!r} does not answer") from None
    return True


def spoken(subject: str, address: str, keys: Path, message: bytes) -> None:
    """Say a message as the program's own client does, in a process that may be killed."""
    words = role(f"{__package__}.speaker", str(program(subject)), str(keys), address)
    with (
        started([*words, message.decode()]) as process,
        suppress(subprocess.TimeoutExpired),
    ):
        process.wait(SPEAK_S)


def last_words(log: Path) -> str:
    """Return the last line that a program wrote to its stderr."""
    with log.open("rb") as written:
        return last_line(written) or "none"


def plain(subject: str) -> str:
    """Return the subject whose client speaks the same protocol without a key."""
    if subject not in KEY_FILES:
        return subject
    return f"{subject.split('_', maxsplit=1)[0]}_plain"


@contextmanager
def receiving(
    subject: str, keys: Path, rng: random.Random, log: Path
) -> Iterator[Receiver]:
    """Yield a running program, whose stderr goes to the file ``log``."""
    address = f"tcp://127.0.0.1:{free_port(rng)}"
    words = role(RECEIVER, str(program(subject)), str(keys), address)
    with started(words, errors=log) as process:
        receiver = Receiver(process, address)
        await_listening(receiver.place[1])
        yield receiver


def visit(
    subject: str, keys: Path, seed: int, log: Path, count: int = said.BLOBS
) -> dict[str, float]:
    """Return what reaches the application of one program, by who has come."""
    rng = random.Random(f"{seed} {subject}")  # or all would choose one port
    with receiving(subject, keys, rng, log) as receiver:
        thrown: dict[str, Iterable[bytes]] = {
            "blobs": said.blobs(rng, count),
            "browser": said.browser(),
            "scan": said.scan(),
        }
        found: dict[str, float] = {
            name: receiver.taken(partial(said.throw, receiver.place, pieces))
            for name, pieces in thrown.items()
        }
        for name, speaker in (("client", plain(subject)), ("friend", subject)):
            says = partial(spoken, speaker, receiver.address, keys, b"hello")
            found[name] = 0 if receiver.has_ended else receiver.taken(says)
        found["ended"] = receiver.has_ended
    counted = size(program(subject), (program(subject).parent, IMPLEMENTATIONS))
    found["statements"] = counted.statements
    found["key_files"] = KEY_FILES.get(subject, 0)
    return found


def measure(block: Block) -> Found:
    """Let strangers visit every program, several programs side by side."""
    keys = make_keys(block.folder / "keys")
    logs = {name: block.folder / f"{name}.log" for name in SUBJECTS}
    seeds = {name: block.random.getrandbits(32) for name in SUBJECTS}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        made = {
            name: pool.submit(visit, name, keys, seed, logs[name])
            for name, seed in seeds.items()
        }
        found = {name: one.result() for name, one in made.items()}
    return Found(
        {q: {name: float(found[name][q]) for name in SUBJECTS} for q in QUANTITIES},
        {LAST_WORDS: {name: last_words(log) for name, log in logs.items()}},
    )


EXPERIMENT = Experiment(
    name="strangers",
    asks="What do strangers bring to the application, at the port of every stack?",
    control="The program's own client, which is still heard after all of them.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    profile=FULL,
    versions=libzmq,
)
