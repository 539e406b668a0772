"""A resolver of names on loopback that gives what it is told, as late as it is told.

It answers questions for IPv4 addresses (RFC 1035), all with a time to live of 0.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence

ADDRESS = ("127.0.0.1", 53)
HEADER = struct.Struct("!HHHHHH")
QUESTION_END = struct.Struct("!HH")
RESPONSE, RECURSION_AVAILABLE, NO_SUCH_NAME = 0x8000, 0x0080, 3
RECURSION_DESIRED = 0x0100
TYPE_A, CLASS_IN, TTL_S = 1, 1, 0
NAME_OF_QUESTION = 0xC000 | HEADER.size
"""A pointer to the only name in a reply."""
LARGEST_BYTES = 4096


def question(query: bytes) -> tuple[str, int, int]:
    """Return name and type of the first question, and where the question ends.

    Raises IndexError or struct.error if the query is cut off.
    """
    labels, place = [], HEADER.size
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode("ascii", "replace"))
        place += 1 + length
    kind, _ = QUESTION_END.unpack_from(query, place + 1)
    return ".".join(labels).lower(), kind, place + 1 + QUESTION_END.size


def reply(query: bytes, names: Mapping[str, Sequence[str]]) -> bytes:
    """Return the reply to a query: every address of the name, in their order.

    A name that is not among ``names`` does not exist; one without addresses does.
    """
    name, kind, end = question(query)
    number, flags, *_ = HEADER.unpack_from(query)
    addresses = names.get(name, ()) if kind == TYPE_A else ()
    flags = RESPONSE | RECURSION_AVAILABLE | flags & RECURSION_DESIRED
    flags |= 0 if name in names else NO_SUCH_NAME
    said = HEADER.pack(number, flags, 1, len(addresses), 0, 0) + query[HEADER.size : end]
    for address in addresses:
        there = socket.inet_aton(address)
        said += struct.pack("!HHHIH", NAME_OF_QUESTION, TYPE_A, CLASS_IN, TTL_S, len(there))
        said += there
    return said


class Resolver:
    """A resolver in threads of this process; ``names`` may change while it serves.

    ``late_s`` has the seconds by which replies for a name come late; infinite is never.
    """

    def __init__(self, names: dict[str, list[str]], late_s: Mapping[str, float]) -> None:
        self.names = names
        self._late_s = late_s
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(ADDRESS)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            query, sender = self._socket.recvfrom(LARGEST_BYTES)
            late_s = self._late_s.get(question(query)[0], 0.0)
            if late_s < float("inf"):
                threading.Thread(
                    target=self._answer, args=(query, sender, late_s), daemon=True
                ).start()

    def _answer(self, query: bytes, sender: tuple[str, int], late_s: float) -> None:
        time.sleep(late_s)
        self._socket.sendto(reply(query, self.names), sender)
