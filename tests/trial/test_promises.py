"""The promises of programs decide their comparisons, in one place."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from errno import ENOENT
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import MagicMock

import pytest
from helpers_bench import find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st

from bench.contract import alike
from bench.contract.alike import (
    exercised,
    headline_cells,
    likes,
    pairs,
    pairs_apart,
    what_separates,
)
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, LOOPS, PROJECT, PROMISES
from bench.contract.rows import CaseRow, ProgramRow, case_row
from bench.errors import UsageError
from bench.run.declared import read_declared
from bench.run.manifest import case_table, planned_case
from bench.run.plan import Planned, plan
from bench.run.profiles import PROFILES
from bench.run.suites import suite_of
from bench.trial import promises, segments
from bench.trial.conformance import check
from bench.trial.record import Window
from bench.trial.requirements import version
from bench.trial.segments import data_segments_from
from bench.trial.trial import Trial, run_trial

STACKS = ("zmq", "http", "raw_socket", "fourth")
VARIANTS = ("minimal", "lossless", "buffered", "lossy", "polling", "special")
QUANTITIES = ("latency", "throughput", "zero_loss", "response")


@st.composite
def cases(draw: st.DrawFn) -> list[CaseRow]:
    """Return rows of one case: the same in everything but their program."""
    quantity = draw(st.sampled_from(QUANTITIES))
    workload = draw(st.sampled_from(("request_reply", "fan_out", "pipeline")))
    instances = draw(st.integers(1, 4))
    programs = draw(
        st.lists(
            st.tuples(st.sampled_from(STACKS), st.sampled_from(VARIANTS)),
            unique=True,
            max_size=8,
        )
    )
    return [
        CaseRow(
            id=f"{stack}.{variant}",
            key=f"{stack}.{variant}.python",
            stack=stack,
            variant=variant,
            language="python",
            workload=workload,
            quantity=quantity,
            instances=instances,
            promise=", ".join(w for w in PROMISES if draw(st.booleans())),
        )
        for stack, variant in programs
    ]


@given(cases())
def test_compared_programs_have_equal_promises(rows: list[CaseRow]) -> None:
    for _, a, b in pairs(rows):
        assert exercised(a) == exercised(b)
        assert not (alike.loses(a) and a.quantity != "zero_loss")


@given(cases())
def test_unlike_programs_get_a_reason_instead_of_a_verdict(rows: list[CaseRow]) -> None:
    judged = {frozenset((a.id, b.id)) for _, a, b in pairs(rows)}
    for a, b in pairs_apart(rows):
        assert a.stack != b.stack
        assert frozenset((a.id, b.id)) not in judged
        assert what_separates(a, b, ("A", "B"))


@given(cases())
def test_every_row_is_in_one_group_of_equal_promise(rows: list[CaseRow]) -> None:
    groups = likes(rows)
    assert sorted(r.id for g in groups for r in g) == sorted(r.id for r in rows)
    assert all(len({exercised(row) for row in group}) == 1 for group in groups)
    assert len({exercised(group[0]) for group in groups}) == len(groups)


@given(cases())
def test_a_minimal_program_represents_its_stack_wherever_there_is_one(
    rows: list[CaseRow],
) -> None:
    for group in likes(rows):
        heads = headline_cells(group)
        for row in group:
            if row.variant == "minimal":
                assert heads[row.stack] == row


def row(**changed: Any) -> CaseRow:
    about = {"workload": "pipeline", "quantity": "throughput", "instances": 2}
    return CaseRow(**{**about, "promise": "batches", **changed})


def test_batching_is_part_of_a_promise_only_if_messages_wait() -> None:
    assert exercised(row()) == ("batches",)
    assert exercised(row(quantity="latency")) == ()
    assert exercised(ProgramRow(promise="batches")) == ()  # a size: nothing is sent


def test_concurrency_is_part_of_a_promise_only_with_several_clients() -> None:
    asked = {"workload": "request_reply", "promise": "concurrent", "quantity": "latency"}
    assert exercised(row(**asked, instances=1)) == ()
    assert exercised(row(**asked, instances=4)) == ("concurrent",)


def test_the_reason_names_the_promise() -> None:
    said = what_separates(row(), row(promise="acknowledges"), ("ZeroMQ", "HTTP"))
    assert said == (
        "acknowledges each message: ZeroMQ no, HTTP yes; batches messages: ZeroMQ yes, "
        "HTTP no"
    )


def test_an_old_run_with_losses_alone_still_shows_them() -> None:
    old = {"case": "c", "fan_out_mode": "lossy", "quantity": "throughput"}
    assert exercised(case_row(old)) == ("loses",)
    assert exercised(case_row({**old, "fan_out_mode": "lossless"})) == ()
    cell = find_cell("zmq/minimal/fan_out.py")
    assert alike.promises_still(old, cell)
    assert not alike.promises_still({"fan_out_mode": "lossless"}, cell)


DECLARATION = '[[comparisons]]\ncases = ["{}"]\npairs = [["zmq.minimal.python", "{}"]]\n'
PIPELINE = "pipeline.{}.64B.tcp.2_workers.shared"


def test_a_declared_comparison_of_unlike_programs_is_refused_when_it_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "declared.toml"
    path.write_text(
        DECLARATION.format(PIPELINE.format("throughput"), "http.minimal.python")
    )
    with pytest.raises(UsageError, match=re.escape("batches messages")):
        read_declared(path)
    path.write_text(DECLARATION.format(PIPELINE.format("latency"), "http.minimal.python"))
    assert len(read_declared(path)) == 1


def test_a_new_stack_is_compared_with_programs_of_equal_promise() -> None:
    """As the guide that adds one has it measured: beside ZeroMQ's minimal programs."""
    minimal = [
        CaseRow(
            id=key, key=key, stack=key.split(".")[0], variant="minimal",
            language="python", workload=workload, quantity=quantity, promise=promise,
        )
        for workload, quantity, key, promise in (
            ("request_reply", "latency", "mine.minimal.python", ""),
            ("request_reply", "latency", "zmq.minimal.python", ""),
            ("fan_out", "throughput", "mine.minimal.python", ""),
            ("fan_out", "throughput", "zmq.minimal.python", "loses, batches"),
        )
    ]  # fmt: skip
    assert [(a.key, b.key) for _, a, b in pairs(minimal[:2])] == [
        ("zmq.minimal.python", "mine.minimal.python")
    ]
    assert not list(pairs(minimal[2:]))
    assert len(list(pairs_apart(minimal[2:]))) == 1


