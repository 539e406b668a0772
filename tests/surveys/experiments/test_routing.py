"""The receiver of a message: by topic, among many topics, by routing id, and by load."""

from __future__ import annotations

import pytest

from bench.surveys.experiments.catalogue import routing


def test_a_subscriber_is_sent_nothing_of_other_topics() -> None:
    assert routing.bytes_sent(b"a") == 0
    message_and_frame = 1 + len(routing.BODY) + 2
    assert routing.bytes_sent(b"") == pytest.approx(message_and_frame, abs=1)


def test_a_topic_matches_every_topic_that_begins_with_it() -> None:
    assert routing.longer_topics() == 100


def test_subscriptions_beyond_the_high_water_mark_have_no_effect() -> None:
    assert routing.topics_in_effect(limited=True) < routing.TOPICS


def test_without_high_water_marks_all_subscriptions_have_an_effect() -> None:
    assert routing.topics_in_effect(limited=False) == routing.TOPICS


def test_only_a_mandatory_router_reports_an_unknown_peer() -> None:
    assert routing.reported(mandatory=False) == 0
    assert routing.reported(mandatory=True) == 1


def test_dealing_in_turn_waits_for_the_slow_worker() -> None:
    slow_ms = routing.TASKS / len(routing.PACES_S) * 1000 * max(routing.PACES_S)
    in_turn, on_request = (routing.makespan_ms(asks=asks) for asks in (False, True))
    assert in_turn >= slow_ms
    assert in_turn > on_request
