"""Cases of ZMTP: a peer by hand gets all right; libzmq takes some bytes for messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from bench.surveys.experiments.catalogue.zmtp_cases.cases import CASES
from bench.surveys.experiments.catalogue.zmtp_cases.experiment import (
    BY_HAND,
    SUBJECTS,
    judged,
)
from bench.surveys.experiments.catalogue.zmtp_cases.inside import OPENED, tried


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, Any]]:
    """The cases that each peer gets wrong."""
    with ThreadPoolExecutor(len(SUBJECTS)) as pool:
        made = dict(zip(SUBJECTS, pool.map(judged, SUBJECTS), strict=True))
    return {
        subject: {name: one for name, one in cases.items() if not one["right"]}
        for subject, cases in made.items()
    }


def test_the_peer_by_hand_gets_every_case_right(found) -> None:
    assert found[BY_HAND] == {}


def test_libzmq_brings_bytes_of_strangers_to_the_application(found) -> None:
    assert found["libzmq"]["a browser's request"]["messages"] > 0
    assert any("random bytes" in name for name in found["libzmq"])


def test_a_domain_of_zap_keeps_versions_without_a_signature_out(found) -> None:
    left = found["libzmq_zap_domain"]
    assert left.keys() < found["libzmq"].keys()
    assert not any("browser" in name or "random" in name for name in left)


@pytest.mark.parametrize("name", ["one message", "a heartbeat", "64 times 0xff"])
def test_a_peer_that_has_other_messages_is_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def mad() -> Iterator[tuple[int, Callable[[], list[list[bytes]]]]]:
        with OPENED[BY_HAND]() as (port, _):
            yield port, lambda: [[b"a message that nobody sent"]]

    monkeypatch.setitem(OPENED, "mad", mad)
    (case,) = (case for case in CASES if case.name == name)
    assert not tried("mad", case)["right"]
