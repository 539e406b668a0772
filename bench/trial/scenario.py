"""One conformance trial: its messages, and the judgement of their arrivals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bench.contract.model import SLIDE, Case
from bench.hosts import message as msg
from bench.trial.checker import NOTHING, tally
from bench.trial.record import RoleRecord, TrialRecord, Window


@dataclass(frozen=True)
class Scenario:
    """One conformance trial: its messages, its number of peers, and its relay."""

    name: str
    window: Window
    instances: int
    relay: str | None = None
    may_lose: bool = False


def _bare_expected(window: Window) -> Counter[str]:
    sizes = window.sizes_bytes
    bare = (
        msg.build(0, number, msg.WINDOW_EPOCH, sizes[number % len(sizes)]).hex()
        for number in range(window.messages)
        if sizes[number % len(sizes)] < msg.SMALLEST_WITH_HEADER
    )
    return Counter(bare)


def _faults(
    case: Case, window: Window, consumer: RoleRecord, driver: RoleRecord
) -> tuple[dict[str, int], str]:
    """Return the counts of each kind of fault at one consumer, and an example."""
    assert consumer.heads is not None
    given = driver.counts["given"]
    sender = int(driver.id.rsplit(".", 1)[1])
    heads = consumer.heads
    total = NOTHING + tally(heads["sender"], heads["sequence"], sender, given)
    expected, got = _bare_expected(window), Counter(consumer.counts["bare"])
    in_lockstep = case.cell.workload.lockstep
    bare_lost = 0 if in_lockstep else (expected - got).total()
    with_header_lost = total.lost - expected.total()
    if in_lockstep:
        with_header_lost = given - consumer.counts["count"]
    return {
        "lost": max(0, with_header_lost + bare_lost),
        "wrong": consumer.counts["wrong"] + total.unexpected,
        "duplicated": total.duplicated + (got - expected).total(),
        "reordered": total.reordered if case.cell.workload.ordered else 0,
        "not given": window.messages - given,
    }, "; ".join(consumer.counts["wrong_first"])


def judge(case: Case, scenario: Scenario, trial: TrialRecord) -> tuple[str, int]:
    """Return why a scenario failed, or an empty string, and how many losses it counted."""
    losses = 0
    for record in trial.roles.values():
        unclean = record.counts.get("unclean")
        if unclean and case.cell.variant.name != SLIDE:
            return f"{record.id} {unclean}", losses
    for consumer, driver in trial.pairs(case.cell.workload):
        faults, example = _faults(case, scenario.window, consumer, driver)
        losses += faults["lost"]
        if scenario.may_lose:
            faults["lost"] = 0
            if not consumer.counts["count"]:
                return f"{consumer.id} received nothing at all", losses
        if any(faults.values()):
            what = ", ".join(
                f"{number} {name}" for name, number in faults.items() if number
            )
            reason = f"{consumer.id}: {what} of {scenario.window.messages} messages"
            return reason + (f" ({example})" if example else ""), losses
    return "", losses
