"""Little's law in a closed loop checks that stamps and counts belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.errors import TrialError

OFF_MAX = 0.02


def clients_by_little(
    given_ns: Sequence[NDArray[np.int64]], arrived_ns: Sequence[NDArray[np.int64]]
) -> float:
    """Return the number of clients that follows from rates and times.

    Each client gives a request, waits for its reply and gives the next. Entry i of both
    arguments has one client's stamps in nanoseconds, request by request. During the time in
    which all clients work, their number is throughput times the mean of response and think
    time. This is the interactive response time law (Lazowska et al., Quantitative System
    Performance, 1984, chapter 3). A request counts with the share of its time that lies in
    there: the pause between two turns is long, and may lie at an end.

    Raises TrialError if the clients never worked at the same time.
    """
    start = max(int(given[0]) for given in given_ns)
    end = min(int(arrived[-1]) for arrived in arrived_ns)
    if end <= start:
        raise TrialError("the clients of a closed loop never worked at the same time")
    spent_ns = 0
    for given, arrived in zip(given_ns, arrived_ns, strict=True):
        begun = given[: len(arrived)]
        following = np.append(given[1 : len(arrived)], arrived[-1])
        until = np.maximum(arrived, following)
        spent_ns += int((np.clip(until, start, end) - np.clip(begun, start, end)).sum())
    return spent_ns / (end - start)


def assert_little(
    given_ns: Sequence[NDArray[np.int64]], arrived_ns: Sequence[NDArray[np.int64]]
) -> float:
    """Return the number of clients by Little's law over the true number: about 1.

    Raises TrialError if it is off by more than ``OFF_MAX``.
    """
    clients = clients_by_little(given_ns, arrived_ns)
    share = clients / len(given_ns)
    if abs(share - 1) > OFF_MAX:
        raise TrialError(
            f"by Little's law {clients:.2f} clients were at work, but there are "
            f"{len(given_ns)}: either stamps and counts do not belong together, or the "
            "program asks for a request before it has yielded the last reply"
        )
    return share
