"""The five ways by name, and their constants."""

from __future__ import annotations

POLLING, LONG_POLLING, SSE, WEBSOCKET, PUB_SUB = WAYS = (
    "polling",
    "long_polling",
    "sse",
    "websocket",
    "pub_sub",
)
EACH_S = 0.05
"""The mean time between two events; each comes at a random moment around it."""
POLL_S = 0.1
"""How long a client that polls waits between two requests."""
LONG_POLL_S = 10.0
