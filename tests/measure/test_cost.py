"""A message's cost at a fixed load: a crowd in C has it given, or takes it."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import find_cell, make_case, thorough_but

from bench.contract.find import crowd_of, find_cells
from bench.contract.model import CROWD, IMPLEMENTATIONS, Case, Cell
from bench.errors import ContractError, NotMeasurable, TrialError
from bench.measure import cost, held, response
from bench.measure.common import Sizing, count
from bench.trial.build import build, lacking
from bench.trial.record import HEADS, RoleRecord, TrialRecord, Window
from bench.trial.ticks import Ticks
from bench.trial.trial import run_trial

COSTLY = Path(__file__).parents[1] / "cells" / "costly"
CELLS = find_cells([IMPLEMENTATIONS])
WITH_CROWD = {
    cell.id: cell
    for cell in CELLS
    if crowd_of(cell.variant, "request_reply")
    and cell.workload.name == "request_reply"
    and cell.language == "python"
}
QUICK = (
    "zmq/minimal/request_reply.py",
    "raw_socket/minimal/request_reply.py",
    "http/aiohttp_client/request_reply.py",
    "http/websocket/request_reply.py",
)
needs_compiler = pytest.mark.skipif(
    any(lacking(cell) for cell in find_cells([CROWD])), reason="no crowd can be built"
)
every_crowd = pytest.mark.parametrize("cell", thorough_but(QUICK, WITH_CROWD))


def case_of(cell: Cell, connections: int, **changed: object) -> Case:
    changed = {"placement": "free", **changed}
    return make_case(cell, "cost", instances=connections, **changed)


def named(wire: str, workload: str) -> Cell:
    """Return a crowd by its wire and workload, built."""
    wanted = (wire, workload)
    cells = find_cells([CROWD])
    crowd = next(c for c in cells if (c.variant.name, c.workload.name) == wanted)
    build(crowd)
    return crowd


def crowded(cell: Cell, connections: int, size_bytes: int, logs: Path) -> TrialRecord:
    """Return a short trial of a server with its crowd, at a load that any machine bears."""
    case = case_of(cell, connections, size_bytes=size_bytes)
    window = replace(held.window(case, 3 * connections, 200.0), messages=3 * connections)
    crowd = held.crowd_for(case)
    assert crowd
    rng = random.Random(1)
    return held.run(case, window, logs, rng, held.Held.measure, crowd)


@needs_compiler
@every_crowd
@pytest.mark.parametrize("size_bytes", [64, 300, 100_000])
def test_a_crowd_gets_each_request_answered_over_connections_in_turn(
    cell: Cell, size_bytes: int, tmp_path: Path
) -> None:
    """``count`` compares every reply's head, and whole replies now and then."""
    connections = 7
    trial = crowded(cell, connections, size_bytes, tmp_path)
    case = case_of(cell, connections, size_bytes=size_bytes)
    total = count(case, trial)
    assert total.delivered == total.given == 3 * connections
    ((consumer, driver),) = trial.pairs(cell.workload)
    assert driver.intended_ns is not None
    assert driver.given_ns is not None
    assert consumer.arrived_ns is not None
    assert (driver.given_ns >= driver.intended_ns).all()
    assert (consumer.arrived_ns > driver.given_ns).all()
    assert driver.asked_ns is not None
    waited = driver.asked_ns >= driver.intended_ns  # for an idle connection
    assert (driver.asked_ns[waited] <= driver.given_ns[waited]).all()
    assert response.generator_share(driver, 200.0) < response.LAG_MAX_SHARE
    gaps_ns = np.diff(driver.intended_ns)
    np.testing.assert_allclose(gaps_ns, 1e9 / 200, atol=2)


@needs_compiler
@pytest.mark.parametrize("cell_id", QUICK)
def test_a_crowd_opens_as_many_connections_as_it_should(
    cell_id: str, tmp_path: Path
) -> None:
    """And keeps them to the end: to close them is no part of the cost."""
    cell = find_cell(cell_id)
    case = case_of(cell, 40)
    files: list[int] = []

    def look(trial: held.Held) -> None:
        trial.measure()
        (server,) = (host for host in trial.hosts if host.name == "serve.0")
        (client,) = (host for host in trial.hosts if host.name == "call.0")
        for host in (server, client):
            files.append(len(list(Path(f"/proc/{host.pid}/fd").iterdir())))

    window = held.window(case, 40, 400.0)
    held.run(case, window, tmp_path, random.Random(1), look, held.crowd_for(case))
    assert min(files) >= 40
    assert files[1] < 40 + 20


@needs_compiler
@pytest.mark.parametrize(
    ("wire", "server"),
    [
        ("frames", "http/aiohttp_client/request_reply.py"),
        ("http1", "zmq/minimal/request_reply.py"),
        ("zmtp", "raw_socket/minimal/request_reply.py"),
    ],
)
def test_a_crowd_that_speaks_another_wire_has_no_value(
    wire: str, server: str, tmp_path: Path
) -> None:
    crowd = named(wire, "request_reply")
    case = case_of(find_cell(server), 2)
    with pytest.raises(TrialError):
        held.run(
            case,
            held.window(case, 4, 100.0),
            tmp_path,
            random.Random(1),
            lambda _: None,
            crowd,
        )


