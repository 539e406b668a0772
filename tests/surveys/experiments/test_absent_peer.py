"""Calls to a peer that cannot be reached, in a network namespace of their own."""

from __future__ import annotations

import math

import pytest

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue import absent_peer
from bench.surveys.experiments.experiment import Block, Found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("absent_peer")
    try:
        return absent_peer.measure(Block.of(0, "absent_peer", folder))
    except NotMeasurable as error:
        pytest.skip(str(error))


@pytest.mark.thorough
def test_calls_to_a_peer_that_is_there_return_and_hold_up_no_peer(found: Found) -> None:
    """The control: what the others wait for is the peer, and not the library."""
    for stack in absent_peer.STACKS:
        assert found.values["call_s"][f"{stack}_here"] < 1
        assert found.values["others_s"][f"{stack}_here"] < 1
        assert f"{stack}_here" not in found.values["told_s"]


@pytest.mark.thorough
def test_a_blocking_call_waits_for_the_resolver_and_one_of_zeromq_does_not(
    found: Found,
) -> None:
    took_s = found.values["call_s"]
    assert took_s["raw_socket_cut"] == math.inf
    assert took_s["raw_socket_unknown"] > 1
    assert max(took_s[f"zmq_{state}"] for state in absent_peer.STATES) < 1


@pytest.mark.thorough
def test_a_name_that_is_not_resolved_keeps_other_sockets_of_zeromq_waiting(
    found: Found,
) -> None:
    waited_s = found.values["others_s"]
    assert waited_s["zmq_unknown"] > 1
    assert waited_s["zmq_here"] < 1
    assert waited_s["asyncio_unknown"] < 1


@pytest.mark.thorough
def test_blocking_sockets_report_a_closed_port_and_zeromq_reports_nothing(
    found: Found,
) -> None:
    told_s = found.values["told_s"]
    assert told_s["raw_socket_absent"] < 1
    assert {told_s[f"zmq_{state}"] for state in ("absent", "unknown", "cut")} == {math.inf}
