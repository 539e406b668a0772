"""Pickle runs what a stranger asks for; JSON does not."""

from __future__ import annotations

from pathlib import Path

from bench.surveys.experiments.catalogue import strange_pickle
from bench.surveys.experiments.experiment import Block


def test_a_stranger_makes_a_file_through_pickle_and_not_through_json(
    tmp_path: Path,
) -> None:
    found = strange_pickle.measure(Block.of(0, "strange_pickle", tmp_path)).values
    assert found["files"] == {
        "recv_pyobj": 1,
        "sockets_pickle": 1,
        "recv_json": 0,
        "sockets_json": 0,
    }
