"""A server's database counts each visit once, and can be killed with all its processes."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers_bench import processes_with
from helpers_network import network_of, wait_for

from bench.errors import NotMeasurable, TrialError
from bench.faults.boxes import kill_database
from bench.faults.database import POSTGRES, SQLITE, Postgres, Sqlite, database
from bench.hosts.store import Store

CLIENTS, VISITS, THREADS = 3, 40, 4


@pytest.fixture(params=[SQLITE, POSTGRES])
def started(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sqlite | Postgres]:
    try:
        made = database(request.param, tmp_path, (), random.Random(os.getpid()))
    except NotMeasurable as error:
        pytest.skip(str(error))
    assert made
    try:
        made.start(CLIENTS)
        yield made
    finally:
        made.close()


def test_visits_at_the_same_time_are_all_counted(started: Sqlite | Postgres) -> None:
    """One transaction each: no two servers may read the same number."""
    stores = [Store(started.url) for _ in range(2)]
    with ThreadPoolExecutor(THREADS) as pool:
        numbers = [*pool.map(lambda n: stores[n % 2].visit(0), range(VISITS))]
    assert sorted(numbers) == [*range(VISITS)]
    assert stores[0].visit(1) == 0, "each client has a row of its own"


def test_a_killed_database_raises_and_leaves_no_process() -> None:
    try:
        made = Postgres((), random.Random(os.getpid()))
    except NotMeasurable as error:
        pytest.skip(str(error))
    folder = str(made._folder)
    try:
        made.start(CLIENTS)
        store = Store(made.url)
        store.visit(0)
        assert [*processes_with("postgres", folder)]
        made.kill()
        for _ in range(2):  # the second time there is no connection either
            with pytest.raises(Exception, match="connection"):
                store.visit(0)
    finally:
        made.close()
    wait_for(lambda: not [*processes_with("postgres", folder)])
    assert not Path(folder).exists()


def test_a_database_in_a_network_has_shared_memory_of_its_own() -> None:
    """The kernel keeps shared memory of a killed process until its namespace ends."""
    with network_of("alone") as network:
        made = Postgres(network.enter("alone"), random.Random(os.getpid()))
        try:
            made.start(CLIENTS)
            mine, its = (
                os.readlink(f"/proc/{pid}/ns/ipc") for pid in ("self", made._process.pid)
            )
            assert mine != its
        finally:
            made.close()


def test_a_database_without_a_process_cannot_be_killed(tmp_path: Path) -> None:
    trial: Any = SimpleNamespace(database=Sqlite(tmp_path))
    with pytest.raises(TrialError, match="use 'postgres'"):
        kill_database(trial)


def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    made = Sqlite(tmp_path)
    made.start(CLIENTS)
    other = sqlite3.connect(tmp_path / "sessions.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Store(made.url).visit, 0)
        other.execute("UPDATE session SET visits = 7 WHERE client = 0")
        assert not waiting.done()
        other.execute("COMMIT")
        assert waiting.result() == 7
