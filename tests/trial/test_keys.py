"""Keys of a trial: its own peers find them wherever they run, and strangers have none."""

from __future__ import annotations

import os
import random
import shutil
import ssl
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import hosts_of, make_case, thorough_but
from helpers_network import permitted
from zmq.auth import load_certificate, load_certificates

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.errors import TrialError
from bench.faults.all_faults import all_faults
from bench.faults.trial import run_failure
from bench.hosts.spec import HostSpec
from bench.trial.descendants import stat
from bench.trial.ensemble import ensemble
from bench.trial.fork_servers import ForkServers
from bench.trial.keys import make_keys, make_strangers_keys
from bench.trial.promises import broken_promise
from bench.trial.record import TrialRecord, Window
from bench.trial.scenario import Scenario, judge
from bench.trial.trial import Trial, run_trial

SECURED = {cell.id: cell for cell in find_cells([IMPLEMENTATIONS]) if cell.variant.security}
ASKING = [name for name, cell in SECURED.items() if cell.workload.name == "request_reply"]
FEW = Window(50, 2, sizes_bytes=(64, 0, 70_000))
IN_TURNS = Window(messages=300, warm_up=10, stamp_each=True, turns=3)


# -- what is made --------------------------------------------------------------------------


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """Have two ends of TLS meet in memory. Raises what either of them raises."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there, server_hostname=name)
    answering = server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for end in (asking, answering):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


def contexts(server: Path, client: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a client's context and a server's, each of the keys in a folder."""
    asking = ssl.create_default_context(cafile=str(client / "ca.pem"))
    asking.load_cert_chain(client / "client.pem")
    answering = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=str(server / "ca.pem")
    )
    answering.verify_mode = ssl.CERT_REQUIRED
    answering.load_cert_chain(server / "server.pem")
    return asking, answering


@pytest.fixture
def trial_keys(tmp_path: Path) -> Path:
    folder = tmp_path / "trial"
    folder.mkdir()
    make_keys("tls", folder, ["tcp://10.0.2.2:7000", "tcp://[::1]:7001", "tcp://far:7002"])
    return folder


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "10.0.2.2", "far"])
def test_a_certificate_is_for_every_host_of_its_trial(trial_keys: Path, name: str) -> None:
    shake_hands(*contexts(trial_keys, trial_keys), name)


def test_a_certificate_is_for_no_other_host(trial_keys: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"10\.0\.3\.2"):
        shake_hands(*contexts(trial_keys, trial_keys), "10.0.3.2")


