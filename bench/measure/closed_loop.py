"""Little's law in a closed loop checks that stamps and counts belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.errors import TrialError

OFF_MAX = 0.02


def clients_by_little(
    given_ns: Sequence[NDArray[np.int64]], arrived_ns: Sequence[NDArray[np.int64]]
) -> tuple[float, float]:
    """Return the number of clients that follows from rates and times, and its resolution.

    Each client gives a request, waits for its reply and gives the next. Entry i of both
    arguments has one client's stamps in nanoseconds, request by request. During the time in
    which all clients work, their number is throughput times the mean of response and think
    time. This is the interactive response time law (Lazowska et al., Quantitative System
    Performance, 1984, chapter 3). The resolution is one request of each client, because the
    ends of that time may cut a request in two.

    Raises TrialError if the clients never worked at the same time.
    """
    start = max(int(given[0]) for given in given_ns)
    end = min(int(arrived[-1]) for arrived in arrived_ns)
    if end <= start:
        raise TrialError("the clients of a closed loop never worked at the same time")
    cycles = []
    for given, arrived in zip(given_ns, arrived_ns, strict=True):
        response = arrived - given[: len(arrived)]
        think = np.append(given[1 : len(arrived)] - arrived[:-1], 0)
        cycle = response + np.maximum(think, 0)
        cycles.append(cycle[(arrived > start) & (arrived <= end)])
    every = np.concatenate(cycles)
    if not len(every):
        raise TrialError("no request of a closed loop ended while all clients were at work")
    clients = len(every) / (end - start) * float(every.mean())
    return clients, len(given_ns) / len(every)


def assert_little(
    given_ns: Sequence[NDArray[np.int64]], arrived_ns: Sequence[NDArray[np.int64]]
) -> float:
    """Return the number of clients by Little's law over the true number: about 1.

    Raises TrialError if it is off by more than ``OFF_MAX`` and its resolution.
    """
    clients, resolution = clients_by_little(given_ns, arrived_ns)
    share = clients / len(given_ns)
    if abs(share - 1) > OFF_MAX + resolution:
        raise TrialError(
            f"by Little's law {clients:.2f} clients were at work, but there are "
            f"{len(given_ns)}: either stamps and counts do not belong together, or the "
            "program asks for a request before it has yielded the last reply"
        )
    return share
