"""Boundaries between messages are lost without framing, and only then."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bench.surveys.experiments.catalogue import boundaries
from bench.surveys.experiments.experiment import Block


def test_messages_without_framing_lose_their_boundaries_and_the_controls_keep_them(
    tmp_path: Path,
) -> None:
    found = boundaries.measure(Block.of(0, "boundaries", tmp_path)).values
    for writer in boundaries.WRITERS:
        assert found[writer].pop("recv") < 0.5
        assert found[writer] == dict.fromkeys(["length", "http", "zmq"], 1.0)


@given(st.lists(st.binary(max_size=3), max_size=8), st.lists(st.binary(max_size=3)))
def test_each_arrival_counts_for_one_message_at_most(
    sent: list[bytes], arrived: list[bytes]
) -> None:
    assert boundaries.kept(sent, sent) == len(sent)
    found = boundaries.kept(sent, arrived)
    assert found == boundaries.kept(arrived, sent)
    assert found <= min(len(sent), len(arrived))
    assert boundaries.kept(sent, [b"else"] * 9) == 0
