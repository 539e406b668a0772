"""Heartbeats are answered for a program that hangs, and not for one that stands still."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.surveys.experiments.catalogue.hung_program import watching
from bench.surveys.experiments.catalogue.hung_program.experiment import SUBJECTS, told_ms


@pytest.fixture(scope="module")
def told() -> dict[tuple[str, str], bool]:
    """Whether each kind of watcher is told of each state of its peer."""
    asked = [(kind, state) for kind in SUBJECTS for state in ("hung_ms", "frozen_ms")]
    with ThreadPoolExecutor(len(asked)) as pool:
        found = pool.map(lambda one: told_ms(*one), asked)
        return {one: ms < math.inf for one, ms in zip(asked, found, strict=True)}


@pytest.mark.thorough
def test_heartbeats_of_zeromq_find_a_frozen_process_and_no_hung_program(told) -> None:
    assert told["heartbeats", "frozen_ms"]
    assert not told["heartbeats", "hung_ms"]


@pytest.mark.parametrize("state", ["hung_ms", "frozen_ms"])
def test_keepalive_finds_neither_a_hung_nor_a_frozen_process(told, state: str) -> None:
    assert not told["keepalive", state]


@pytest.mark.parametrize("kind", ["websocket", "deadline"])
def test_a_question_to_the_program_itself_finds_both(told, kind: str) -> None:
    assert told[kind, "hung_ms"]
    assert told[kind, "frozen_ms"]


def test_no_watcher_gives_up_a_peer_that_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more patience, since a busy machine may hold up a peer that is well."""
    monkeypatch.setattr(watching, "SILENCE_S", 20.0)
    monkeypatch.setattr(watching, "LIMIT_S", 1.0)
    with ThreadPoolExecutor(len(SUBJECTS)) as pool:
        assert all(
            map(math.isinf, pool.map(lambda kind: told_ms(kind, "well_ms"), SUBJECTS))
        )
