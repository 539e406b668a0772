"""wrk beside the Python clients: what it prints is read, its errors are not numbers."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from helpers_bench import find_cell, make_case

from bench.errors import NotMeasurable, TrialError
from bench.hosts import message as msg
from bench.measure import wrk
from bench.measure.common import Sizing

SAID = """Running 1s test @ http://127.0.0.1:20000
  1 threads and 1 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   116.24us   25.07us   1.02ms   92.11%
  8551 requests in 1.00s, 1.85MB read
Requests/sec:   8512.34
Transfer/sec:      1.84MB
"""


def test_rate_and_count_of_wrk_are_read() -> None:
    assert wrk.parse(SAID) == (8512.34, 8551)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (SAID + "  Non-2xx or 3xx responses: 12\n", "Non-2xx"),
        ("  Socket errors: connect 0, read 7, write 0, timeout 0\n" + SAID, "read 7"),
        ("unable to connect to 127.0.0.1\n", "unable to connect"),
        (SAID.replace("8512.34", "0.00"), "counted nothing"),
        ("", "printed nothing"),
    ],
)
def test_output_of_wrk_with_errors_is_refused(said: str, reason: str) -> None:
    with pytest.raises(TrialError, match=reason):
        wrk.parse(said)


def test_the_body_of_a_wrk_request_is_a_message_of_the_window() -> None:
    spelt = wrk.script(64).split('wrk.body = "')[1].split('"')[0]
    body = bytes(int(number) for number in spelt.split("\\")[1:])
    assert len(body) == 64
    assert msg.intact(body)
    assert not msg.is_warm_up(body)


@pytest.mark.skipif(not wrk.is_installed(), reason="wrk is not installed")
def test_wrk_measures_the_server_of_a_program(tmp_path: Path) -> None:
    case = make_case(find_cell("http/minimal/request_reply.py"), "wrk")
    measured = wrk.take(case, Sizing(1e-3), tmp_path, random.Random(1))
    assert measured.metadata["delivered"]
    assert measured.value_s > 0


def test_without_wrk_the_error_names_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wrk, "is_installed", lambda: False)
    case = make_case(find_cell("http/minimal/request_reply.py"), "wrk")
    with pytest.raises(NotMeasurable, match="install the package wrk"):
        wrk.take(case, Sizing(1e-3), tmp_path, random.Random(1))
