"""A connected socket has one peer; a socket without connections, and ZeroMQ's, have all."""

from __future__ import annotations

from pathlib import Path

from bench.surveys.experiments.catalogue import one_socket
from bench.surveys.experiments.experiment import Block


def test_connected_sockets_have_one_peer_and_the_controls_have_three(
    tmp_path: Path,
) -> None:
    found = one_socket.measure(Block.of(0, "one_socket", tmp_path)).values["peers"]
    one_peer = dict.fromkeys(one_socket.CONNECTED, 1)
    three_peers = dict.fromkeys([*one_socket.CONNECTIONLESS, "zmq"], 3)
    assert found == one_peer | three_peers
