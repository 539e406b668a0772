"""Every fault does what its title says: shown by cells whose answer to it is known.

Real processes and real sockets. Classes, verdicts and remarks are asserted, never how fast
anything is.
"""

from __future__ import annotations

import dataclasses
import random
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import BROKEN, find_cell
from helpers_faults import run_undisturbed
from helpers_network import BOUND_S, wait_for
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contract.model import Case
from bench.errors import NotMeasurable
from bench.faults.all_faults import all_faults
from bench.faults.breach import BreachKind, read
from bench.faults.catalogue.halfway import HALF_BYTES, MESSAGE_BYTES, Halfway
from bench.faults.catalogue.intruder import (
    BLOB_BYTES,
    BLOBS,
    BROWSER,
    Intruder,
    announcements,
    garbage,
    is_open,
)
from bench.faults.catalogue.strangers import SILENT
from bench.faults.trial import run_failure
from bench.hosts import message as msg
from bench.hosts.fault_stream import OfferedStream
from bench.hosts.ledger import Ledger
from bench.measure import recovery
from bench.measure.common import Metadata
from bench.measure.recovery import BROKEN as CONTRACT_BROKEN
from bench.measure.recovery import KEPT, REPORTED
from bench.run.plan import Group, Profile, plan
from bench.trial.relay import Relay

FAULTS = all_faults()
ASK, TELL, WORK = "request_reply", "fan_out", "pipeline"
SOCKET, ZMQ, HTTP = "raw_socket/minimal", "zmq/minimal", "http/minimal"


# -- the catalogue -------------------------------------------------------------------------


def test_the_catalogue_has_the_faults_f0_to_f20_in_order() -> None:
    numbers = [fault.number for fault in FAULTS.values()]
    assert list(dict.fromkeys(numbers)) == [f"F{number}" for number in range(21)]


def test_each_title_is_for_one_fault_and_fits_a_chart() -> None:
    titles = [fault.title for fault in FAULTS.values()]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= 60


@pytest.mark.parametrize(
    ("cell_id", "fault", "planned"),
    [
        (f"{ZMQ}/{ASK}.py", "path_taken", True),
        (f"{HTTP}/{ASK}.py", "path_taken", False),
        (f"{HTTP}/{ASK}.py", "port_taken", True),
        (f"{HTTP}/{ASK}.py", "middle_killed", False),
        (f"http/proxied/{ASK}.py", "middle_killed", True),
        (f"{ZMQ}/{TELL}.py", "worker_killed", False),
    ],
)
def test_a_fault_is_planned_for_the_programs_to_which_it_applies(
    cell_id: str, fault: str, planned: bool
) -> None:
    cell = find_cell(cell_id)
    group = Group(("*",), faults=(fault,), leaving_out=())
    cases = [entry.case for entry in plan(Profile("", "", (group,)), [cell])]
    assert len(cases) == planned
    for case in cases:
        assert case.transport == (FAULTS[fault].transport or "tcp")


# -- strangers, relays and streams ---------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(BOUND_S)
        yield made


def received(connection: socket.socket) -> bytes:
    """Return all that comes until the other end closes the connection."""
    data = b""
    with connection:
        connection.settimeout(BOUND_S)
        while chunk := connection.recv(1 << 16):
            data += chunk
    return data


def test_an_intruder_sends_each_piece_on_a_connection_of_its_own(
    listener: socket.socket,
) -> None:
    stranger, pieces = Intruder(seed=3), list(garbage(random.Random(3)))
    come: list[socket.socket] = []
    welcoming = threading.Thread(
        target=lambda: come.extend(listener.accept()[0] for _ in pieces), daemon=True
    )
    welcoming.start()
    assert stranger.litter(*listener.getsockname()) == {"sent": len(pieces)}
    welcoming.join(BOUND_S)
    assert stranger.look() == {"open": len(pieces)}
    stranger.leave()
    assert sorted(map(received, come)) == sorted(pieces)
    assert len(pieces) == BLOBS + 2
    assert BROWSER in pieces
    assert {len(piece) for piece in pieces[:BLOBS]} == {BLOB_BYTES}


