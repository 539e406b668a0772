"""A round trip over a link with a delay takes twice the delay, and little more.

The link between two namespaces gets several delays in turn. The least of many round trips
must not be shorter than twice the delay: then a packet would have left before its time. It
must not be longer by more than a bound, which covers both hosts and two passages of the
link. A link without a delay shows what these take.
"""

from __future__ import annotations

from pathlib import Path

from bench.errors import NotMeasurable
from bench.selftest.answers import KnownAnswer
from bench.sites.far import Far
from bench.sites.looks import Pair, pairs
from bench.sites.namespaces import network_of_two, with_agents
from bench.trial.build import BuildError

DELAYS_MS = (0.0, 0.1, 1.0, 10.0)
BOUND_MS = 1.0
QUESTION = "the least round trip between two hosts"
US_PER_MS = 1e3


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Ask over each link: the least of many round trips needs no repetition."""
    del blocks, seed, logs
    try:
        return [_answer(delay_ms, over(delay_ms)) for delay_ms in DELAYS_MS]
    except (NotMeasurable, BuildError) as refused:
        said = f"such links are refused here: {refused}"
        return [KnownAnswer(QUESTION, "a delay", said, "skipped", None)]


def over(delay_ms: float) -> Pair:
    """Return what packets of a few bytes see of a link with this delay."""
    with network_of_two(delay_ms) as network, with_agents(network) as sites:
        (found,) = pairs([site for site in sites.distinct() if isinstance(site, Far)])
        return found


def _answer(delay_ms: float, found: Pair) -> KnownAnswer:
    least_ms = found.least_ns / 1e6
    low_ms, high_ms = 2 * delay_ms, 2 * delay_ms + BOUND_MS
    more_us = US_PER_MS * (least_ms - low_ms)
    return KnownAnswer(
        QUESTION,
        f"{delay_ms:g} ms in each direction",
        f"{least_ms:.3f} ms, {more_us:.0f} us more than twice the delay",
        f"{low_ms:g} to {high_ms:g} ms",
        low_ms <= least_ms <= high_ms,
    )
