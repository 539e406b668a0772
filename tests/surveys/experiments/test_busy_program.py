"""Messages wait for a program that computes on an event loop, and otherwise do not."""

from __future__ import annotations

import pytest

from bench.surveys.experiments.catalogue.busy_program import paired

COMPUTE_S = 1.0


@pytest.mark.thorough
def test_requests_on_an_event_loop_wait_and_messages_of_zeromq_do_not() -> None:
    with paired(["aiohttp", "zmq", "raw_socket"], COMPUTE_S) as pairs:
        found = {name: pair.tried() for name, pair in pairs.items()}
    assert found["aiohttp"][0] == 0
    assert found["aiohttp"][1] >= COMPUTE_S
    assert found["zmq"][0] > 0.5
    assert found["raw_socket"][0] > 0.5


def test_nothing_waits_for_a_program_that_computes_nothing() -> None:
    with paired(["zmq"], 0.0) as pairs:
        arrived, last_s = pairs["zmq"].tried()
    assert 0 <= arrived <= 1
    assert last_s < COMPUTE_S
