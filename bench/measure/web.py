"""Pairs that talk, news and jobs of a web of peers while one of them is struck.

All of it is read from the ledgers of one trial. Peers to which something was done do not
count, but in ``pairs_of_all``: whether a dead one answers is no question.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import TrialError
from bench.faults.boxes import TIMELY_S, WATCH_S
from bench.faults.chaos import AFTER_S, LASTS_S
from bench.faults.usage import Usage
from bench.faults.web_record import WebRecord, targets

S_NS = 1_000_000_000
TIMELY_NS = int(TIMELY_S * S_NS)
AFTER_NS = (int(WATCH_S * 1e9) // 2, int(WATCH_S * 1e9))
"""The window after a blow in which pairs have to be alive."""
BEFORE_NS = 500_000_000
"""How long before a blow jobs count as well: they may be in the victim's hand."""

STEADY_SHARE_MIN = 0.8
"""The least share of requests that is served before a blow. Programs of the self-test leave
one of eleven unanswered."""

Mask = NDArray[np.bool_]


def measure(record: WebRecord) -> dict[str, Any]:
    """Return the values of one trial.

    A pair of peers is alive if a request of the first to the second was answered within
    two seconds of its due moment. ``pairs_alive`` is of pairs that are well and have a
    request due in the two seconds that begin two seconds after the blow; ``pairs_of_all``
    counts pairs with a struck peer as well. ``survival`` is the share of requests among
    peers that are well, of the four seconds after the blow.

    ``news_once``, ``news_lost`` and ``news_doubled`` are shares of what publishers owed to
    subscribers, and those of ``jobs`` of the jobs that distributors had, all of them well.
    ``late_ms`` is how late peers asked before the blow, 99 times of 100 no later. Where a
    monkey strikes there is what ``_chaos`` returns instead of shares. If peers find
    each other, ``addresses_given`` is how many addresses each has to know for it.

    Raises TrialError if the web was not steady before the blow: what is lost after it would
    not be the blow's.
    """
    found: dict[str, Any] = {
        "joined_s": record.joined_s,
        "late_ms": late_ms(record),
        **record.counters,
    }
    if record.addresses_given is not None:
        return found | {"addresses_given": record.addresses_given}
    _require_steady(record)
    found |= {"doubled": record.handled_twice, "usage": _usage(record)}
    return found | (_chaos(record) if record.blows else _struck(record))


def _require_steady(record: WebRecord) -> None:
    due, served = _requests(record, record.calm_ns, record.fault_ns)
    if served < STEADY_SHARE_MIN * due:
        raise TrialError(
            f"{served} of {due} requests were served before the blow: "
            "the web was not steady yet"
        )


def _usage(record: WebRecord) -> dict[str, dict[str, float]]:
    """Return the median over the peers of each size of what they hold."""
    return {
        size: {
            name: float(np.median([getattr(used, name) for used in each]))
            for name in Usage._fields
        }
        for size, each in record.usage.items()
    }


def _struck(record: WebRecord) -> dict[str, Any]:
    after = tuple(record.fault_ns + ns for ns in AFTER_NS)
    watched = record.fault_ns, record.fault_ns + AFTER_NS[1]
    alive, asked = pairs(record, *after)
    well = _among(asked, record.well)
    due, served = _requests(record, *watched)
    return {
        "pairs_alive": _share(len(alive & well), len(well)),
        "pairs_of_all": _share(len(alive), len(asked)),
        "survival": _share(served, due),
        **_shares("news", _news(record, *watched)),
        **_shares("jobs", _jobs(record, record.fault_ns - BEFORE_NS, watched[1])),
    }


