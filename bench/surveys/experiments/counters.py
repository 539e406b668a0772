"""Segments of TCP, by their kind, as the kernel counts them in this network namespace.

On a busy machine TCP may take a late acknowledgement for a loss, and send a segment twice.
That and its selective acknowledgement count as data. A median over blocks leaves it out.
"""

from __future__ import annotations

import json
import subprocess
from typing import NamedTuple

from bench.errors import TrialError
from bench.faults.network.tools import tool

HEADERS_BYTES = 20 + 32
"""IPv4's header, and TCP's with time stamps: the size of an acknowledgement alone."""
TABLE = f"""
table ip wire {{
    counter ends {{ }}
    counter acknowledgements {{ }}
    counter data {{ }}
    chain sent {{
        type filter hook output priority 0;
        meta l4proto != tcp return
        tcp flags & (syn | fin | rst) != 0 counter name ends return
        ip length <= {HEADERS_BYTES} counter name acknowledgements return
        counter name data
    }}
}}
"""


class Counts(NamedTuple):
    """Segments and bytes of IP. ``data`` are segments that carry bytes of the program."""

    data: int
    data_bytes: int
    acknowledgements: int
    acknowledgements_bytes: int

    @property
    def payload_bytes(self) -> int:
        """The bytes that programs gave to TCP."""
        return self.data_bytes - HEADERS_BYTES * self.data

    @property
    def all_bytes(self) -> int:
        return self.data_bytes + self.acknowledgements_bytes

    def since(self, before: Counts) -> Counts:
        return Counts(*(now - then for now, then in zip(self, before, strict=True)))


def _nft(*words: str, said: str = "") -> str:
    ended = subprocess.run(
        [tool("nft"), *words], input=said, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise TrialError(f"nft: {ended.stderr.strip()}")
    return ended.stdout


def start() -> None:
    """Begin to count in this namespace, which has to be the experiment's own."""
    _nft("-f", "-", said=TABLE)


def read() -> Counts:
    """Return what has been counted so far."""
    listed = json.loads(_nft("-j", "list", "counters", "table", "ip", "wire"))["nftables"]
    found = {one["counter"]["name"]: one["counter"] for one in listed if "counter" in one}
    data, acknowledgements = found["data"], found["acknowledgements"]
    return Counts(
        data["packets"],
        data["bytes"],
        acknowledgements["packets"],
        acknowledgements["bytes"],
    )
