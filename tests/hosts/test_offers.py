"""The messages of a peer follow from a seed, and each answer shows its sender."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.hosts import message as msg
from bench.hosts.ledger import Ledger
from bench.hosts.offers import (
    NOBODY,
    Offers,
    Schedule,
    answer_to,
    answered_by,
    due_ns,
    read,
    target,
)
from bench.hosts.peer import Known, Peer

PLAN = Schedule(start_ns=1_000, seed=5, asked_hz=11.0, sent_hz=5.0)


@given(st.integers(2, 30), st.data())
def test_a_peer_asks_each_other_one_in_turn_and_never_itself(
    peers: int, data: st.DataObject
) -> None:
    sender = data.draw(st.integers(0, peers - 1))
    first = data.draw(st.integers(0, 100))
    round_of = [target(sender, first + n, peers) for n in range(peers - 1)]
    assert sorted([*round_of, sender]) == list(range(peers))


def test_all_that_is_due_follows_from_the_seed() -> None:
    due = due_ns(PLAN, 3, 100, asks=True)
    assert due == due_ns(PLAN, 3, 100, asks=True)
    assert due != due_ns(PLAN, 4, 100, asks=True)
    assert due != due_ns(PLAN._replace(seed=6), 3, 100, asks=True)
    assert sorted(due) == list(due)
    assert due_ns(PLAN, 3, 5, asks=False)[4] > due_ns(PLAN, 3, 5, asks=True)[4]


@given(st.integers(0, 1000), st.integers(0, 1 << 20), st.integers(0, 1000))
def test_an_answer_names_its_server_and_the_request(
    sender: int, sequence: int, server: int
) -> None:
    request = msg.build(sender, sequence, msg.WINDOW_EPOCH, 64)
    answer = answer_to(request, server)
    assert (read(answer), answered_by(answer)) == ((sender, sequence), server)
    assert len(answer) == len(request)


def test_early_messages_have_no_number_and_damaged_ones_no_sender() -> None:
    early = msg.build(2, 0, msg.WARM_UP_EPOCH, 64)
    assert read(early) == (2, None)
    assert read(answer_to(early, 1)) == (2, None)
    assert read(early[:-1] + b"?") == (NOBODY, 0)
    assert read(b"short") == (NOBODY, 0)


def offers(path: Path, **plan: float) -> Offers:
    made = Offers(0, 200, 64, Ledger(path, 1, 200, create=True), asks=False)
    if plan:
        start_ns = time.perf_counter_ns()
        made.begin(PLAN._replace(start_ns=start_ns, sent_hz=plan["sent_hz"]))
    return made


async def first(made: Offers, count: int) -> list[int | None]:
    found: list[int | None] = []
    async for message in made.messages():
        found.append(read(message)[1])
        if len(found) == count:
            break
    return found


def test_a_role_that_is_called_again_continues_after_the_last_message(
    tmp_path: Path,
) -> None:
    made = offers(tmp_path / "given", sent_hz=500.0)
    assert asyncio.run(first(made, 3)) == [0, 1, 2]
    again = Offers(0, 200, 64, made.given, asks=False)
    again.begin(made._schedule)  # type: ignore[arg-type]
    assert asyncio.run(first(again, 2)) == [3, 4]


def test_another_life_is_given_messages_due_from_now_on(tmp_path: Path) -> None:
    made = offers(tmp_path / "given", sent_hz=500.0)
    time.sleep(0.02)
    assert asyncio.run(first(made, 1)) > [0]  # type: ignore[operator]


def test_peers_without_an_answer_are_asked_before_anything_is_due(tmp_path: Path) -> None:
    met = Ledger(tmp_path / "met", 3, 10, create=True)
    met.happened(10, 1)

    async def asked() -> list[str]:
        made = Offers(0, 10, 64, Ledger(tmp_path / "g", 1, 10, create=True), asks=True)
        names = {1: "p1.0", 2: "p2.0"}
        found = []
        async for name, message in made.requests(names, met):
            found.append(name)
            assert read(message) == (0, None)
            if len(found) == 2:
                break
        return found

    assert asyncio.run(asked()) == ["p2.0", "p2.0"]


def test_each_role_gets_every_peer_once_whenever_it_becomes_known() -> None:
    async def heard() -> list[str]:
        known, names = Known(), []
        known.add(Peer("p1.0", 1))
        known.add(Peer("p1.0", 1))

        async def listen() -> None:
            async for peer in known:
                names.append(peer.name)

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
        known.add(Peer("p1.1", 1))
        await asyncio.sleep(0.01)
        listening.cancel()
        assert known.names == {1: "p1.1"}
        return names

    assert asyncio.run(heard()) == ["p1.0", "p1.1"]


def test_nothing_is_due_after_the_end(tmp_path: Path) -> None:
    made = offers(tmp_path / "given", sent_hz=500.0)
    made.stop_ns = 1

    async def nothing() -> None:
        async with asyncio.timeout(0.05):
            await first(made, 1)

    with pytest.raises(TimeoutError):
        asyncio.run(nothing())
