"""The control: BSD sockets over TCP and over a path, asked what applies to them."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from bench.surveys.experiments.catalogue.transports.questions import (
    FOR_OTHERS,
    IPC,
    MESSAGE,
    TCP,
)


def socket_answers(kind: str, folder: Path) -> dict[str, float]:
    """Return the answers of BSD sockets over "tcp" or "ipc", where a question applies."""
    family = socket.AF_INET if kind == TCP else socket.AF_UNIX
    with socket.socket(family) as listener, socket.socket(family) as second:
        listener.bind(("127.0.0.1", 0) if kind == TCP else str(folder / "socket"))
        address = listener.getsockname()
        first = _connects(family, address)
        listener.listen()
        try:
            second.bind(address)
            refused = False
        except OSError:
            refused = True
        mode = (folder / "socket").stat().st_mode if kind == IPC else FOR_OTHERS
        return {
            "connects_first": first,
            "second_bind_refused": refused,
            "last_arrives": _last_arrives(family, listener),
            "closed_to_others": mode & FOR_OTHERS != FOR_OTHERS,
        }


def _connects(family: int, address: Any) -> bool:
    with socket.socket(family) as client:
        return client.connect_ex(address) == 0


def _last_arrives(family: int, listener: socket.socket) -> bool:
    with socket.socket(family) as client:
        client.connect(listener.getsockname())
        client.sendall(MESSAGE * 10)
    with listener.accept()[0] as server, server.makefile("rb") as stream:
        return stream.read() == MESSAGE * 10
