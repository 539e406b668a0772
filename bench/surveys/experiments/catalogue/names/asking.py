"""One client in a network of its own: every case of a name, one after the other.

It runs the resolver and starts the peers. The last line of its output has what it found.
"""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

from bench.surveys.experiments.catalogue.names.clients import CLIENTS, Ask
from bench.surveys.experiments.catalogue.names.resolver import Resolver
from bench.surveys.experiments.processes import line, role, started

PEERS = "bench.surveys.experiments.catalogue.names.peers"
REFUSES, SILENT = "127.0.0.1", "127.0.0.2"
LIVES, OLD, NEW = "127.0.1.1", "127.0.1.2", "127.0.1.3"
"""The C library sorts addresses by their distance from 127.0.0.1: the dead come first."""
NAMES = {
    "plain.test": [LIVES],
    "first-refuses.test": [REFUSES, LIVES],
    "first-silent.test": [SILENT, LIVES],
    "slow.test": [LIVES],
    "unanswered.test": [LIVES],
    "moving.test": [OLD],
}
SLOW_S = 0.3
LATE_S = {"slow.test": SLOW_S, "unanswered.test": math.inf}
LIMIT_S = 1.0
"""An event that has not happened by then counts as never."""
PAUSE_S = 0.01
TIMEOUTS = ("TimeoutError", "Again")
"""Errors that a client's own timeout raises, which say nothing of the name."""


def until_answered(ask: Ask) -> float:
    """Ask until a try succeeds; return milliseconds, or infinity after the limit."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < LIMIT_S:
        try:
            ask()
        except Exception:  # each library has its own
            time.sleep(PAUSE_S)
        else:
            return (time.monotonic() - began_s) * 1000
    return math.inf


def given_up(ask: Ask) -> tuple[float, Exception | None]:
    """Ask once; return the milliseconds until that failed, or infinity, and the error."""
    began_s = time.monotonic()
    try:
        ask()
    except Exception as error:  # each library has its own, and tables show it
        return (time.monotonic() - began_s) * 1000, error
    return math.inf, None


def in_words(error: BaseException | None) -> str:
    """Return the name of an error, and the error that it came from."""
    if error is None:
        return "no error"
    root = error
    while inner := root.__cause__ or root.__context__:
        root = inner
    name = type(error).__name__
    return f"{name}: {root}".rstrip(": ") if root is error else f"{name}, from {root!r}"


@contextmanager
def standstill(ask: Ask) -> Iterator[Callable[[], float]]:
    """Ask all the time in another thread.

    Yield a function that ends this, and returns the longest time between two answers in ms.
    """
    ended = threading.Event()
    ask()
    answered_s = [time.monotonic()]

    def keep_asking() -> None:
        while not ended.is_set():
            with suppress(Exception):  # each library has its own; it asks again
                ask()
                answered_s.append(time.monotonic())

    thread = threading.Thread(target=keep_asking, daemon=True)
    thread.start()

    def longest_ms() -> float:
        ended.set()
        thread.join()
        return 1000 * max(after - before for before, after in pairwise(answered_s))

    yield longest_ms
    ended.set()


def moved(resolver: Resolver, kind: str, ask: Ask) -> float:
    """Move a peer that has answered; return the ms until it answers at its new address."""
    with started(role(PEERS, kind, OLD)) as peer:
        line(peer)
        if math.isinf(until_answered(ask)):
            return math.inf
    with started(role(PEERS, kind, NEW)) as peer:
        line(peer)
        resolver.names["moving.test"] = [NEW]
        return until_answered(ask)


def cases(subject: str) -> dict[str, dict[str, Any]]:
    """Return values and words of each case of one subject."""
    kind, opened = CLIENTS[subject]
    resolver = Resolver(dict(NAMES), LATE_S)
    found = {"moved_ms": moved(resolver, kind, opened("moving.test"))}
    with started(role(PEERS, kind, LIVES)) as peer:
        line(peer)
        for case in ("plain", "first-refuses", "first-silent"):
            answered_ms = until_answered(opened(f"{case}.test"))
            found[f"{case.replace('-', '_')}_ms"] = answered_ms
        for quantity, case in {"undisturbed_ms": "plain", "standstill_ms": "slow"}.items():
            with standstill(opened(LIVES)) as longest_ms:
                until_answered(opened(f"{case}.test"))
                found[quantity] = longest_ms()
        found["told_ms"], unknown = given_up(opened("unknown.test"))
        if type(unknown).__name__ in TIMEOUTS:
            found["told_ms"] = math.inf
        # The last case, for its lookups may hold up those of others.
        found["gives_up_ms"], unanswered = given_up(opened("unanswered.test"))
    words = {"unknown": in_words(unknown), "unanswered": in_words(unanswered)}
    return {"values": found, "words": words}


if __name__ == "__main__":
    print(json.dumps(cases(sys.argv[1])), flush=True)
