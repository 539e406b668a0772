"""Short names for the ids of numbers, for slides, mails and addresses.

A short name is made from its id alone, so that it is the same in every run.
"""

from __future__ import annotations

import base64
import hashlib

CHARS_MAX = 40
DIGEST_CHARS = 6
SHORT = {
    "request_reply": "rr",
    "fan_out": "fan",
    "pipeline": "pipe",
    "latency": "lat",
    "throughput": "rate",
    "raw_socket": "sockets",
    "minimal": "min",
    "resilient": "res",
    "reconnecting": "rec",
    "buffered": "buf",
    "lossless": "all",
}
SILENT = ("python", "tcp", "64B", "1_clients", "4_subscribers", "2_workers")
"""Parts that most ids have: a short name leaves them out."""


def alias(identifier: str) -> str:
    """Return the short name of an id: the id itself if it has at most ``CHARS_MAX``.

    Any other ends in a digest of the id, which tells it from those that begin alike.
    """
    if len(identifier) <= CHARS_MAX:
        return identifier
    parts = [SHORT.get(part, part) for part in identifier.split(".") if part not in SILENT]
    digest = hashlib.sha256(identifier.encode()).digest()
    ending = base64.b32encode(digest).decode().lower()[:DIGEST_CHARS]
    head = ".".join(parts)[: CHARS_MAX - DIGEST_CHARS - 1].rstrip("._")
    return f"{head}-{ending}"