def _chaos(record: WebRecord) -> dict[str, Any]:
    """Return what is left while a monkey strikes, of all pairs, and of all that is due.

    ``pairs_each_s`` is the share of pairs alive around each second; ``chaos_pairs`` is
    their mean and ``chaos_least`` the least of them. ``chaos_once`` and ``chaos_twice`` are
    shares of the jobs that were due, also of those whose owner was dead.
    """
    shares = []
    for second in range(int(LASTS_S + AFTER_S) - 1):
        middle = record.fault_ns + second * S_NS
        alive, asked = pairs(record, middle - S_NS, middle + S_NS)
        shares.append(_share(len(alive), len(asked)) or 0.0)
    jobs = _jobs(record, record.fault_ns, record.fault_ns + int(LASTS_S) * S_NS)
    told = _shares("jobs", jobs)
    return {
        "chaos_pairs": float(np.mean(shares)),
        "chaos_least": min(shares),
        "chaos_once": told["jobs_once"],
        "chaos_twice": told["jobs_doubled"],
        "pairs_each_s": shares,
        "blows": [blow._asdict() for blow in record.blows],
    }


def pairs(
    record: WebRecord, from_ns: int, until_ns: int
) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Return the pairs that were alive in a window, and those that could have been.

    (a, b) could have been if a request of a to b was due in it.
    """
    alive, asked = set(), set()
    for number, due in record.asks_due.items():
        inside = (due >= from_ns) & (due < until_ns)
        others = targets(record, number)
        timely = inside & _timely(record, number)
        asked |= {(number, int(other)) for other in others[inside]}
        alive |= {(number, int(other)) for other in others[timely]}
    return alive, asked


def _timely(record: WebRecord, number: int) -> Mask:
    took_ns = record.answered[number] - record.asks_due[number]
    found: Mask = (record.answered[number] > 0) & (took_ns <= TIMELY_NS)
    return found


def _among(found: set[tuple[int, int]], well: frozenset[int]) -> set[tuple[int, int]]:
    return {pair for pair in found if well.issuperset(pair)}


def _requests(record: WebRecord, from_ns: int, until_ns: int) -> tuple[int, int]:
    """Return how many requests among the well were due in a window, and served."""
    due = served = 0
    for number in record.well:
        moments = record.asks_due[number]
        well = np.isin(targets(record, number), [*record.well])
        inside = (moments >= from_ns) & (moments < until_ns) & well
        due += int(inside.sum())
        served += int((inside & _timely(record, number)).sum())
    return due, served


def _news(record: WebRecord, from_ns: int, until_ns: int) -> NDArray[np.int64]:
    """Return how often each message of a window came to each who was owed it."""
    found = [
        counts[_inside(record.sent_due[publisher], from_ns, until_ns)]
        for (subscriber, publisher), counts in record.news.items()
        if record.well.issuperset((subscriber, publisher))
    ]
    return np.concatenate([np.empty(0, dtype=np.int64), *found])


def _jobs(record: WebRecord, from_ns: int, until_ns: int) -> NDArray[np.int64]:
    """Return how often each job of a window was done."""
    found = [
        counts[_inside(record.sent_due[number], from_ns, until_ns)]
        for number, counts in record.jobs.items()
        if number in record.well
    ]
    return np.concatenate([np.empty(0, dtype=np.int64), *found])


def _inside(due_ns: NDArray[np.int64], from_ns: int, until_ns: int) -> Mask:
    found: Mask = (due_ns >= from_ns) & (due_ns < until_ns)
    return found


def _shares(of: str, counts: NDArray[np.int64]) -> dict[str, float | None]:
    total = len(counts)
    return {
        f"{of}_once": _share(int((counts == 1).sum()), total),
        f"{of}_lost": _share(int((counts == 0).sum()), total),
        f"{of}_doubled": _share(int((counts > 1).sum()), total),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def late_ms(record: WebRecord) -> float:
    """Return how late peers asked before the blow, 99 times of 100 no later."""
    late = [np.zeros(1)]
    for number, asked in record.asked.items():
        due = record.asks_due[number]
        before = (due >= record.calm_ns) & (due < record.fault_ns) & (asked > 0)
        late.append((asked - due)[before] / 1e6)
    return float(np.percentile(np.concatenate(late), 99))