@needs_compiler
def test_a_server_that_hangs_up_ends_the_trial_of_a_crowd(tmp_path: Path) -> None:
    cell = find_cell("costly/parting/request_reply.py", COSTLY)
    case = case_of(cell, 2)
    crowd = named("frames", "request_reply")

    def wait(trial: held.Held) -> None:
        trial.group.hear_for(10)
        trial.measure()

    with pytest.raises(TrialError, match="the server closed the connection"):
        held.run(case, held.window(case, 4, 100.0), tmp_path, random.Random(1), wait, crowd)


@needs_compiler
def test_a_cost_names_its_generator(tmp_path: Path) -> None:
    cell = find_cell("raw_socket/minimal/request_reply.py")
    for known, generator in (
        (cell, "crowd/frames/request_reply.c"),
        (replace(cell, variant=replace(cell.variant, crowd="")), cost.OWN),
    ):
        case = case_of(known, 3)
        measured = cost.take(case, Sizing(1e-3), tmp_path, random.Random(1))
        facts = measured.metadata
        assert facts["generator"] == generator
        assert facts["delivered"] == cost.MESSAGES["request_reply"]
        assert facts["offered_hz"] == cost.RATE_HZ["request_reply"]
        assert float(facts["serve_cpu_us_per_message"]) > 0
        assert float(facts["serve_wake_ups_per_message"]) >= 0


def test_a_role_with_one_connection_refuses_to_hold_many(tmp_path: Path) -> None:
    cell = find_cell("raw_socket/minimal/request_reply.c")
    if lacking(cell):
        pytest.skip("no program in C can be built")
    build(cell)
    window = Window(10, 10, stamp_each=True, connections=3)
    with pytest.raises(TrialError, match="has no connections: use the cell in Python"):
        run_trial(case_of(cell, 3), window, tmp_path, random.Random(1))


def test_a_wire_that_no_crowd_speaks_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "minimal"
    folder.mkdir(parents=True)
    (folder / "request_reply.py").write_text("")
    (folder.parent / "stack.toml").write_text(
        'label = "mine"\n[variants.minimal]\ntransports = ["tcp"]\ncrowd = "telnet"\n'
        "promises.request_reply = []\n"
    )
    with pytest.raises(ContractError, match="crowd = 'telnet': write one of frames, http1"):
        find_cells([tmp_path])


def test_every_crowd_is_used() -> None:
    used = {crowd.id for c in CELLS if (crowd := crowd_of(c.variant, c.workload.name))}
    assert used == {cell.id for cell in find_cells([CROWD])}


STREAMS = {
    cell.id: cell
    for cell in CELLS
    if cell.language == "python" and crowd_of(cell.variant, "fan_out")
    if cell.workload.name == "fan_out" and not cell.lossy
}
QUICK_STREAMS = ("zmq/lossless/fan_out.py", "http/aiohttp_client/fan_out.py")
every_stream = pytest.mark.parametrize("cell", thorough_but(QUICK_STREAMS, STREAMS))


def published(cell: Cell, subscribers: int, size_bytes: int, logs: Path) -> TrialRecord:
    """Return a short trial of a publisher with a crowd of subscribers."""
    case = case_of(cell, subscribers, size_bytes=size_bytes)
    window = held.window(case, 12, 100.0)
    crowd = held.needed_crowd(case)
    return held.run(case, window, logs, random.Random(1), held.Held.measure, crowd)


@needs_compiler
@every_stream
@pytest.mark.parametrize("size_bytes", [64, 300, 100_000])
def test_every_subscriber_of_a_crowd_gets_each_message_once_and_in_order(
    cell: Cell, size_bytes: int, tmp_path: Path
) -> None:
    """``count`` looks at the heads of every subscriber by itself."""
    subscribers = 60  # more than may be unanswered at a time
    trial = published(cell, subscribers, size_bytes, tmp_path)
    case = case_of(cell, subscribers, size_bytes=size_bytes)
    total = count(case, trial)
    assert total.delivered == total.given == 12 * subscribers
    pairs = list(trial.pairs(cell.workload))
    assert len(pairs) == subscribers
    for consumer, driver in pairs:
        assert consumer.heads is not None
        assert consumer.arrived_ns is not None
        assert driver.given_ns is not None
        assert consumer.heads["sequence"].tolist() == list(range(12))
        assert (consumer.arrived_ns > driver.given_ns).all()


PIPELINES = {
    cell.id: cell
    for cell in CELLS
    if cell.language == "python" and crowd_of(cell.variant, "pipeline")
    if cell.workload.name == "pipeline"
}
QUICK_PIPELINES = ("zmq/minimal/pipeline.py", "http/aiohttp_client/pipeline.py")
every_pipeline = pytest.mark.parametrize("cell", thorough_but(QUICK_PIPELINES, PIPELINES))


