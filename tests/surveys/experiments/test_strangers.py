"""Strangers reach plain applications, and no secured ones; friends are heard after all."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zmq
from helpers_network import wait_for

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.strangers import experiment, said

FEW = 40
TRIED = (
    "sockets_plain",
    "http_plain",
    "zmq_plain",
    "zmq_zap_domain",
    "zmq_curve",
    "zmq_server_whole",
)


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    try:
        folder = tmp_path_factory.mktemp("strangers")
        keys = experiment.make_keys(folder / "keys")
    except NotMeasurable as error:
        pytest.skip(str(error))
    with ThreadPoolExecutor(len(TRIED)) as pool:
        found = pool.map(
            lambda name: experiment.visit(name, keys, 1, folder / name, FEW), TRIED
        )
        return dict(zip(TRIED, found, strict=True))


pytestmark = pytest.mark.thorough


def test_zeromq_without_a_domain_takes_blobs_for_messages(visited) -> None:
    assert visited["zmq_plain"]["blobs"] > 0
    assert visited["zmq_plain"]["browser"] > 0


@pytest.mark.parametrize("name", ["http_plain", "zmq_zap_domain", "zmq_curve"])
def test_neither_http_nor_a_domain_nor_curve_lets_strangers_through(visited, name) -> None:
    assert [visited[name][kind] for kind in ("blobs", "browser", "scan")] == [0, 0, 0]


def test_a_question_about_smb_is_a_message_with_its_length_in_front(visited) -> None:
    assert visited["sockets_plain"]["blobs"] == 0
    assert visited["sockets_plain"]["scan"] == 1


def test_a_domain_lets_every_client_of_zeromq_in_and_curve_only_those_with_a_key(
    visited,
) -> None:
    assert visited["zmq_zap_domain"]["client"] == 1
    assert visited["zmq_curve"]["client"] == 0


@pytest.mark.parametrize("name", TRIED)
def test_the_own_client_is_heard_after_all_strangers(visited, name: str) -> None:
    assert visited[name]["friend"] == 1


@pytest.mark.parametrize(("name", "ends"), [("zmq_server", 1), ("zmq_server_whole", 0)])
def test_a_request_of_two_parts_ends_only_the_server_that_takes_one(
    name: str, ends: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with (
        experiment.receiving(name, tmp_path, random.Random(1), log) as receiver,
        zmq.Context() as context,
        context.socket(zmq.REQ) as friend,
    ):
        friend.linger = 0
        friend.connect(receiver.address)
        friend.send_multipart([b"one part", b"and another"])
        if ends:
            wait_for(lambda: receiver.count() > 1 or receiver.has_ended)
        else:
            assert friend.recv() == b"one part"
        assert receiver.has_ended == ends
    words = experiment.last_words(log)
    assert ("cannot be accomplished in current state" in words) == ends


def test_a_domain_costs_one_statement() -> None:
    def statements(name: str) -> int:
        path = experiment.program(name)
        return experiment.size(path, (path.parent,)).statements

    assert statements("zmq_zap_domain") == statements("zmq_plain") + 1
    assert statements("zmq_curve") > statements("zmq_zap_domain")


def test_strangers_say_the_same_with_the_same_seed() -> None:
    one, other = (list(said.blobs(random.Random(1), FEW)) for _ in range(2))
    assert one == other
    assert said.client_hello()[:2] == b"\x16\x03"
