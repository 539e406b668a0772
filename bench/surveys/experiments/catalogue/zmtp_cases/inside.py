"""Put every case to one PULL socket each, in a process that a fault of libzmq may end.

It prints a line of JSON: of each case, the messages that came, and how it was left.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Thread
from typing import Any

from bench.surveys.experiments.catalogue.zmtp_cases.cases import CASES, Case, said

BY_HAND: Any = importlib.import_module(f"{__package__}.programs.by_hand")
AT_ONCE = 8
SOON_S, LATEST_S = 0.2, 5.0
"""How long to wait for a message that should not come, and for one that should."""
Messages = list[list[bytes]]


@contextmanager
def pulling(domain: bytes) -> Iterator[tuple[int, Callable[[], Messages]]]:
    """Yield the port of a PULL socket, and a function that returns its messages."""
    import zmq

    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        if domain:
            socket.zap_domain = domain
        taken: Messages = []

        def messages() -> Messages:
            while socket.poll(0):
                taken.append(socket.recv_multipart())
            return taken

        yield socket.bind_to_random_port("tcp://127.0.0.1"), messages


@contextmanager
def collecting() -> Iterator[tuple[int, Callable[[], Messages]]]:
    """Yield the same of the peer by hand."""
    taken: Messages = []
    with BY_HAND.listen() as listener:
        words = (listener, taken.append)
        Thread(target=BY_HAND.collect, args=words, daemon=True).start()
        yield listener.getsockname()[1], lambda: taken


Opened = Callable[[], AbstractContextManager[tuple[int, Callable[[], Messages]]]]
OPENED: dict[str, Opened] = {
    "libzmq": partial(pulling, b""),
    "libzmq_zap_domain": partial(pulling, b"global"),
    "by_hand": collecting,
}


def tried(subject: str, case: Case) -> dict[str, object]:
    """Return how many messages came, whether the case went well, and how it was left."""
    with OPENED[subject]() as (port, messages):
        heard = said(case, port)
        wanted = [list(message) for message in case.messages]
        ends_s = time.monotonic() + (LATEST_S if wanted else SOON_S)
        while time.monotonic() < ends_s and not (wanted and len(messages()) >= len(wanted)):
            time.sleep(0.01)
        found = list(messages())
    return {
        "messages": len(found),
        "right": found == wanted and case.reply in heard.text,
        "closed": heard.closed,
    }


def main(subject: str) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = pool.map(partial(tried, subject), CASES)
        print(json.dumps(dict(zip((c.name for c in CASES), made, strict=True))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
