"""Pairs, news and jobs of a web are counted from what is known of each message."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import TrialError
from bench.faults.chaos import Blow
from bench.faults.usage import Usage
from bench.faults.web_record import WebRecord, targets
from bench.measure.web import late_ms, measure, pairs

S = 1_000_000_000
PEERS, EACH = 4, 30
FAULT_NS = 10 * S


def record(silent: frozenset[int] = frozenset(), well: int = PEERS) -> WebRecord:
    """Return a trial in which each peer asks five times a second from 1 s before the blow.

    ``silent`` peers answer nothing after the blow. The first ``well`` are not struck.
    """
    due = FAULT_NS - S + np.arange(EACH, dtype=np.int64) * (S // 5)
    made = WebRecord(
        PEERS, FAULT_NS, FAULT_NS + 4 * S, FAULT_NS - S, 0.5, frozenset(range(well))
    )
    for number in range(PEERS):
        made.asks_due[number] = due
        made.asked[number] = due + 1_000_000
        made.answered[number] = due + 2_000_000
        dead = (due >= FAULT_NS) & np.isin(targets(made, number), [*silent])
        made.answered[number][dead] = 0
    made.sent_due = {0: due, 1: due}
    made.news = {(n, 0): np.ones(EACH, dtype=np.int64) for n in range(PEERS)}
    made.jobs = {1: np.ones(EACH, dtype=np.int64)}
    made.usage = {"large": [Usage(1, 2, 3, 4, 5), Usage(3, 4, 5, 6, 7)]}
    return made


def test_all_is_well_where_nothing_happens() -> None:
    found = measure(record())
    assert (found["pairs_alive"], found["pairs_of_all"], found["survival"]) == (1, 1, 1)
    assert (found["news_once"], found["jobs_once"]) == (1, 1)
    assert found["usage"]["large"]["descriptors"] == 5
    assert found["late_ms"] == pytest.approx(1.0)


def test_pairs_of_a_struck_peer_count_among_all_pairs_alone() -> None:
    found = measure(record(silent=frozenset({3}), well=3))
    assert found["pairs_alive"] == 1
    assert found["pairs_of_all"] == pytest.approx(9 / 12)
    assert found["survival"] == 1


def test_an_unharmed_peer_that_falls_silent_is_missed() -> None:
    found = measure(record(silent=frozenset({2}), well=3))
    assert found["pairs_alive"] == pytest.approx(4 / 6)
    assert found["survival"] == pytest.approx(4 / 6, abs=0.05)


def test_a_web_that_was_not_steady_before_the_blow_is_refused() -> None:
    made = record()
    for number in range(PEERS):
        made.answered[number][:1] = 0
    assert measure(made)["survival"] == 1, "one of five is left out"
    made.answered[0][1] += 3 * S
    with pytest.raises(TrialError, match="15 of 20 requests were served before the blow"):
        measure(made)
    chaos = replace(made, blows=(Blow(0.0, "killed", 3),))
    with pytest.raises(TrialError, match="not steady"):
        measure(chaos)


def test_a_late_answer_keeps_no_pair_alive() -> None:
    made = record()
    made.answered[0] += 3 * S
    alive, asked = pairs(made, FAULT_NS, FAULT_NS + 2 * S)
    assert asked - alive == {(0, 1), (0, 2), (0, 3)}


def test_pairs_without_a_request_are_neither_alive_nor_dead() -> None:
    alive, asked = pairs(record(), FAULT_NS + 100 * S, FAULT_NS + 102 * S)
    assert alive == asked == set()


@given(st.lists(st.integers(0, 3), min_size=EACH, max_size=EACH))
def test_each_job_is_done_once_or_never_or_more_than_once(counts: list[int]) -> None:
    made = record()
    made.jobs[1] = np.array(counts, dtype=np.int64)
    found = measure(made)
    shares = [found[f"jobs_{how}"] for how in ("once", "lost", "doubled")]
    assert sum(shares) == pytest.approx(1)
    inside = counts[3:25]  # half a second before the blow, and four seconds after it
    assert shares[0] == pytest.approx(inside.count(1) / len(inside))


def test_news_to_and_from_struck_peers_are_not_owed() -> None:
    made = record(well=3)
    made.news[3, 0][:] = 0
    assert measure(made)["news_lost"] == 0
    made.news[2, 0][:] = 2
    assert measure(made)["news_doubled"] == pytest.approx(1 / 3)


def test_a_busy_machine_is_seen_before_the_blow_alone() -> None:
    made = record()
    made.asked[0][10:] += S
    assert late_ms(made) == pytest.approx(1.0)
    made.asked[0][:3] += S
    assert late_ms(made) > 500


def test_chaos_is_counted_by_the_second_over_all_messages_due() -> None:
    made = replace(record(), blows=(Blow(0.0, "killed", 3),))
    found = measure(made)
    assert found["pairs_each_s"][0] == 1
    assert found["chaos_least"] == 0, "nothing was due in the end, so nobody was alive"
    assert found["chaos_once"] == 1
    assert found["blows"] == [{"at_s": 0.0, "how": "killed", "number": 3}]
    made.jobs[1][10:20] = 2
    assert measure(made)["chaos_twice"] == pytest.approx(10 / 25)
    assert "pairs_alive" not in found
