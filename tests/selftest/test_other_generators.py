"""h2load beside the crowd: what it prints is read, and its errors are no numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest
from helpers_bench import find_cell, make_case

from bench.errors import TrialError
from bench.hosts import message as msg
from bench.selftest import other_generators as others

SAID = """starting benchmark...
spawning thread #0: 1 total client(s). 1000 total requests
Application protocol: http/1.1
progress: 100% done

finished in 1.00s, 998.32 req/s, 156.00KB/s
requests: 1000 total, 1000 started, 1000 done, 1000 succeeded, 0 failed
status codes: 1000 2xx, 0 3xx, 0 4xx, 0 5xx
"""


def test_rate_and_count_of_h2load_are_read() -> None:
    assert others.parse(SAID) == (998.32, 1000)


@pytest.mark.parametrize(
    "said",
    [
        SAID.replace("1000 succeeded, 0 failed", "993 succeeded, 7 failed"),
        SAID.replace("998.32", "0.00"),
        "Could not connect to the host\n",
        "",
    ],
)
def test_output_of_h2load_with_errors_is_refused(said: str) -> None:
    with pytest.raises(TrialError, match="h2load counted errors"):
        others.parse(said)


def test_h2load_posts_a_message_of_the_window_over_so_many_connections(
    tmp_path: Path,
) -> None:
    case = make_case(find_cell("http/minimal/request_reply.py"), "cost", instances=10)
    words = others.h2load(case, "http://127.0.0.1:1", tmp_path, 700, "--rps=5")
    assert {"--h1", "--clients=10", "--requests=700", "--rps=5"} <= {*words}
    assert msg.intact((tmp_path / "body").read_bytes())


def test_a_tool_that_is_not_installed_is_skipped_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(others.shutil, "which", lambda _: None)
    found = others.answers(1, 1, tmp_path)
    assert {answer.measured for answer in found} == {
        "wrk is not installed: apt-get install wrk",
        "h2load is not installed: apt-get install nghttp2-client",
    }
    assert all(answer.passed is None for answer in found)


@pytest.mark.thorough
@pytest.mark.skipif(
    not (shutil.which("wrk") and shutil.which("h2load")), reason="needs wrk and h2load"
)
def test_each_generator_asks_a_server(tmp_path: Path) -> None:
    cell = find_cell("http/aiohttp_client/request_reply.py")
    many = make_case(cell, "cost", instances=10, placement="free")
    one = make_case(cell, "cost", instances=1, placement="free")
    for measure in (
        others._crowd_rate(many, tmp_path),
        others._rate("wrk", many, tmp_path),
        others._rate("h2load", many, tmp_path),
        others._crowd_cost(one, tmp_path),
        others._h2load_cost(one, tmp_path),
    ):
        assert 0 < measure(Random(1)) < 0.1
