"""Relays that let half of a message pass: needed to kill a process in its middle.

A helper process (see ``bench.faults.network.helper``), on the network where the relays are
to listen. The relay takes the other half and drops it, so the sender notices nothing until
it ends. Then both sides are closed in both directions, as the kernel does for a dead
process: a peer that goes on sending to it is reset.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

from bench.faults.network.lines import say, serve
from bench.hosts.host import die_with_parent
from bench.trial.relay import Relay

MESSAGE_BYTES = 64 << 10
HALF_BYTES = MESSAGE_BYTES // 2


class Halfway:
    """Carries the first half of a message, and knows when it has."""

    def __init__(self) -> None:
        self.reached = threading.Event()

    def carry(self, source: socket.socket, target: socket.socket) -> None:
        left_bytes = HALF_BYTES
        try:
            while data := source.recv(left_bytes or MESSAGE_BYTES):
                if left_bytes:
                    target.sendall(data)
                    left_bytes -= len(data)
                if not left_bytes:
                    self.reached.set()
        finally:
            for end in (source, target):
                with suppress(OSError):  # the other direction has done it already
                    end.shutdown(socket.SHUT_RDWR)


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    halfway = Halfway()
    relay = Relay(halfway.carry, "tcp", Path(), random.Random(spec["seed"]))
    say({url: relay(url) for url in spec["urls"]})
    serve(lambda: {"reached": halfway.reached.is_set()})


if __name__ == "__main__":
    main()
