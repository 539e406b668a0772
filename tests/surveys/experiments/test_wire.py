"""Bytes, segments and calls of one message, counted by the kernel in a namespace."""

from __future__ import annotations

import pytest

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.wire import calls, experiment
from bench.surveys.experiments.counters import HEADERS_BYTES, Counts

SOCKETS = "request_reply.raw_socket.64B"


@pytest.fixture(scope="module")
def counted() -> dict[str, dict[str, float]]:
    subjects = [SOCKETS, "request_reply.http.64B", "fan_out.zmq.1B", experiment.CONTROL]
    try:
        return experiment.inside(subjects, seed=1)
    except NotMeasurable as error:
        pytest.skip(str(error))


@pytest.mark.thorough
def test_bytes_on_sockets_are_message_and_length(counted) -> None:
    """So nothing is counted twice, and nothing of the start or the end of a trial."""
    assert counted[SOCKETS]["payload_bytes"] == 2 * (4 + 64)
    assert counted[SOCKETS]["data_segments"] == 2


@pytest.mark.thorough
def test_a_message_of_one_byte_takes_a_frame_of_three_on_zeromq(counted) -> None:
    assert counted["fan_out.zmq.1B"]["payload_bytes"] == 3


def test_http_takes_more_bytes_and_segments_than_sockets(counted) -> None:
    http, sockets = counted["request_reply.http.64B"], counted[SOCKETS]
    assert http["payload_bytes"] > 2 * sockets["payload_bytes"]
    assert http["data_segments"] > sockets["data_segments"]


def test_ipc_puts_nothing_on_the_wire_and_still_costs_time(counted) -> None:
    control = counted[experiment.CONTROL]
    assert control["wire_bytes"] == control["data_segments"] == 0
    assert control["cpu_us"] > 0


def test_acknowledgements_are_beside_the_bytes_of_programs() -> None:
    counts = Counts(2, 2 * HEADERS_BYTES + 136, 1, HEADERS_BYTES)
    assert counts.payload_bytes == 136
    assert counts.all_bytes == 136 + 3 * HEADERS_BYTES
    assert counts.since(counts) == Counts(0, 0, 0, 0)


def test_bytes_beside_the_message_leave_out_both_of_its_trips() -> None:
    assert experiment.beyond_bytes(SOCKETS, 136.0) == 8.0
    assert experiment.beyond_bytes("fan_out.zmq.1B", 3.0) == 2.0
    assert experiment.beyond_bytes(experiment.CONTROL, 0.0) == 0.0


def test_perf_without_permission_is_not_measurable_and_names_the_remedy() -> None:
    with pytest.raises(NotMeasurable, match="linux-perf"):
        calls.parsed("<not supported>,,raw_syscalls:sys_enter,0,100.00,,", calls.ENTERED)
    said = "20,,raw_syscalls:sys_enter,114079,100.00,,\n7,,sched:sched_switch,1,100.00,,"
    assert calls.parsed(said, calls.ENTERED) == 20
    assert calls.parsed(said, calls.SWITCHED) == 7
