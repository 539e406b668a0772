"""How far the clock of one site is ahead of another's, with a bound that always holds.

A site asks and another answers, over UDP on the network that is measured. An exchange has
four stamps: asked (t1) and heard (t4) on the first clock, received (t2) and answered (t3)
on the second. A packet does not arrive before it was sent. So the second clock is ahead by
t2 - t1 at most and by t3 - t4 at least, however unlike the two ways are. The interval of an
estimate is what all exchanges have in common (RFC 5905 takes the best of eight).

All stamps are of ``time.perf_counter_ns``, as those of messages are, in nanoseconds.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

from bench.trial.clock import Offset

QUESTION = struct.Struct("!Q")
REPLY = struct.Struct("!Qqq")
EXCHANGES = 200
ASKS_S = 1.0
"""How long a site asks. Over a link with a delay that is enough for fewer exchanges."""
REPLY_S = 1.0
SERVES_S = 3.0
"""How long a site answers. Nothing of it listens at other times."""

now_ns = time.perf_counter_ns


class Stamps(NamedTuple):
    """The four stamps of one exchange."""

    asked_ns: int
    received_ns: int
    answered_ns: int
    heard_ns: int


class Stepped(ValueError):
    """No offset agrees with all exchanges: a clock was set while they lasted."""


def offset(exchanges: Iterable[Stamps]) -> Offset:
    """Return the offsets that agree with every exchange. Raises Stepped if none does.

    Raises ValueError without an exchange.
    """
    seen = list(exchanges)
    least_ns = max(each.answered_ns - each.heard_ns for each in seen)
    most_ns = min(each.received_ns - each.asked_ns for each in seen)
    if least_ns > most_ns:
        raise Stepped(f"the clock is ahead by {least_ns} ns at least, {most_ns} at most")
    return Offset(least_ns, most_ns)


class Server:
    """Answers questions for the time on one socket at a time, for ``SERVES_S`` at most."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def serve(self, address: str) -> int:
        """Begin to answer at an IP address; return the port."""
        self.close()
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((address, 0))
        made.settimeout(SERVES_S)
        self._socket = made
        threading.Thread(target=_answer, args=(made,), daemon=True).start()
        return int(made.getsockname()[1])

    def close(self) -> None:
        """Answer no more. Harmless when done."""
        if self._socket:
            self._socket.close()
            self._socket = None


def _answer(listening: socket.socket) -> None:
    ends = time.monotonic() + SERVES_S
    try:
        while time.monotonic() < ends:
            question, who = listening.recvfrom(QUESTION.size)
            received_ns = now_ns()
            (number,) = QUESTION.unpack(question)
            listening.sendto(REPLY.pack(number, received_ns, now_ns()), who)
    except (OSError, struct.error):  # closed, or nobody asks any more
        pass
    finally:
        listening.close()


def ask(address: str, port: int, exchanges: int = EXCHANGES) -> list[Stamps]:
    """Exchange stamps with a site that answers, at most so many times, and once at least.

    Raises OSError if a reply does not come.
    """
    found: list[Stamps] = []
    ends = time.monotonic() + ASKS_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((address, port))
        asking.settimeout(REPLY_S)
        for number in range(exchanges):
            asked_ns = now_ns()
            asking.send(QUESTION.pack(number))
            reply = asking.recv(REPLY.size)
            heard_ns = now_ns()
            echoed, received_ns, answered_ns = REPLY.unpack(reply)
            if echoed == number:  # else it is late
                found.append(Stamps(asked_ns, received_ns, answered_ns, heard_ns))
            if found and time.monotonic() > ends:
                break
    return found
