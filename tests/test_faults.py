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
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import BROKEN, find_cell
from helpers_network import BOUND_S, wait_for
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import message as msg
from bench.contract import Case
from bench.errors import NotMeasurable, TrialError
from bench.failure_trial import run_failure
from bench.faults import all_faults
from bench.faults.halfway import HALF_BYTES, MESSAGE_BYTES, Halfway
from bench.faults.intruder import (
    BLOB_BYTES,
    BLOBS,
    BROWSER,
    Intruder,
    announcements,
    garbage,
    is_open,
)
from bench.faults.strangers import SILENT
from bench.hosts.offered import OfferedStream
from bench.ledger import Ledger
from bench.measure import recovery
from bench.measure.measured import Metadata
from bench.measure.recovery import BROKEN as CONTRACT_BROKEN
from bench.measure.recovery import KEPT, REPORTED
from bench.plan import Group, Profile, plan
from bench.relay import Relay

FAULTS = all_faults()
ASK, TELL, WORK = "request_reply", "fan_out", "pipeline"
SOCKET, ZMQ, HTTP = "raw_socket/minimal", "zmq/minimal", "http/minimal"


# -- the catalogue -------------------------------------------------------------------------


def test_the_catalogue_is_whole() -> None:
    numbers = [fault.number for fault in FAULTS.values()]
    assert list(dict.fromkeys(numbers)) == [f"F{number}" for number in range(1, 19)]


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
def test_a_fault_is_planned_for_cells_that_can_meet_it(
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


def test_what_is_announced_is_large_and_what_is_sent_is_not() -> None:
    pieces = list(announcements())
    assert len(set(pieces)) == len(pieces)
    assert max(map(len, pieces)) < 2000
    assert int.from_bytes(pieces[0][:4]) == 1 << 30
    assert b"Content-Length: 1073741824\r\n\r\n" in pieces[1]


@settings(max_examples=20, deadline=None)
@given(
    chunks=st.lists(st.integers(1, MESSAGE_BYTES), min_size=1, max_size=8),
)
def test_a_relay_passes_half_of_a_message_and_then_nothing(chunks: list[int]) -> None:
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
def test_a_hurried_stream_gives_what_is_left_at_once_and_ends(
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

AT_ONCE = 6
SEEDS = (7, 8, 9)
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
    """Make a trial, and again where a busy machine spoiled it before its fault."""
    case, fault = case_of(trial), FAULTS[trial[1]]
    for seed in SEEDS:
        rng = random.Random(seed)
        try:
            found = run_failure(case, fault, logs / f"{case.id}.{seed}", rng)
        except TrialError:
            if seed == SEEDS[-1]:
                raise
        else:
            break
    return recovery.measure(case, fault, found).metadata


@pytest.fixture(scope="module")
def trials(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Trial, Future[Metadata]]]:
    """Make the trials of all selected tests, several side by side."""
    wanted = dict.fromkeys(
        item.callspec.params["trial"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and "trials" in item.fixturenames
    )
    logs = tmp_path_factory.mktemp("logs")
    high_loads_last = sorted(wanted, key=lambda trial: FAULTS[trial[1]].setup.rate_hz)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {trial: pool.submit(make, trial, logs) for trial in high_loads_last}


@pytest.fixture
def found(trial: Trial, trials: dict[Trial, Future[Metadata]]) -> Metadata:
    try:
        return trials[trial].result()
    except NotMeasurable as error:
        pytest.skip(str(error))


def facts(found: Metadata, *names: str) -> tuple[Any, ...]:
    return tuple(found[name] for name in names)


@of((f"{SOCKET}/{ASK}", "server_killed", "server_killed_busy", "power_lost", "link_reset"))
def test_a_socket_client_is_told_of_a_dead_server(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (REPORTED, "yes", 1)
    assert found["raised"]


@of((f"{SOCKET}/{ASK}", "server_frozen", "application_hung", "link_cut_1s"))
def test_a_socket_client_waits_for_a_silent_server(found: Metadata) -> None:
    """TCP has everything arrive in the end, and tells nobody that it took so long."""
    assert facts(found, "verdict", "told", "raised") == (KEPT, "nothing to tell", 0)
    assert found["missed"]


@of((f"{ZMQ}/{ASK}", "server_killed_busy"))
def test_a_lost_reply_leaves_a_req_socket_waiting(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (CONTRACT_BROKEN, "no", 0)
    assert found["silent"] == 2
    assert found["held"]


@of(
    (f"{SOCKET}/{WORK}", "worker_killed"),
    (f"{ZMQ}/{WORK}", "worker_killed"),
    (f"{HTTP}/{WORK}", "worker_killed", "worker_dead_midway"),
)
def test_tasks_die_with_a_worker_that_had_them_in_hand(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (CONTRACT_BROKEN, "no", 1)
    assert found["silent"]
    assert found["unexpected"] == 0


@of((f"{SOCKET}/{WORK}", "worker_slow"))
def test_a_slow_worker_holds_up_what_was_dealt_out_to_it(found: Metadata) -> None:
    assert facts(found, "verdict", "settled") == (CONTRACT_BROKEN, 0)


@of((f"{ZMQ}/{TELL}", "subscriber_stalled"))
def test_a_publisher_that_may_drop_drops_for_a_stalled_subscriber(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert found["silent"]


@of((f"{SOCKET}/{TELL}", "subscriber_stalled"))
def test_a_publisher_that_may_not_drop_waits_and_so_does_the_other(found: Metadata) -> None:
    assert facts(found, "verdict", "silent") == (CONTRACT_BROKEN, 0)
    assert "the other had" in str(found["against"])


@of((f"{SOCKET}/{ASK}", "client_dead_midway"))
def test_half_a_message_is_none(found: Metadata) -> None:
    assert facts(found, "verdict", "unexpected", "raised") == (KEPT, 0, 0)


@of((f"failing/half_message/{ASK}", "client_dead_midway"))
def test_half_a_message_that_is_handled_is_found(found: Metadata) -> None:
    assert facts(found, "verdict", "unexpected") == (CONTRACT_BROKEN, 1)


@of((f"{SOCKET}/{ASK}", "server_last"))
def test_socket_clients_raise_until_their_server_is_there(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "delivered") == (
        REPORTED,
        "yes",
        found["attempted"],
    )


@of(
    (f"{ZMQ}/{ASK}", "server_last", "peers_last"),
    (f"{ZMQ}/{WORK}", "server_last", "peers_last", "collector_last", "worker_joins"),
    (f"{SOCKET}/{ASK}", "peers_last"),
)
def test_who_starts_first_makes_no_difference(found: Metadata) -> None:
    assert facts(found, "verdict", "against", "settled") == (KEPT, "nothing", 1)
    assert found["delivered"] == found["attempted"]


@of((f"{SOCKET}/{TELL}", "subscriber_joins"))
def test_who_joins_is_owed_what_is_due_from_then_on(found: Metadata) -> None:
    """Of the time in which it connected some may be lost, but none of all that before."""
    assert found["settled"]
    assert found["silent"] < 200
    assert found["held"] == found["reported"] == 0


@of(("failing/one_subscriber/fan_out", "subscriber_joins"))
def test_who_is_not_let_in_is_found_missing(found: Metadata) -> None:
    assert facts(found, "verdict", "settled", "censored") == (CONTRACT_BROKEN, 0, 1)
    assert found["silent"]


@of(
    (f"{SOCKET}/{ASK}", "garbage", "frame_announced"),
    (f"{SOCKET}/{TELL}", "garbage", "frame_announced"),
    (f"{HTTP}/{ASK}", "garbage", "frame_announced"),
)
def test_nonsense_is_no_message(found: Metadata) -> None:
    assert facts(found, "verdict", "against", "unexpected") == (KEPT, "nothing", 0)


@of((f"{ZMQ}/{WORK}", "garbage"))
def test_zmtp_1_takes_nonsense_for_messages(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert found["unexpected"]
    assert found["silent"], "tasks that were dealt out to the stranger"


@of((f"{SOCKET}/{WORK}", "garbage"))
def test_a_collector_goes_on_when_a_stranger_talks_nonsense(found: Metadata) -> None:
    """The tasks that were dealt out to the stranger are gone, and nobody hears of it."""
    assert facts(found, "told", "settled", "raised") == ("no", 1, 0)
    assert found["silent"]


@of(
    (f"{SOCKET}/{ASK}", "message_oversized"),
    (f"{HTTP}/{ASK}", "message_oversized"),
)
def test_what_is_too_large_is_refused_and_its_sender_is_told(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "reported") == (REPORTED, "yes", 1)
    assert facts(found, "silent", "held", "settled") == (0, 0, 1)


@of((f"{ZMQ}/{ASK}", "message_oversized"))
def test_nothing_is_too_large_without_a_limit(found: Metadata) -> None:
    assert facts(found, "verdict", "delivered") == (KEPT, found["attempted"])
    assert found["memory_peak_bytes"] > 20 << 20


@of((f"{SOCKET}/{ASK}", "connection_flood"))
def test_a_server_without_descriptors_raises_and_serves_on(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (REPORTED, "yes", 1)
    assert found["remark_newcomer_served_after_s"] > 0


@of((f"{SOCKET}/{TELL}", "connection_flood"))
def test_a_publisher_that_can_accept_nobody_any_more_is_found(found: Metadata) -> None:
    assert found["verdict"] == CONTRACT_BROKEN
    assert "a newcomer was not served" in str(found["against"])


@of((f"{SOCKET}/{ASK}", "silent_connections_6s"))
def test_silence_is_put_up_with_for_ever(found: Metadata) -> None:
    assert facts(found, "verdict", "remark_still_open") == (KEPT, SILENT)


@of((f"{SOCKET}/{WORK}", "silent_connections_6s"))
def test_who_connects_is_taken_for_a_worker(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert found["silent"]


@of(
    (f"{SOCKET}/{ASK}", "port_taken"),
    (f"{SOCKET}/{TELL}", "port_taken"),
    (f"{ZMQ}/{WORK}", "port_taken"),
)
def test_a_second_server_is_told_that_the_port_is_in_use(found: Metadata) -> None:
    assert facts(found, "verdict", "against") == (KEPT, "nothing")
    assert "in use" in str(found["remark_second_was_told"])


@of((f"{ZMQ}/{ASK}", "path_taken"))
def test_a_path_is_taken_over_in_silence(found: Metadata) -> None:
    """When the second one is gone, nobody new can reach the first, which lives."""
    assert facts(found, "verdict", "remark_second_was_told") == (CONTRACT_BROKEN, "nothing")
    assert "a second one was not told" in str(found["against"])
    assert "a newcomer was not served" in str(found["against"])
    assert found["settled"] == 0


@of(
    (f"{SOCKET}/{ASK}", "server_absent", "name_unknown"),
    (f"{SOCKET}/{TELL}", "server_absent", "name_unknown"),
    (f"{SOCKET}/{WORK}", "server_absent", "name_unknown"),
)
def test_who_finds_nobody_and_says_so_has_done_all_it_can(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "delivered") == (KEPT, "yes", 0)
    unknown = "name resolution" in str(found["remark_said"])
    assert unknown == (found["fault"] == "name_unknown")


@of(
    (f"{ZMQ}/{ASK}", "server_absent", "name_unknown"),
    (f"{ZMQ}/{TELL}", "server_absent"),
)
def test_who_looks_for_nobody_for_ever_tells_nobody(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert "nobody was told" in str(found["against"])


@of(
    (f"{SOCKET}/{TELL}", "leaves"),
    (f"{HTTP}/{ASK}", "leaves"),
)
def test_what_was_not_sent_yet_arrives_after_its_sender_has_left(found: Metadata) -> None:
    assert facts(found, "verdict", "delivered") == (KEPT, found["attempted"])
    assert found["remark_left_after_s"] != "never"


@of((f"{SOCKET}/{ASK}", "leaves_alone"))
def test_who_leaves_alone_is_told(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "delivered") == (KEPT, "yes", 0)
    assert found["remark_left_after_s"] != "never"


@of(
    (f"{ZMQ}/{ASK}", "leaves_alone"),
    (f"{ZMQ}/{WORK}", "leaves_alone"),
)
def test_who_waits_for_somebody_who_is_not_there_never_leaves(found: Metadata) -> None:
    assert facts(found, "verdict", "told") == (CONTRACT_BROKEN, "no")
    assert "not gone" in str(found["against"])
    assert found["remark_left_after_s"] == "never"


@of((f"zmq/proxied/{ASK}", "middle_killed_busy"))
def test_a_reply_that_is_lost_in_the_middle_is_waited_for(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (CONTRACT_BROKEN, "no", 0)


@of(("zmq/proxied/fan_out", "middle_killed"))
def test_a_proxy_passes_subscriptions_on_after_its_restart(found: Metadata) -> None:
    assert facts(found, "settled", "told") == (1, "no")
    assert found["silent"]


@of(
    (f"http/proxied/{ASK}", "middle_killed_busy"),
    ("http/proxied/fan_out", "middle_killed"),
)
def test_who_asks_through_nginx_is_told_when_it_is_gone(found: Metadata) -> None:
    assert facts(found, "verdict", "told", "settled") == (REPORTED, "yes", 1)


def test_without_its_program_a_middle_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    case = case_of((f"http/proxied/{ASK}.py", "middle_killed"))
    fault = dataclasses.replace(FAULTS["middle_killed"])
    with pytest.raises(NotMeasurable, match="nginx is not installed: install"):
        run_failure(case, fault, tmp_path, random.Random(1))
