"""Shares of requests and of state missed, against counting by hand and against theory."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.faults.history import CLASSES, FailureRecord, Fate, Line
from bench.measure.survival import measure, missed

MS, S = 1_000_000, 1_000_000_000
FAULT_NS = 10 * S


def handled(order: list[tuple[int, int]], servers: int, clients: int) -> np.ndarray:  # type: ignore[type-arg]
    """Return when each server handled each request: pairs of client and server in time."""
    times = np.zeros((servers, clients, len(order) + 1), dtype=np.int64)
    following = dict.fromkeys(range(clients), 0)
    for moment, (client, server) in enumerate(order, start=1):
        times[server, client, following[client]] = moment
        following[client] += 1
    return times


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=40))
def test_state_is_missed_where_another_server_was_asked_before(
    order: list[tuple[int, int]],
) -> None:
    last: dict[int, int] = {}
    changed = followed = 0
    for client, server in order:
        if client in last:
            followed += 1
            changed += last[client] != server
        last[client] = server
    found = missed(handled(order, 3, 4))
    assert found == (changed / followed if followed else None)


@pytest.mark.parametrize("servers", [2, 3, 5])
def test_round_robin_misses_all_but_one_of_n_where_clients_ask_at_random(
    servers: int,
) -> None:
    """The next of many clients to ask is any of them, so that its server is any of N."""
    rng = random.Random(servers)
    order = [(rng.randrange(20), turn % servers) for turn in range(6000)]
    found = missed(handled(order, servers, 20))
    assert found == pytest.approx(1 - 1 / servers, abs=0.03)


def test_round_robin_resonates_with_a_grid() -> None:
    """Twenty clients in a fixed order and three servers: 20 is no multiple of 3."""
    in_step = [(turn % 21, turn % 3) for turn in range(6000)]
    out_of_step = [(turn % 20, turn % 3) for turn in range(6000)]
    assert missed(handled(in_step, 3, 21)) == 0
    assert missed(handled(out_of_step, 3, 20)) == 1


# -- a whole record ------------------------------------------------------------------------


def record(*clients: list[tuple[int, int | None, Fate]]) -> FailureRecord:
    """Return a trial of clients: due after the fault, answered after that, its fate."""
    lines = []
    for number, requests in enumerate(clients):
        due = np.array([FAULT_NS + due_ms * MS for due_ms, _, _ in requests])
        took = [None if t is None else t * MS for _, t, _ in requests]
        pairs = list(zip(due, took, strict=True))
        arrived = np.array([0 if t is None else d + t for d, t in pairs])
        state = np.array([CLASSES.index(fate) for *_, fate in requests], dtype=np.int8)
        lines.append(
            Line(
                f"call.{number}",
                number,
                np.arange(len(due)),
                due,
                due,
                arrived,
                state,
                {},
            )
        )
    moments = (100 * MS, S, FAULT_NS, FAULT_NS, FAULT_NS, FAULT_NS, 20 * S)
    return FailureRecord(lines, *moments, set(), {}, 0, 0, 0, 0)


def test_only_requests_answered_rightly_within_two_seconds_survive() -> None:
    ok, lost = Fate.DELIVERED, Fate.SILENT
    found = measure(
        record(
            [(-10, None, lost), (0, 2000, ok), (3999, 2001, ok), (4000, None, lost)],
            [(100, 1, ok), (200, 1, ok), (300, None, Fate.WRONG), (400, None, Fate.HELD)],
            [(500, None, Fate.REPORTED), (600, None, lost)],
        )
    )
    assert found["due"] == 8, "what was due before the fault and after 4 s does not count"
    assert found["survival"] == 3 / 8
    assert (found["clients"], found["hurt"]) == (3, 2)
    assert (found["reported"], found["lost"], found["held"]) == (1, 2, 1)


def test_a_request_that_two_servers_handled_is_doubled() -> None:
    made = record([(0, 1, Fate.DELIVERED), (10, 1, Fate.DELIVERED)])
    first = np.array([[FAULT_NS + 1, FAULT_NS + 11]])
    second = np.array([[0, FAULT_NS + 12]])
    made.handled_ns = {"serve.0": first, "serve.1": second}
    made.left_ns = {name: began_ns + 1 for name, began_ns in made.handled_ns.items()}
    found = measure(made)
    assert found["doubled"] == 1
    assert found["shares"] == {"serve.0": 2 / 3, "serve.1": 1 / 3}