def test_each_side_refuses_the_other_s_certificate_of_another_trial(
    trial_keys: Path, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    make_strangers_keys("tls", stranger, trial_keys)
    with pytest.raises(ssl.SSLError, match="certificate verify failed"):
        shake_hands(*contexts(trial_keys, stranger), "127.0.0.1")  # it asks
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(*contexts(stranger, trial_keys), "127.0.0.1")  # it serves


def test_a_curve_server_knows_its_clients_alone_and_a_stranger_knows_the_server(
    tmp_path: Path,
) -> None:
    known, stranger = tmp_path / "known", tmp_path / "stranger"
    known.mkdir()
    stranger.mkdir()
    make_keys("curve", known)
    make_strangers_keys("curve", stranger, known)
    client, _ = load_certificate(known / "client.key_secret")
    other, _ = load_certificate(stranger / "client.key_secret")
    assert load_certificates(known / "clients") == {client: True}
    assert other != client
    assert (stranger / "server.key").read_text() == (known / "server.key").read_text()


def test_a_program_without_a_security_gets_no_file(tmp_path: Path) -> None:
    make_keys("", tmp_path, ["tcp://127.0.0.1:7000"])
    assert not list(tmp_path.iterdir())


# -- who finds them ------------------------------------------------------------------------


def run_few(cell: Cell, logs: Path) -> str:
    """Return why a short trial of a program failed, '' if it did not."""
    case = make_case(cell)
    record = run_trial(case, FEW, logs, random.Random(1))
    return judge(case, Scenario("few", FEW, case.instances), record)[0]


@pytest.mark.thorough
@pytest.mark.parametrize("cell", SECURED)
def test_peers_of_a_trial_find_their_keys(cell: str, tmp_path: Path) -> None:
    assert run_few(SECURED[cell], tmp_path) == ""
    assert not list(tmp_path.rglob("*.pem"))
    assert not list(tmp_path.rglob("*.key_secret"))


def test_a_stack_in_a_relative_folder_finds_its_modules_and_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(IMPLEMENTATIONS / "raw_socket" / "tls", tmp_path / "mine/own/tls")
    for path in (IMPLEMENTATIONS / "raw_socket").glob("*.*"):
        shutil.copy(path, tmp_path / "mine/own")
    program = tmp_path / "mine/own/tls/request_reply.py"
    late = "def serve(address, handle):\n    import imported_late\n"
    program.write_text(program.read_text().replace("def serve(address, handle):\n", late))
    (program.parent / "imported_late.py").touch()
    monkeypatch.chdir(tmp_path)
    cells = find_cells([Path("mine")])
    (cell,) = [each for each in cells if each.id == "own/tls/request_reply.py"]
    assert run_few(cell, tmp_path / "logs") == ""


@pytest.mark.parametrize("cell", ASKING)
def test_copies_of_a_loaded_program_find_the_keys_of_their_own_trial(
    cell: str, tmp_path: Path
) -> None:
    case = make_case(SECURED[cell], "latency")
    cases = [(case, IN_TURNS), (case, IN_TURNS)]
    with (
        ForkServers(random.Random(1)) as servers,
        ensemble(cases, tmp_path, random.Random(1), servers) as started,
    ):
        stats = [stat(host.pid) for each in started.members for host in each.trial.hosts]
        assert os.getpid() not in {known.parent for known in stats if known}
        for _ in range(3):
            started.take_round(random.Random(2))
        ended = started.end(range(3))
    assert all(isinstance(each, TrialRecord) for each in ended), ended


@pytest.mark.parametrize(
    ("fault", "cell"),
    [
        ("server_killed", "raw_socket/tls/request_reply.py"),
        pytest.param("server_killed", "zmq/curve/fan_out.py", marks=pytest.mark.thorough),
        pytest.param(
            "server_killed", "http/tls/request_reply.py", marks=pytest.mark.thorough
        ),
        pytest.param("worker_killed", "zmq/curve/pipeline.py", marks=pytest.mark.thorough),
        pytest.param(
            "link_reset", "raw_socket/tls/pipeline.py", marks=pytest.mark.thorough
        ),
    ],
)
def test_a_process_that_is_started_anew_after_a_fault_finds_the_keys_of_the_trial(
    fault: str, cell: str, tmp_path: Path
) -> None:
    struck = all_faults()[fault]
    facts = ("tcp", struck.setup.size_bytes, struck.setup.instances, "free")
    case = Case(SECURED[cell], "recovery", *facts, fault=fault)
    with permitted():
        found = run_failure(case, struck, tmp_path, random.Random(3))
    again = [line.arrived_ns > found.healed_ns for line in found.lines]
    assert all(moments.any() for moments in again)


# -- who does not --------------------------------------------------------------------------


@pytest.mark.parametrize("cell", thorough_but(["raw_socket/tls/request_reply.py"], SECURED))
def test_a_stranger_gets_nothing_and_disturbs_no_one(cell: Cell, tmp_path: Path) -> None:
    assert broken_promise(cell, tmp_path) == ""
    assert not hosts_of(os.getpid())


@pytest.mark.thorough
@pytest.mark.parametrize("cell", SECURED)
def test_no_peer_talks_to_an_impostor_at_the_address_of_its_server(
    cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impostor = tmp_path / "impostor"
    impostor.mkdir()
    make_keys(SECURED[cell].variant.security, impostor)

    def with_an_impostor(trial: Trial, made: Any, *arguments: Any) -> HostSpec:
        spec: HostSpec = made(trial, *arguments)
        binds = trial.workload.role(spec.roles[0].name).binds
        return spec._replace(folder=str(impostor)) if binds else spec

    honest = Trial.host_spec
    monkeypatch.setattr(Trial, "host_spec", partialmethod(with_an_impostor, honest))
    monkeypatch.setattr("bench.trial.trial.JOIN_S", 2.0)
    case = replace(make_case(SECURED[cell]), instances=1)
    with pytest.raises(TrialError, match=r"seen nobody|raised .*(SSL|ertificate)"):
        run_trial(case, FEW, tmp_path / "logs", random.Random(1))