def test_an_encrypted_program_is_compared_with_encrypted_ones_and_its_counterpart() -> None:
    programs = {
        "zmq.minimal": ("", ""),
        "zmq.curve": ("encrypts", "zmq.minimal, zmq.lossless"),
        "http.aiohttp_client": ("", ""),
        "http.tls": ("encrypts", "http.aiohttp_client"),
        "raw_socket.minimal": ("concurrent", ""),
        "raw_socket.tls": ("concurrent, encrypts", "raw_socket.minimal"),
    }
    asked = {"workload": "request_reply", "quantity": "latency", "instances": 1}
    rows = [
        row(
            **asked, id=key, key=key, stack=key.split(".")[0], variant=key.split(".")[1],
            language="python", promise=promise, counterparts=named,
        )
        for key, (promise, named) in programs.items()
    ]  # fmt: skip
    compared = [(a.key, b.key) for _, a, b in pairs(rows)]
    assert len(compared) == len({frozenset(pair) for pair in compared})
    secured = (".tls", ".curve")
    assert {pair for pair in compared if any(key.endswith(secured) for key in pair)} == {
        ("zmq.curve", "http.tls"),
        ("zmq.curve", "raw_socket.tls"),
        ("http.tls", "raw_socket.tls"),
        ("zmq.curve", "zmq.minimal"),
        ("http.tls", "http.aiohttp_client"),
        ("raw_socket.tls", "raw_socket.minimal"),
    }


def test_a_counterpart_with_a_further_difference_in_its_promise_is_not_compared() -> None:
    secured = {
        "variant": "curve",
        "promise": "batches, encrypts",
        "counterparts": "zmq.minimal, zmq.lossless",
    }
    programs: list[dict[str, str]] = [
        secured,
        {"variant": "minimal", "promise": "loses, batches"},
        {"variant": "lossless", "promise": "batches"},
    ]
    rows = [
        row(workload="fan_out", stack="zmq", language="python", id=each["variant"], **each)
        for each in programs
    ]
    assert [(a.id, b.id) for _, a, b in pairs(rows)] == [("curve", "lossless")]


def test_only_the_promise_decides_which_programs_are_compared() -> None:
    for path in (PROJECT / "bench").rglob("*.py"):
        if path != PROJECT / "bench" / "contract" / "rows.py":
            assert "fan_out_mode" not in path.read_text(encoding="utf-8"), path