def test_an_intruder_knows_which_of_its_connections_are_open(
    listener: socket.socket,
) -> None:
    stranger = Intruder(seed=1)
    stranger.flood(*listener.getsockname(), count=3)
    come = [listener.accept()[0] for _ in range(3)]
    assert stranger.look() == {"open": 3}
    come[1].close()
    wait_for(lambda: stranger.look() == {"open": 2})
    stranger.leave()
    assert stranger.look() == {"open": 0}


def test_a_connection_that_was_refused_is_not_open(listener: socket.socket) -> None:
    address = listener.getsockname()
    listener.close()
    with socket.socket() as refused:
        refused.setblocking(False)
        refused.connect_ex(address)
        wait_for(lambda: not is_open(refused))


def test_an_intruder_announces_a_large_message_and_sends_few_bytes() -> None:
    pieces = list(announcements())
    assert len(set(pieces)) == len(pieces)
    assert max(map(len, pieces)) < 2000
    assert int.from_bytes(pieces[0][:4]) == 1 << 30
    assert b"Content-Length: 1073741824\r\n\r\n" in pieces[1]


@settings(max_examples=20, deadline=None)
@given(
    chunks=st.lists(st.integers(1, MESSAGE_BYTES), min_size=1, max_size=8),
)
def test_a_relay_passes_half_of_a_message_and_then_no_byte_more(chunks: list[int]) -> None:
    halfway = Halfway()
    relay = Relay(halfway.carry, "tcp", Path(), random.Random(1))
    with socket.create_server(("127.0.0.1", 0)) as far, closing(relay):
        far.settimeout(BOUND_S)
        port = int(relay(f"tcp://127.0.0.1:{far.getsockname()[1]}").rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as near:
            come, _ = far.accept()
            for size in chunks:
                near.sendall(b"x" * size)
        assert len(received(come)) == min(sum(chunks), HALF_BYTES)
        assert halfway.reached.is_set() == (sum(chunks) >= HALF_BYTES)


def stream_of(folder: Path) -> OfferedStream:
    def early(sequence: int) -> bytes:
        return msg.build(0, sequence, msg.WARM_UP_EPOCH, 64)

    return OfferedStream(
        0,
        0,
        64,
        Ledger(folder / "given", 1, 1000, create=True),
        join_message=early(msg.JOIN_SEQUENCE),
        warm_up_message=early(msg.WARM_UP_SEQUENCE),
        warm_up_count=0,
        interval_s=0.0,
        stamp_each=True,
        limit_s=None,
        tell=lambda *_, **__: None,
    )


@settings(max_examples=30, deadline=None)
@given(first=st.integers(0, 50), more=st.integers(0, 50), enlarged=st.booleans())
def test_a_hurried_stream_gives_the_remaining_messages_at_once_and_ends(
    tmp_path_factory: pytest.TempPathFactory, first: int, more: int, enlarged: bool
) -> None:
    stream = stream_of(tmp_path_factory.mktemp("stream"))
    stream.begin(start_ns=1 << 62, interval_ns=1 << 40, first=first)  # due in centuries
    if enlarged:
        stream.enlarge(1000)
    stream.hurry(past=first + more)
    given_now = list(stream)
    assert [msg.read_header(m).sequence for m in given_now] == [*range(first, first + more)]
    large = [1000] if enlarged and more else []
    assert [len(m) for m in given_now] == large + [64] * (more - len(large))
    assert stream.used_up


# -- real trials ---------------------------------------------------------------------------

Trial = tuple[str, str]


def of(*cells_and_faults: tuple[str, ...]) -> pytest.MarkDecorator:
    """Put each cell to the faults that are named after it."""
    trials = [
        (f"{cell_id}.py", fault)
        for cell_id, *faults in cells_and_faults
        for fault in faults
    ]
    return pytest.mark.parametrize("trial", trials, ids=[" ".join(t) for t in trials])


def case_of(trial: Trial) -> Case:
    cell_id, fault = trial[0], FAULTS[trial[1]]
    return Case(
        find_cell(cell_id, BROKEN),
        "recovery",
        fault.transport or "tcp",
        fault.setup.size_bytes,
        fault.setup.instances,
        "free",
        fault=fault.name,
    )


def make(trial: Trial, logs: Path) -> Metadata:
    case, fault = case_of(trial), FAULTS[trial[1]]
    found = run_undisturbed(case, fault, logs)
    return recovery.measure(case, fault, found).metadata


@pytest.fixture
def found(trial: Trial, tmp_path: Path) -> Metadata:
    try:
        return make(trial, tmp_path)
    except NotMeasurable as error:
        pytest.skip(str(error))


def facts(found: Metadata, *names: str) -> tuple[Any, ...]:
    return tuple(found[name] for name in names)


def kinds(found: Metadata) -> set[BreachKind]:
    return {breach.kind for breach in read(str(found["against"]))}


@pytest.mark.thorough
@of((f"{SOCKET}/{ASK}", "server_killed", "server_killed_busy", "power_lost", "link_reset"))
def test_a_socket_client_gets_an_error_from_a_dead_server(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (REPORTED, "yes", 1)
    assert found["raised"]


@pytest.mark.thorough
@of((f"{SOCKET}/{ASK}", "server_frozen", "application_hung", "link_cut_1s"))
def test_a_socket_client_waits_for_a_silent_server(found: Metadata) -> None:
    """TCP has everything arrive in the end, and tells nobody that it took so long."""
    assert facts(found, "verdict", "told", "raised") == (KEPT, "nothing to tell", 0)
    assert found["missed"]


@pytest.mark.thorough
@of((f"{ZMQ}/{ASK}", "server_killed_busy"))
def test_a_lost_reply_leaves_a_req_socket_waiting(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (CONTRACT_BROKEN, "no", 0)
    assert found["silent"] == 2
    assert found["held"]


@pytest.mark.thorough
@of(
    (f"{SOCKET}/{WORK}", "worker_killed"),
    (f"{ZMQ}/{WORK}", "worker_killed"),
    (f"{HTTP}/{WORK}", "worker_killed", "worker_dead_midway"),
)
def test_tasks_die_with_a_worker_that_had_them_in_hand(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (CONTRACT_BROKEN, "no", 1)
    assert found["silent"]
    assert found["unexpected"] == 0


@pytest.mark.thorough
@of((f"{SOCKET}/{WORK}", "worker_slow"))
def test_a_slow_worker_delays_the_tasks_that_it_was_dealt(found: Metadata) -> None:
    assert facts(found, "verdict", "settled") == (CONTRACT_BROKEN, 0)


@pytest.mark.thorough
@of((f"{ZMQ}/{TELL}", "subscriber_stalled"))
def test_a_lossy_publisher_drops_messages_for_a_stalled_subscriber(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert found["silent"]


@pytest.mark.thorough
@of((f"{SOCKET}/{TELL}", "subscriber_stalled"))
def test_a_lossless_publisher_waits_for_a_stalled_subscriber_and_delays_the_other(
    found: Metadata,
) -> None:
    assert facts(found, "verdict", "silent") == (CONTRACT_BROKEN, 0)
    assert BreachKind.OTHERS_SLOWED in kinds(found)


@of((f"{SOCKET}/{ASK}", "client_dead_midway"))
def test_half_a_message_is_not_delivered(found: Metadata) -> None:
    assert facts(found, "verdict", "unexpected", "raised") == (KEPT, 0, 0)


@pytest.mark.thorough
@of((f"failing/half_message/{ASK}", "client_dead_midway"))
def test_a_program_that_handles_half_a_message_is_found(found: Metadata) -> None:
    assert facts(found, "verdict", "unexpected") == (CONTRACT_BROKEN, 1)


@pytest.mark.thorough
@of((f"{SOCKET}/{ASK}", "server_last"))
def test_socket_clients_raise_until_their_server_is_there(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "delivered") == (
        REPORTED,
        "yes",
        found["attempted"],
    )


@pytest.mark.thorough
@of(
    (f"{ZMQ}/{ASK}", "server_last", "peers_last"),
    (f"{ZMQ}/{WORK}", "server_last", "peers_last", "collector_last", "worker_joins"),
    (f"{SOCKET}/{ASK}", "peers_last"),
)
def test_the_order_of_starting_makes_no_difference(found: Metadata) -> None:
    assert facts(found, "verdict", "settled") == (KEPT, 1)
    assert not kinds(found)
    assert found["delivered"] == found["attempted"]


@pytest.mark.thorough
@of((f"{SOCKET}/{TELL}", "subscriber_joins"))
def test_a_consumer_that_joins_must_get_messages_due_after_it_joined(
    found: Metadata,
) -> None:
    """Messages of the time in which it connected may be lost, but no earlier ones."""
    assert found["settled"]
    assert found["silent"] < 200
    assert found["held"] == found["reported"] == 0


@pytest.mark.thorough
@of(("failing/one_subscriber/fan_out", "subscriber_joins"))
def test_a_peer_whose_connection_is_never_accepted_is_found(found: Metadata) -> None:
    assert facts(found, "verdict", "settled", "censored") == (CONTRACT_BROKEN, 0, 1)
    assert found["silent"]


@pytest.mark.thorough
@of(
    (f"{SOCKET}/{ASK}", "garbage", "frame_announced"),
    (f"{SOCKET}/{TELL}", "garbage", "frame_announced"),
    (f"{HTTP}/{ASK}", "garbage", "frame_announced"),
)
def test_nonsense_is_not_delivered_as_a_message(found: Metadata) -> None:
    assert facts(found, "verdict", "unexpected") == (KEPT, 0)
    assert not kinds(found)


@pytest.mark.thorough
@of((f"{ZMQ}/{WORK}", "garbage"))
def test_zmtp_1_takes_nonsense_for_messages(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert found["unexpected"]
    assert found["silent"], "tasks that were dealt out to the stranger"


@pytest.mark.thorough
@of((f"{SOCKET}/{WORK}", "garbage"))
def test_a_collector_continues_when_a_stranger_sends_nonsense(found: Metadata) -> None:
    """The tasks that were dealt out to the stranger are gone, and nobody hears of it."""
    assert facts(found, "told", "settled", "raised") == ("no", 1, 0)
    assert found["silent"]


@of(
    (f"{SOCKET}/{ASK}", "message_oversized"),
    (f"{HTTP}/{ASK}", "message_oversized"),
)
def test_a_message_above_the_limit_is_refused_and_its_sender_gets_an_error(
    found: Metadata,
) -> None:
    assert facts(found, "verdict", "told", "reported") == (REPORTED, "yes", 1)
    assert facts(found, "silent", "held", "settled") == (0, 0, 1)


@of((f"{ZMQ}/{ASK}", "message_oversized"))
def test_without_a_limit_no_message_is_too_large(found: Metadata) -> None:
    assert facts(found, "verdict", "delivered") == (KEPT, found["attempted"])
    assert found["memory_peak_bytes"] > 20 << 20


@pytest.mark.thorough
@of((f"{SOCKET}/{ASK}", "connection_flood"))
def test_a_server_without_descriptors_waits_for_some_and_serves_on(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (KEPT, "nothing to tell", 1)
    assert found["remark_newcomer_served_after_s"] > 0


@pytest.mark.thorough
@of(
    (f"raw_socket/resilient/{ASK}", "connection_flood"),
    (f"http/resilient/{ASK}", "connection_flood"),
)
def test_a_resilient_server_in_a_flood_answers_a_newcomer_before_its_deadline(
    found: Metadata,
) -> None:
    assert facts(found, "reported", "silent", "held") == (0, 0, 0)


@pytest.mark.thorough
@of((f"{SOCKET}/{TELL}", "connection_flood"))
def test_a_publisher_without_descriptors_accepts_later(found: Metadata) -> None:
    assert facts(found, "verdict", "silent") == (KEPT, 0)


@pytest.mark.thorough
@of((f"{SOCKET}/{ASK}", "silent_connections_6s"))
def test_a_silent_connection_is_kept_open(found: Metadata) -> None:
    assert facts(found, "verdict", "remark_still_open") == (KEPT, SILENT)


@pytest.mark.thorough
@of((f"{SOCKET}/{WORK}", "silent_connections_6s"))
def test_every_connection_counts_as_a_worker(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert found["silent"]


@pytest.mark.thorough
@of(
    (f"{SOCKET}/{ASK}", "port_taken"),
    (f"{SOCKET}/{TELL}", "port_taken"),
    (f"{ZMQ}/{WORK}", "port_taken"),
)
def test_a_second_server_gets_an_error_because_the_port_is_in_use(found: Metadata) -> None:
    assert found["verdict"] == KEPT
    assert not kinds(found)
    assert "in use" in str(found["remark_second_was_told"])


@pytest.mark.thorough
@of((f"{ZMQ}/{ASK}", "path_taken"))
def test_a_second_server_takes_over_a_socket_path_silently(found: Metadata) -> None:
    """When the second one is gone, nobody new can reach the first, which lives."""
    assert facts(found, "verdict", "remark_second_was_told") == (CONTRACT_BROKEN, "nothing")
    assert BreachKind.SECOND_NOT_TOLD in kinds(found)
    assert BreachKind.NEWCOMER_NOT_SERVED in kinds(found)
    assert found["settled"] == 0


@pytest.mark.thorough
@of(
    (f"{SOCKET}/{ASK}", "server_absent", "name_unknown"),
    (f"{SOCKET}/{TELL}", "server_absent", "name_unknown"),
    (f"{SOCKET}/{WORK}", "server_absent", "name_unknown"),
)
def test_reporting_an_absent_server_keeps_the_contract(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "delivered") == (KEPT, "yes", 0)
    unknown = "name resolution" in str(found["remark_said"])
    assert unknown == (found["fault"] == "name_unknown")


@pytest.mark.thorough
@of(
    (f"{ZMQ}/{ASK}", "server_absent", "name_unknown"),
    (f"{ZMQ}/{TELL}", "server_absent"),
)
def test_a_client_that_tries_forever_reports_no_error(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert BreachKind.NOBODY_TOLD in kinds(found)


@pytest.mark.thorough
@of(
    (f"{SOCKET}/{TELL}", "leaves"),
    (f"{HTTP}/{ASK}", "leaves"),
)
def test_queued_messages_arrive_after_their_sender_has_left(found: Metadata) -> None:
    assert facts(found, "verdict", "delivered") == (KEPT, found["attempted"])
    assert found["remark_left_after_s"] != "never"


@pytest.mark.thorough
@of((f"{SOCKET}/{ASK}", "leaves_alone"))
def test_a_driver_that_leaves_without_any_peer_gets_an_error(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "delivered") == (KEPT, "yes", 0)
    assert found["remark_left_after_s"] != "never"


@pytest.mark.thorough
@of(
    (f"{ZMQ}/{ASK}", "leaves_alone"),
    (f"{ZMQ}/{WORK}", "leaves_alone"),
)
def test_a_program_that_waits_for_an_absent_peer_never_leaves(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert BreachKind.NOT_GONE in kinds(found)
    assert found["remark_left_after_s"] == "never"


@pytest.mark.thorough
@of((f"zmq/proxied/{ASK}", "middle_killed_busy"))
def test_a_client_waits_for_a_reply_that_a_proxy_lost(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (CONTRACT_BROKEN, "no", 0)


@pytest.mark.thorough
@of(("zmq/proxied/fan_out", "middle_killed"))
def test_a_proxy_passes_subscriptions_on_after_its_restart(found: Metadata) -> None:
    assert facts(found, "settled", "told") == (1, "no")
    assert found["silent"]


@pytest.mark.thorough
@of(
    (f"http/proxied/{ASK}", "middle_killed_busy"),
    ("http/proxied/fan_out", "middle_killed"),
)
def test_a_client_behind_nginx_gets_an_error_when_the_server_is_gone(
    found: Metadata,
) -> None:
    assert facts(found, "verdict", "told", "settled") == (REPORTED, "yes", 1)


def test_a_proxy_that_is_not_installed_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    case = case_of((f"http/proxied/{ASK}.py", "middle_killed"))
    fault = dataclasses.replace(FAULTS["middle_killed"])
    with pytest.raises(NotMeasurable, match="nginx is not installed: install"):
        run_failure(case, fault, tmp_path, random.Random(1))
