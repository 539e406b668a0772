"""A message's cost at a fixed load: a crowd in C gives it, and the server pays."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import find_cell, make_case, thorough_but

from bench.contract.find import crowd_of, find_cells
from bench.contract.model import CROWD, IMPLEMENTATIONS, Case, Cell
from bench.errors import ContractError, TrialError
from bench.measure import cost, held, response
from bench.measure.common import Sizing, count
from bench.trial.build import build, lacking
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import run_trial

COSTLY = Path(__file__).parents[1] / "cells" / "costly"
CELLS = find_cells([IMPLEMENTATIONS])
WITH_CROWD = {
    cell.id: cell
    for cell in CELLS
    if cell.variant.crowd
    and cell.workload.name == "request_reply"
    and cell.language == "python"
}
QUICK = (
    "zmq/minimal/request_reply.py",
    "raw_socket/minimal/request_reply.py",
    "http/aiohttp_client/request_reply.py",
)
needs_compiler = pytest.mark.skipif(
    any(lacking(cell) for cell in find_cells([CROWD])), reason="no crowd can be built"
)
every_crowd = pytest.mark.parametrize("cell", thorough_but(QUICK, WITH_CROWD))


def case_of(cell: Cell, connections: int, **changed: object) -> Case:
    changed = {"placement": "free", **changed}
    return make_case(cell, "cost", instances=connections, **changed)


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
    crowd = next(cell for cell in find_cells([CROWD]) if cell.variant.name == wire)
    build(crowd)
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
    crowd = next(cell for cell in find_cells([CROWD]) if cell.variant.name == "frames")
    build(crowd)

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
        assert facts["delivered"] == cost.MESSAGES
        assert facts["offered_hz"] == cost.RATE_HZ
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
    used = {crowd.variant.name for c in CELLS if (crowd := crowd_of(c.variant))}
    assert used == {cell.variant.name for cell in find_cells([CROWD])}