# -- the event loop --------------------------------------------------------------------


def test_an_event_loop_is_part_of_a_key_and_not_of_a_benchmark_s_name() -> None:
    cell = find_cell("http/websocket/fan_out.py")
    planned = plan(PROFILES["full"], find_cells([IMPLEMENTATIONS]))
    cases_of = {
        entry.case.cell.key: entry.case
        for entry in planned
        if entry.case.cell.id == cell.id and entry.case.placement == "shared"
    }
    usual, other = "http.websocket.python", "http.websocket.python_uvloop"
    assert set(cases_of) == {usual, other}
    assert cases_of[usual].name == cases_of[other].name
    assert suite_of(cases_of[usual].cell) != suite_of(cases_of[other].cell)


def test_a_case_on_another_event_loop_is_planned_again_on_that_loop() -> None:
    cell = find_cell("http/websocket/fan_out.py")
    for loop in ("", *LOOPS):
        case = make_case(cell, loop=loop)
        again = planned_case(case_table(Planned(case, 6)), cell)
        assert again.case == case
    old = case_table(Planned(make_case(cell), 6))
    del old["loop"]
    assert planned_case(old, cell).case == make_case(cell)


@pytest.mark.thorough
def test_a_program_on_another_event_loop_keeps_the_contract_or_names_the_missing_package(
    tmp_path: Path,
) -> None:
    case = make_case(find_cell("http/aiohttp_client/request_reply.py"), loop="uvloop")
    result = check(case.cell, "tcp", tmp_path)
    assert result.cell == "http/aiohttp_client/request_reply.py on uvloop"
    if version("uvloop") is None:
        assert result.skipped
        assert "pip install uvloop" in result.reason
    else:
        assert result.reason == ""


# -- what check sees -------------------------------------------------------------------


def test_a_late_consumer_adds_no_message_to_the_warm_up(
    tmp_path: Path,
) -> None:
    """A busy machine answers late: a program would be said to take what it refuses."""
    case = make_case(find_cell("raw_socket/minimal/request_reply.py"))
    before, after = 0, 0

    def measure(trial: Trial) -> None:
        nonlocal before, after
        (consumer,) = [h for h in trial.hosts if any(r.consumes for r in h.spec.roles)]
        os.kill(consumer.pid, signal.SIGSTOP)
        thaw = threading.Timer(0.3, os.kill, (consumer.pid, signal.SIGCONT))
        thaw.start()
        before = trial.settled_arrivals()
        thaw.join()
        trial.open_window()
        after = trial.arrivals_after(10.0, before + 1)
        trial.await_end()

    run_trial(case, Window(1, 2, sizes_bytes=(64,)), tmp_path, Random(1), measure=measure)
    assert before >= 2
    assert after == before + 1


def test_the_kernel_counts_each_segment_with_data() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert data_segments_from(port) == 0
        with socket.create_connection(("127.0.0.1", port)) as client:
            there, _ = server.accept()
            with there:
                for _ in range(5):
                    there.sendall(b"x" * 64)
                    assert client.recv(64)
                assert data_segments_from(port) == 5
                assert data_segments_from(client.getsockname()[1]) == 0


@pytest.mark.parametrize("answer", [ENOENT, 0])
def test_no_program_is_blamed_where_the_kernel_counts_no_segments(
    answer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses the question, or is older than the number and leaves it out."""
    fan_out = find_cell("zmq/lossless/fan_out.py")
    assert len([*promises._probes(fan_out)]) == 2
    message = segments.HEADER.pack(20, segments.NLMSG_ERROR, 0, 1, 0)
    refusal = message + segments.ERROR_NUMBER.pack(-answer)
    done = segments.HEADER.pack(16, segments.NLMSG_DONE, 0, 1, 0)
    kernel = MagicMock()
    kernel.__enter__.return_value = kernel
    kernel.recv.return_value = refusal if answer else done
    real = socket.socket

    def opened(family: int = -1, *more: Any, **named: Any) -> Any:
        return kernel if family == socket.AF_NETLINK else real(family, *more, **named)

    monkeypatch.setattr(socket, "socket", opened)
    segments.are_counted.cache_clear()
    try:
        assert len([*promises._probes(fan_out)]) == 1
        if answer:
            with pytest.raises(OSError, match="No such file"):
                data_segments_from(1)
    finally:
        segments.are_counted.cache_clear()