@needs_compiler
@every_pipeline
@pytest.mark.parametrize("size_bytes", [64, 300, 100_000])
def test_workers_of_a_crowd_return_the_result_of_each_task_once(
    cell: Cell, size_bytes: int, tmp_path: Path
) -> None:
    """``count`` looks for each result at the collector, which is the program's own."""
    case = case_of(cell, 60, size_bytes=size_bytes)  # more than may be unanswered at a time
    made = held.window(case, 80, 400.0)
    crowd = held.needed_crowd(case)
    trial = held.run(case, made, tmp_path, random.Random(1), held.Held.measure, crowd)
    total = count(case, trial)
    assert total.delivered == total.given == 80


@needs_compiler
def test_tasks_of_a_pipeline_cost_the_program_that_distributes(tmp_path: Path) -> None:
    case = case_of(find_cell("raw_socket/minimal/pipeline.py"), 5, placement="split")
    facts = cost.take(case, Sizing(1e-3), tmp_path, random.Random(1)).metadata
    assert facts["generator"] == "crowd/frames/pipeline.c"
    assert facts["delivered"] == facts["given"] == cost.MESSAGES["pipeline"]
    assert facts["offered_hz"] == cost.RATE_HZ["pipeline"]
    for role in ("distribute", "collect", "work"):
        assert float(facts[f"{role}_cpu_us_per_message"]) > 0
    assert "last_p50_ns" not in facts


def test_a_message_that_one_subscriber_gets_twice_breaks_the_contract() -> None:
    """Together the others have as many messages as were to come."""
    heads = np.zeros(4, dtype=HEADS)
    heads["sequence"] = [0, 1, 0, 0]
    record = RoleRecord(
        "subscribe.0",
        {"role": "subscribe.0", "count": 4, "wrong": 0},
        arrived_ns=np.arange(4),
        heads=heads,
        places=np.array([0, 0, 1, 1], dtype=np.uint32),
    )
    driver = RoleRecord("publish.0", {"role": "publish.0", "given": 2})
    roles = {one.id: one for one in (*held.of_each(record, 2), driver)}
    case = case_of(find_cell("raw_socket/minimal/fan_out.py"), 2)
    with pytest.raises(TrialError, match="1 duplicated, 1 lost"):
        count(case, TrialRecord(roles, {}, {}, {}, 0.0, 0.0, 0.0))


@needs_compiler
@pytest.mark.parametrize(
    ("wire", "publisher", "said"),
    [
        ("frames", "http/aiohttp_client/fan_out.py", "not every peer was seen|recv"),
        ("http1", "http/websocket/fan_out.py", "no good response"),
        ("websocket", "http/aiohttp_client/fan_out.py", "no good response"),
        ("zmtp", "http/aiohttp_client/fan_out.py", "recv|greeting"),
    ],
)
def test_subscribers_on_another_wire_have_no_value(
    wire: str, publisher: str, said: str, tmp_path: Path
) -> None:
    case = case_of(find_cell(publisher), 2)
    made = held.window(case, 4, 100.0)
    crowd = named(wire, "fan_out")
    with pytest.raises(TrialError, match=said):
        held.run(case, made, tmp_path, random.Random(1), held.Held.measure, crowd)


@needs_compiler
def test_a_cost_of_fan_out_is_of_a_message_that_was_published(tmp_path: Path) -> None:
    """Ten subscribers get ten times as many, and the message is still one."""
    case = case_of(find_cell("raw_socket/minimal/fan_out.py"), 10, placement="split")
    facts = cost.take(case, Sizing(1e-3), tmp_path, random.Random(1)).metadata
    messages = cost.MESSAGES["fan_out"]
    assert facts["generator"] == "crowd/frames/fan_out.c"
    assert facts["delivered"] == facts["given"] == 10 * messages
    assert facts["offered_hz"] == cost.RATE_HZ["fan_out"]
    assert float(facts["last_p50_ns"]) >= float(facts["p50_ns"])
    assert 0 <= float(facts["others_cpu_share"]) <= 1
    window_us = 1e6 * float(facts["window_s"])
    used_us = float(facts["publish_cpu_us_per_message"]) * messages
    assert used_us < window_us  # were it divided by deliveries, ten times as much would be


def test_subscribers_without_a_crowd_are_refused_with_a_remedy() -> None:
    cell = find_cell("raw_socket/minimal/fan_out.py")
    alone = replace(cell, variant=replace(cell.variant, crowd=""))
    with pytest.raises(
        NotMeasurable, match=r"name one as `crowd` in .*raw_socket/stack\.toml"
    ):
        cost.pilot(case_of(alone, 3))


def test_the_share_of_others_leaves_out_hosts_and_the_harness() -> None:
    def moment(hosts_ms: int, harness_s: float, busy_s: float) -> held.Moment:
        use = held.Use(0.0, 0, hosts_ms * 1_000_000, 0)
        return held.Moment({"serve.0": use}, harness_s, Ticks(10 + busy_s * 2, busy_s, 0))

    before = moment(100, 1.0, 5.0)
    after = moment(350, 1.25, 6.0)  # of 1 s busy, 0.25 s each are hosts and harness
    assert after.others_share(before) == pytest.approx(0.5 / 2)
    assert moment(1100, 1.0, 5.5).others_share(before) == 0
    assert before.others_share(replace(before, machine=None)) is None
