"""A stranger sends an object that runs a function of its own choice where it is read.

The function here is harmless: it makes an empty file in the experiment's folder. pickle
documents that it must never read what a stranger sent; ``recv_pyobj`` of pyzmq does so.
"""

from __future__ import annotations

import json
import pickle
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq

WAIT_S = 10.0
Reader = Callable[[bytes], Any]
SUBJECTS = {
    "recv_pyobj": "a program on ZeroMQ that reads with recv_pyobj",
    "recv_json": "a program on ZeroMQ that reads with recv_json",
    "sockets_pickle": "a program on BSD sockets that reads with pickle",
    "sockets_json": "a program on BSD sockets that reads with json",
}


class Stranger:
    """An object that makes a file when it is read by pickle."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._path,)


def over_zmq(message: bytes, read: str) -> None:
    """Send a message to a PULL socket, which reads it with its method ``read``."""
    import zmq

    with (
        zmq.Context() as context,
        context.socket(zmq.PULL) as pull,
        context.socket(zmq.PUSH) as push,
    ):
        pull.rcvtimeo, push.linger = int(1000 * WAIT_S), 0
        port = pull.bind_to_random_port("tcp://127.0.0.1")
        push.connect(f"tcp://127.0.0.1:{port}")
        push.send(message)
        getattr(pull, read)()


def over_sockets(message: bytes, read: Reader) -> None:
    """Send a message to a listener, which reads it to its end with ``read``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname(), WAIT_S) as stranger:
            stranger.sendall(message)
        with listener.accept()[0] as connection, connection.makefile("rb") as stream:
            connection.settimeout(WAIT_S)
            read(stream.read())


def files_made(subject: str, folder: Path) -> int:
    """Return how many files a stranger's message has made where a program read it."""
    path = folder / subject
    message = pickle.dumps(Stranger(path))
    try:
        if subject.startswith("recv_"):
            over_zmq(message, subject)
        else:
            over_sockets(message, pickle.loads if "pickle" in subject else json.loads)
    except ValueError:
        pass  # no JSON: the reader refuses it
    return int(path.exists())


def measure(block: Block) -> Found:
    """Send the object to each program once."""
    order = block.random.sample([*SUBJECTS], len(SUBJECTS))
    return Found({"files": {name: files_made(name, block.folder) for name in order}})


EXPERIMENT = Experiment(
    name="strange_pickle",
    asks="What does an object of a stranger do where a program reads it?",
    control="The same bytes, read as JSON.",
    subjects=SUBJECTS,
    quantities={
        "files": Quantity("files", "{subject} makes {value} files for a stranger", most=1.0)
    },
    measure=measure,
    versions=libzmq,
)
