"""Sends every 250th message twice."""

import publishing
from publishing import number, subscribe

__all__ = ["publish", "subscribe"]


def publish(address, messages):
    def tampered():
        for message in messages:
            yield message
            if number(message) is not None and number(message) % 250 == 0:
                yield message

    publishing.publish(address, tampered())
