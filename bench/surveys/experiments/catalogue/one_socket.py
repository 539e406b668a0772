"""One socket and three peers: with how many of them can it exchange messages?

A program gets one socket for it, may call every function of its library on it, and may open
no other. Each peer is a socket that listens at an address of its own.
"""

from __future__ import annotations

import contextlib
import socket
from contextlib import ExitStack
from pathlib import Path

from bench.surveys.experiments.experiment import Block, Experiment, Found, Quantity, libzmq

PEERS = 3
CALL_S = 1.0
SUBJECTS = {
    "tcp": "a TCP socket",
    "unix_stream": "a Unix socket of streams",
    "unix_seqpacket": "a Unix socket of SOCK_SEQPACKET",
    "udp": "a UDP socket",
    "unix_datagram": "a Unix socket of datagrams",
    "zmq": "a socket of ZeroMQ over tcp, ipc and inproc",
}
CONNECTED = {
    "tcp": (socket.AF_INET, socket.SOCK_STREAM),
    "unix_stream": (socket.AF_UNIX, socket.SOCK_STREAM),
    "unix_seqpacket": (socket.AF_UNIX, socket.SOCK_SEQPACKET),
}
CONNECTIONLESS = {
    "udp": (socket.AF_INET, socket.SOCK_DGRAM),
    "unix_datagram": (socket.AF_UNIX, socket.SOCK_DGRAM),
}
Address = tuple[str, int] | str


def address(family: int, folder: Path, name: str) -> Address:
    """Return where a socket may listen: a free port, or a path."""
    return ("127.0.0.1", 0) if family == socket.AF_INET else str(folder / name)


def opened(family: int, kind: int, where: Address) -> socket.socket:
    made = socket.socket(family, kind)
    made.settimeout(CALL_S)
    made.bind(where)
    return made


def connecting(subject: str, folder: Path) -> int:
    """Connect one socket to each peer in turn; return how many answered it."""
    family, kind = CONNECTED[subject]
    answered = 0
    with ExitStack() as open_sockets:
        one = open_sockets.enter_context(socket.socket(family, kind))
        one.settimeout(CALL_S)
        for number in range(PEERS):
            where = address(family, folder, f"peer_{number}")
            peer = open_sockets.enter_context(opened(family, kind, where))
            peer.listen()
            with contextlib.suppress(OSError):  # EISCONN: it has a peer already
                one.connect(peer.getsockname())
                accepted, _ = peer.accept()
                open_sockets.enter_context(accepted)
                accepted.settimeout(CALL_S)
                one.sendall(b"ask")
                accepted.sendall(accepted.recv(100))
                answered += one.recv(100) == b"ask"
    return answered


def addressing(subject: str, folder: Path) -> int:
    """Send from one socket to each peer; return how many of them answered it."""
    family, kind = CONNECTIONLESS[subject]
    answered = 0
    with ExitStack() as open_sockets:

        def enter(name: str) -> socket.socket:
            where = address(family, folder, name)
            return open_sockets.enter_context(opened(family, kind, where))

        one = enter("one")
        for number in range(PEERS):
            peer = enter(f"peer_{number}")
            one.sendto(b"ask", peer.getsockname())
            said, sender = peer.recvfrom(100)
            peer.sendto(said, sender)
            answered += one.recvfrom(100) == (b"ask", peer.getsockname())
    return answered


def over_zmq(folder: Path) -> int:
    """Connect one socket over three transports; return how many peers answered it."""
    import zmq

    endpoints = ("tcp://127.0.0.1:*", f"ipc://{folder}/peer", "inproc://peer")
    with zmq.Context() as context, ExitStack() as open_sockets:

        def enter(kind: int) -> zmq.Socket[bytes]:
            made = open_sockets.enter_context(context.socket(kind))
            made.linger, made.rcvtimeo, made.sndtimeo = 0, *[int(CALL_S * 1000)] * 2
            return made

        one, peers = enter(zmq.DEALER), []
        for endpoint in endpoints:
            peers.append(enter(zmq.REP))
            peers[-1].bind(endpoint)
            one.connect(peers[-1].get_string(zmq.LAST_ENDPOINT))
        for number in range(PEERS):  # DEALER hands them out in turn: each peer has one
            one.send_multipart([b"", b"%d" % number])
        for peer in peers:
            peer.send(peer.recv())
        return len({one.recv_multipart()[1] for _ in peers})


def measure(block: Block) -> Found:
    """Try each kind of socket, in an order that differs from block to block."""
    peers: dict[str, float] = {}
    for subject in block.random.sample([*SUBJECTS], len(SUBJECTS)):
        folder = block.folder / subject
        folder.mkdir()
        if subject in CONNECTED:
            peers[subject] = connecting(subject, folder)
        elif subject in CONNECTIONLESS:
            peers[subject] = addressing(subject, folder)
        else:
            peers[subject] = over_zmq(folder)
    return Found({"peers": peers})


EXPERIMENT = Experiment(
    name="one_socket",
    asks="With how many of three peers can one socket exchange messages?",
    control="UDP and datagrams, which need no connection; ZeroMQ.",
    subjects=SUBJECTS,
    quantities={
        "peers": Quantity("peers", "{subject} exchanges messages with {value} of 3", 0, 3)
    },
    measure=measure,
    versions=libzmq,
)
