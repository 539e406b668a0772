"""An agent on a worker of Dask answers through an actor, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest
from helpers_network import wait_for

from bench.sites.bundle import Bundle
from bench.sites.dask_wire import DaskWire
from bench.trial.scratch import PREFIX

WAIT_S = 10.0


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def client(scratch: Path) -> Iterator[Any]:
    """A client of a cluster with one worker, which is a thread of this process."""
    with (
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            dashboard_address=":0",
            local_directory=str(scratch / "dask"),
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as made,
    ):
        yield made


def lay(client: Any) -> tuple[DaskWire, int]:
    """Return a wire, and the process of its agent."""
    (worker,) = client.scheduler_info()["workers"]
    wire = DaskWire(client, worker, Bundle())
    wire.send(b'{"id": 7, "do": "facts"}')
    (line,) = receive(wire)
    return wire, int(json.loads(line)["answer"]["pid"])


def receive(wire: DaskWire) -> list[bytes]:
    found: list[bytes] = []
    wait_for(lambda: found or found.extend(wire.receive(WAIT_S)))
    return found


def is_gone(agent: int, scratch: Path) -> bool:
    return not Path(f"/proc/{agent}").exists() and not [*scratch.glob(f"{PREFIX}*")]


def test_an_agent_ends_with_its_input_and_its_files_are_gone(
    client: Any, scratch: Path
) -> None:
    wire, agent = lay(client)
    assert Path(os.readlink(f"/proc/{agent}/cwd")).is_relative_to(scratch)
    assert {"processes", "settings"} == wire.worker(["distributed.comm.shard"]).keys()
    wire.end()
    with pytest.raises(EOFError):
        receive(wire)
    assert wire.close() == "its agent ended (exit status 0)"
    wait_for(lambda: is_gone(agent, scratch))


def test_files_of_a_killed_agent_are_removed_by_its_worker(
    client: Any, scratch: Path
) -> None:
    wire, agent = lay(client)
    assert len([*scratch.glob(f"{PREFIX}*")]) == 2, "its code, and its scratch"
    os.kill(agent, signal.SIGKILL)
    with pytest.raises(EOFError):
        receive(wire)
    assert wire.close() == "its agent ended (exit status -9)"
    wait_for(lambda: is_gone(agent, scratch))


def test_an_agent_ends_with_the_client_that_wanted_it(client: Any, scratch: Path) -> None:
    """Nobody tells the agent: Dask drops the actor."""
    with distributed.Client(client.scheduler.address, set_as_default=False) as other:
        _, agent = lay(other)
    wait_for(lambda: is_gone(agent, scratch))


def test_code_that_is_not_as_its_digest_is_not_started(client: Any, scratch: Path) -> None:
    (worker,) = client.scheduler_info()["workers"]
    code = Bundle()
    code.data = code.data[:-1] + b"x"
    with pytest.raises(OSError, match="damaged"):
        DaskWire(client, worker, code)
    assert not [*scratch.glob(f"{PREFIX}*")]


@pytest.mark.thorough
def test_a_worker_that_is_gone_is_a_reason_and_no_hang(client: Any, scratch: Path) -> None:
    wire, agent = lay(client)
    client.retire_workers()
    with pytest.raises((OSError, EOFError)):
        wait_for(lambda: wire.receive(0.1) is None)
    wait_for(lambda: is_gone(agent, scratch))
