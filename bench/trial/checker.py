"""The checker: it compares given messages with arrivals, in classes that add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Tally:
    """Counts of messages. ``given == delivered + lost``; the other classes are extra.

    delivered   distinct given messages that arrived
    lost        given messages that never arrived
    duplicated  arrivals of a message that had arrived already
    reordered   arrivals behind a later message of the same sender
    unexpected  arrivals of something that was never given
    """

    given: int
    delivered: int
    lost: int
    duplicated: int
    reordered: int
    unexpected: int

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.given + other.given,
            self.delivered + other.delivered,
            self.lost + other.lost,
            self.duplicated + other.duplicated,
            self.reordered + other.reordered,
            self.unexpected + other.unexpected,
        )


NOTHING = Tally(0, 0, 0, 0, 0, 0)


def tally(
    senders: ArrayLike, sequences: ArrayLike, expected_sender: int, given: int
) -> Tally:
    """Classify one consumer's arrivals, in their order, of one sender's messages.

    ``senders`` and ``sequences`` are integer arrays of one length; the sender gave the
    sequences 0 to ``given - 1``, once each.
    """
    sender = np.asarray(senders, dtype=np.int64)
    sequence = np.asarray(sequences, dtype=np.int64)
    known = (sender == expected_sender) & (sequence >= 0) & (sequence < given)
    arrived = sequence[known]
    seen = np.zeros(given, dtype=bool)  # np.unique takes a microsecond for each message
    seen[arrived] = True
    delivered = int(np.count_nonzero(seen))
    reordered = 0
    if len(arrived):
        latest = np.maximum.accumulate(arrived)
        reordered = int(np.count_nonzero(arrived < latest))
    return Tally(
        given=given,
        delivered=delivered,
        lost=given - delivered,
        duplicated=len(arrived) - delivered,
        reordered=reordered,
        unexpected=int(np.count_nonzero(~known)),
    )
