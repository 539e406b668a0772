"""Cases of HTTP: the careful server gets all right, and a judge is not easily content."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.http_by_hand.cases import (
    CASES,
    Case,
    Heard,
    tried,
    unchunked,
)
from bench.surveys.experiments.catalogue.http_by_hand.experiment import SUBJECTS, serving

BY_NAME = {case.name: case for case in CASES}


def judged(name: str, cases: list[Case], folder: Path) -> dict[str, bool]:
    try:
        with serving(name, folder / "log") as port, ThreadPoolExecutor(16) as pool:
            heard = list(pool.map(lambda case: tried(case, port), cases))
    except NotMeasurable as error:
        pytest.skip(str(error))
    return {case.name: case.passed(it) for case, it in zip(cases, heard, strict=True)}


def test_there_are_as_many_cases_as_the_thresholds_of_claims_count_on() -> None:
    """At most 17 are fewer than half of 35, and at most 34 are not all (``http.toml``)."""
    assert len(BY_NAME) == len(CASES) == 35


def test_the_careful_server_gets_every_case_right(tmp_path: Path) -> None:
    found = judged("careful", [*CASES], tmp_path)
    assert [name for name, right in found.items() if not right] == []


def test_the_smallest_server_answers_a_browser_and_little_else(tmp_path: Path) -> None:
    quick = ["one request", "two requests in turn", "nonsense", "a negative length"]
    found = judged("smallest", [BY_NAME[name] for name in quick], tmp_path)
    assert found == dict.fromkeys(quick, False) | {"one request": True}


@pytest.mark.parametrize("name", [n for n in SUBJECTS if n not in ("smallest", "careful")])
def test_a_server_that_people_use_answers_and_refuses(name: str, tmp_path: Path) -> None:
    cases = [BY_NAME["one request"], BY_NAME["a length in letters"]]
    assert judged(name, cases, tmp_path) == {case.name: True for case in cases}


@pytest.mark.parametrize("case", CASES, ids=BY_NAME)
def test_silence_is_never_right_and_an_open_connection_is_no_end(case: Case) -> None:
    assert not case.passed(Heard())
    assert not case.passed(Heard(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"))


@given(st.lists(st.binary(min_size=1, max_size=20)), st.binary(max_size=5))
def test_chunks_are_whole_only_with_the_last_byte(parts: list[bytes], rest: bytes) -> None:
    text = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
    assert unchunked(text + rest) == (b"".join(parts), rest)
    assert all(unchunked(text[:cut]) is None for cut in range(len(text)))


def test_a_reply_counts_when_its_body_is_whole() -> None:
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    assert Heard(head + b"ab").statuses == [100]
    assert [*Heard(head + b"abc").replies()] == [(100, b""), (200, b"abc")]
    to_head = Heard(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", heads=1)
    assert [*to_head.replies()] == [(200, b"")]
