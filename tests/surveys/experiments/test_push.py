"""Delays and replays of five ways to tell a client of an event."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.errors import NotMeasurable
from bench.surveys.experiments.catalogue.push import experiment
from bench.surveys.experiments.catalogue.push.client import HEAR, REMEMBERS
from bench.surveys.experiments.catalogue.push.server import Events
from bench.surveys.experiments.catalogue.push.ways import WAYS

FEW = 4


@pytest.fixture(scope="module")
def heard() -> dict[str, dict[str, float]]:
    try:
        with ThreadPoolExecutor(len(WAYS)) as pool:
            found = pool.map(lambda way: experiment.inside(way, FEW), WAYS)
            return dict(zip(WAYS, found, strict=True))
    except NotMeasurable as error:
        pytest.skip(str(error))


@pytest.mark.thorough
def test_a_client_that_polls_hears_last(heard) -> None:
    """A machine that is busy for a moment delays one event, and not the median of all."""
    assert heard["polling"]["delay_p50_ms"] > heard["websocket"]["delay_p50_ms"]
    assert heard["polling"]["delay_p50_ms"] > heard["pub_sub"]["delay_p50_ms"]


@pytest.mark.parametrize("way", WAYS)
def test_only_a_way_with_a_place_for_the_last_event_replays(heard, way: str) -> None:
    assert heard[way]["replayed"] == (5 if REMEMBERS[way] else 0)


@pytest.mark.parametrize("way", WAYS)
def test_every_event_takes_bytes(heard, way: str) -> None:
    assert heard[way]["wire_bytes"] > 0
    assert way in HEAR


def test_only_a_client_that_polls_takes_bytes_while_nothing_happens(heard) -> None:
    """A late acknowledgement may fall into that second, of 52 bytes, and nothing else."""
    idle = {way: heard[way]["idle_bytes_per_s"] for way in WAYS}
    assert idle.pop("polling") > 1000
    assert all(value <= 2 * 52 for value in idle.values()), idle


def test_events_are_kept_in_order_and_are_waited_for() -> None:
    async def watched() -> list[list[int]]:
        events = Events()
        waiting = asyncio.create_task(events.after(0))
        await asyncio.sleep(0)
        await events.happen()
        first = await waiting
        await events.happen()
        return [[number for number, _ in some] for some in (first, await events.after(1))]

    assert asyncio.run(watched()) == [[1], [2]]
