"""Drops every 100th message."""

import publishing
from publishing import number, subscribe

__all__ = ["publish", "subscribe"]


def publish(address, messages):
    def tampered():
        for message in messages:
            if number(message) is None or number(message) % 100:
                yield message

    publishing.publish(address, tampered())
