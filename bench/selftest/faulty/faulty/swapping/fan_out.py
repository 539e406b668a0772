"""Swaps every 400th message with the next."""

import publishing
from publishing import number, subscribe

__all__ = ["publish", "subscribe"]


def publish(address, messages):
    def tampered():
        held = None
        for message in messages:
            if number(message) is not None and number(message) % 400 == 0:
                held = message
                continue
            yield message
            if held is not None:
                yield held
                held = None

    publishing.publish(address, tampered())
