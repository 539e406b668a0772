"""TCP notices a reset at once, and a cut link only by its own timeouts.

Two hosts send each other a hundred numbers a second over one connection. The control is a
usual mistake: the sender's own machine drops its packets. TCP must notice that difference,
or the results about the cut would prove nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.errors import NotMeasurable, TrialError
from bench.faults.network.helper import Helper
from bench.faults.network.hosts import Network
from bench.faults.network.link import Link, tcp_counts
from bench.selftest.answers import KnownAnswer

NEAR, FAR = ENDS = "near", "far"
TALKER = "bench.faults.network.talker"
CUT_S = 2.0
BACKED_OFF_MIN = 4
"""How many times longer TCP's timeout must be: it doubles after 0.2 s, 0.4 s and 0.8 s."""
MISTAKEN_MAX = 2
TIMEOUT = re.compile(r"\brto:([\d.]+)")
UNDER_WAY_S = 0.2
HEARD_MIN = 20
BOUND_S = 30.0
LOOK_EACH_S = 0.02
DROP_AT_THE_SENDER = """
table inet mistake {
  chain output {
    type filter hook output priority 0;
    ip protocol tcp drop
  }
}
"""


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Cut, heal and reset one connection each: TCP's counters need no repetition."""
    del blocks, seed, logs
    try:
        return [*_cut(), _mistake(), *_reset(), _abort()]
    except NotMeasurable as error:
        return [KnownAnswer("what TCP is told", "nothing", str(error), "skipped", None)]


class Conversation:
    """Two hosts that send numbers to each other over one connection."""

    def __init__(self, network: Network, talkers: dict[str, Helper]) -> None:
        self.network = network
        self.link = Link(network)
        self.talkers = talkers
        if not self.until(lambda: min(self.all("received")) >= HEARD_MIN):
            raise TrialError(f"two hosts did not hear each other within {BOUND_S:g} s")

    def state(self, end: str, do: str = "tell") -> dict[str, Any]:
        return self.talkers[end].ask(do=do)

    def all(self, what: str) -> list[Any]:
        return [self.state(end)[what] for end in ENDS]

    def until(self, happened: Callable[[], bool]) -> bool:
        """Wait until ``happened`` is true, and return whether it became true in time."""
        deadline = time.monotonic() + BOUND_S
        while not happened():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_EACH_S)
        return True

    def told(self) -> int:
        """Return how many resets both ends sent or received, and connections they ended."""
        counts = [tcp_counts(self.network, end) for end in ENDS]
        return self.link.packets().resets + sum(
            count[name] for count in counts for name in ("OutRsts", "EstabResets")
        )

    def timeout_ms(self) -> float:
        """Return the retransmission timeout of the near end in milliseconds."""
        printed = self.network.run(NEAR, "ss", "-Htin", "state", "established")
        found = TIMEOUT.search(printed)
        assert found, printed
        return float(found.group(1))


@contextmanager
def conversation() -> Iterator[Conversation]:
    with Network(*ENDS) as network:
        talkers: dict[str, Helper] = {}
        try:
            spec: dict[str, Any] = {"listen": network.address(FAR), "connect": []}
            talkers[FAR] = Helper(TALKER, spec, network.enter(FAR))
            spec["connect"] = [network.address(FAR), talkers[FAR].ready["port"]]
            talkers[NEAR] = Helper(TALKER, spec, network.enter(NEAR))
            yield Conversation(network, talkers)
        finally:
            for talker in talkers.values():
                talker.close()


def _cut() -> Iterator[KnownAnswer]:
    with conversation() as between:
        told, timeout_ms = between.told(), between.timeout_ms()
        between.link.cut()
        time.sleep(UNDER_WAY_S)
        before, packets = between.all("received"), between.link.packets()
        sent = sum(between.all("sent"))
        time.sleep(CUT_S)
        arrived = sum(between.all("received")) - sum(before)
        sent = sum(between.all("sent")) - sent
        after = between.link.packets()
        passed = after.passed - packets.passed
        injected = f"silent cut, {CUT_S + UNDER_WAY_S:.1f} s"
        yield KnownAnswer(
            "arrives during the cut",
            injected,
            f"{arrived} of {sent} numbers, {passed} packets",
            "0 of some, 0 packets",
            arrived == passed == 0 < sent and after.dropped > packets.dropped,
        )
        yield _backs_off(injected, timeout_ms, between.timeout_ms(), really=True)
        resets, errors = between.told() - told, between.all("error")
        yield KnownAnswer(
            "the two TCPs are told",
            injected,
            f"{resets} resets, errors: {_say(errors)}",
            "nothing",
            resets == 0 and not any(errors),
        )
        between.link.heal()
        yield _healed(between)


def _healed(between: Conversation) -> KnownAnswer:
    sent = {end: between.state(end, "fall silent")["sent"] for end in ENDS}

    def all_heard() -> bool:
        whole = between.all("received") == [sent[FAR], sent[NEAR]]
        return whole or any(between.all("error"))

    between.until(all_heard)
    missing = sum(sent.values()) - sum(between.all("received"))
    errors, right = between.all("error"), all(between.all("counted_right"))
    return KnownAnswer(
        "the same connection, healed",
        "healed",
        f"{missing} of {sum(sent.values())} missing, "
        f"{'in order' if right else 'out of order'}, errors: {_say(errors)}",
        "0 missing, in order, none",
        missing == 0 and right and not any(errors),
    )


def _mistake() -> KnownAnswer:
    with conversation() as between:
        timeout_ms = between.timeout_ms()
        between.network.run(NEAR, "nft", "-f", "-", said=DROP_AT_THE_SENDER)
        time.sleep(UNDER_WAY_S + CUT_S)
        injected = "dropped at the sender"
        return _backs_off(injected, timeout_ms, between.timeout_ms(), really=False)


def _backs_off(
    injected: str, before_ms: float, now_ms: float, *, really: bool
) -> KnownAnswer:
    times = now_ms / before_ms
    return KnownAnswer(
        "the sender backs off" if really else "control: the sender does not back off",
        injected,
        f"sends again after {before_ms:.0f} ms, then {now_ms:.0f} ms",
        f"at least {BACKED_OFF_MIN} times as long"
        if really
        else f"below {MISTAKEN_MAX} times: its TCP was told",
        times >= BACKED_OFF_MIN if really else times < MISTAKEN_MAX,
    )


def _reset() -> Iterator[KnownAnswer]:
    with conversation() as between:
        before = between.link.packets()
        between.link.reset()
        between.until(lambda: all(between.all("error")))
        rejected = between.link.packets().rejected - before.rejected
        errors = between.all("error")
        resets = sum(tcp_counts(between.network, end)["EstabResets"] for end in ENDS)
        yield KnownAnswer(
            "both ends are told",
            "reset in the middle",
            f"{rejected} packets reset, {resets} ends; errors: {_say(errors)}",
            "at least 2, 2; ECONNRESET and ECONNRESET",
            rejected >= 2 == resets and errors == ["ECONNRESET"] * 2,
        )


def _abort() -> KnownAnswer:
    with conversation() as between:
        killed = between.link.abort(NEAR)
        between.until(lambda: all(between.all("error")))
        errors, resets = between.all("error"), between.link.packets().resets
    return KnownAnswer(
        "both ends are told",
        "killed in one kernel",
        f"{killed} killed, {resets} resets; errors: {_say(errors)}",
        "1, at least 1; ECONNABORTED and ECONNRESET",
        killed == 1 <= resets and errors == ["ECONNABORTED", "ECONNRESET"],
    )


def _say(errors: list[str]) -> str:
    return " and ".join(error or "none" for error in errors)
