"""The sceptic's command: it says what it injected, and fails where the answer is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_bench import bench

from bench.selftest import NAMES, losses, sockets
from bench.selftest.answers import Answer, show


def test_faults_are_counted_exactly_and_options_read_back() -> None:
    ended = bench("selftest", "losses", "sockets")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "40 lost" in ended.stdout
    assert "16 duplicated" in ended.stdout
    assert "10 reordered" in ended.stdout
    assert "FAIL" not in ended.stdout


def test_a_wrong_answer_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(losses.EVERY, "dropping", 50)
    found = {answer.injected: answer for answer in losses.answers(6, 1, tmp_path)}
    assert found["every 50th"].passed is False
    assert "40 lost" in found["every 50th"].measured
    assert show("wrong on purpose", list(found.values())) is False


def test_a_stack_without_the_option_would_be_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sockets, "IMPLEMENTATIONS", losses.FAULTY)
    monkeypatch.setattr(sockets, "CELLS", "*/two_writes/request_reply.py")
    option, control = sockets.answers(6, 1, tmp_path)
    assert option.passed is False
    assert control.passed is True


def test_what_is_shown_for_information_gates_nothing() -> None:
    assert show("", [Answer("how long", "", "1 s", "", None)]) is True


def test_an_unknown_name_is_refused_with_those_that_exist() -> None:
    ended = bench("selftest", "loses")
    assert ended.returncode == 1
    assert "did you mean losses" in ended.stderr
    assert all(name in ended.stderr for name in NAMES)
