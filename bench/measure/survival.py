"""Shares of requests that a topology still serves, clients hurt, and state missed.

All of it is read from the ledgers of one trial, in which boxes were struck or nothing
happened. A request is served if its right answer came within two seconds of its due moment.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.faults.boxes import TIMELY_S, WATCH_S
from bench.faults.history import FailureRecord, Fate, Line

TIMELY_NS, WATCH_NS = int(TIMELY_S * 1e9), int(WATCH_S * 1e9)
FAILED = {
    "reported": (Fate.REPORTED,),
    "lost": (Fate.SILENT, Fate.DIED, Fate.WRONG),
    "held": (Fate.HELD,),
}
"""How requests fail: their application knows, or never hears, or cannot even ask."""


def measure(record: FailureRecord) -> dict[str, Any]:
    """Return the values of one trial.

    ``survival`` is the share served of those due in the four seconds from the fault;
    ``hurt`` the number of clients of which one of these was not answered at all, of
    ``clients``. ``reported``, ``lost`` and ``held`` are counts of these, ``doubled`` of
    requests that were handled twice in the trial. ``p50_ms`` and ``p99_ms`` are from due to
    answered. ``missed`` is the share of requests whose client was served by another server
    before. ``late_ms`` is how late free clients asked. ``shares`` are of the servers.
    """
    since = [_due(line, record.fault_ns) for line in record.lines]
    took_ns = [line.arrived_ns - line.intended_ns for line in record.lines]
    served = [
        (line.arrived_ns > 0) & (took <= TIMELY_NS)
        for line, took in zip(record.lines, took_ns, strict=True)
    ]
    answered = np.concatenate(
        [
            took[now & (line.arrived_ns > 0)]
            for took, now, line in zip(took_ns, since, record.lines, strict=True)
        ]
    )
    after = list(zip(record.lines, since, strict=True))
    due = sum(int(now.sum()) for now in since)
    right = sum(int((s & now).sum()) for s, now in zip(served, since, strict=True))
    p50_ms, p99_ms = _percentiles_ms(answered)
    return {
        "due": due,
        "survival": right / due if due else 1.0,
        "clients": len(record.lines),
        "hurt": sum(bool((~li.are(Fate.DELIVERED) & now).any()) for li, now in after),
        **{
            name: sum(int((li.are(f) & now).sum()) for f in fates for li, now in after)
            for name, fates in FAILED.items()
        },
        "doubled": _doubled(record),
        "told": record.first_told_ns > record.fault_ns,
        "p50_ms": p50_ms,
        "p99_ms": p99_ms,
        "late_ms": late_ms(record),
        **_servers(record),
        **_handled(record),
        **record.remarks,
    }


def _due(line: Line, from_ns: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (line.intended_ns >= from_ns) & (
        line.intended_ns < from_ns + WATCH_NS
    )
    return found


def _percentiles_ms(took_ns: NDArray[np.int64]) -> tuple[float | None, float | None]:
    if not len(took_ns):
        return None, None
    p50, p99 = np.percentile(took_ns / 1e6, (50, 99))
    return float(p50), float(p99)


def late_ms(record: FailureRecord) -> float:
    """Return how late free clients asked before the fault, 99 times of 100 no later."""
    late = [np.zeros(1)]
    for line in record.lines:
        before_ns = line.arrived_ns[:-1]
        free = np.ones(len(line.sequence), dtype=bool)
        free[1:] = (before_ns > 0) & (before_ns < line.intended_ns[1:])
        asked = free & (line.given_ns > 0) & (line.intended_ns < record.fault_ns)
        late.append((line.given_ns - line.intended_ns)[asked] / 1e6)
    return float(np.percentile(np.concatenate(late), 99))


def _doubled(record: FailureRecord) -> int:
    times = np.array([*record.handled_ns.values()]) > 0
    again = np.maximum(times.sum(axis=0) - 1, 0)
    return record.executed_twice + int(again.sum())


def _servers(record: FailureRecord) -> dict[str, Any]:
    """Return ``missed`` and ``shares``, of what was handled since the fault."""
    names = sorted(record.handled_ns)
    if not names:
        return {"missed": None, "shares": {}}
    times = np.array([record.handled_ns[name] for name in names])
    times = np.where(times > record.struck_ns, times, 0)
    counts = (times > 0).sum(axis=(1, 2))
    total = int(counts.sum())
    shares = {n: int(c) / total for n, c in zip(names, counts, strict=True) if total}
    return {"missed": missed(times), "shares": shares}


def _handled(record: FailureRecord) -> dict[str, Any]:
    """Return ``handle_ms``, the median time in the server's application, and
    ``network_share``, the median part of a round trip outside of it.

    A round trip is from given to answered. Requests due before the fault do not count.
    """
    inside_ms, share = [np.empty(0)], [np.empty(0)]
    for line in record.lines:
        for name, began_ns in record.handled_ns.items():
            began = began_ns[line.sender][line.sequence]
            left = record.left_ns[name][line.sender][line.sequence]
            trip_ns = line.arrived_ns - line.given_ns
            whole = (began > 0) & (left > 0) & (line.arrived_ns > 0) & (trip_ns > 0)
            chosen = whole & (line.intended_ns >= record.struck_ns)
            inside = (left - began)[chosen]
            inside_ms.append(inside / 1e6)
            share.append(1 - inside / trip_ns[chosen])
    if not sum(map(len, share)):
        return {"handle_ms": None, "network_share": None}
    return {
        "handle_ms": float(np.median(np.concatenate(inside_ms))),
        "network_share": float(np.median(np.concatenate(share))),
    }


def missed(times_ns: NDArray[np.int64]) -> float | None:
    """Return the share of requests whose client was served by another server just before.

    ``times_ns`` is when each server handled each request, 0 if never; its shape is
    (servers, clients, requests). A server that keeps a client's state by itself finds in
    these requests that its state is out of date. The first request of each client does not
    count. None if there is no second.
    """
    changed = followed = 0
    for of_client in np.swapaxes(times_ns, 0, 1):
        server, request = np.nonzero(of_client)
        in_order = server[np.argsort(of_client[server, request])]
        changed += int((np.diff(in_order) != 0).sum())
        followed += max(0, len(in_order) - 1)
    return changed / followed if followed else None
