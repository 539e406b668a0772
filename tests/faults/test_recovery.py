"""The cost of a failure is measured rightly: known histories, and cells that are wrong.

The first half makes up what happened to every message, so that each time, count and verdict
is known. The second runs trials with real processes, most of them against the cells in
``tests/cells/broken/failing``, each of which is wrong in one way; classes and verdicts are
asserted, never how fast anything is.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from helpers_bench import BROKEN, find_cell
from helpers_faults import run_undisturbed
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.contract.model import Case
from bench.errors import TrialError
from bench.faults.all_faults import all_faults
from bench.faults.breach import Breach, BreachKind, read
from bench.faults.fault import Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.history import BACK_NS, CLASSES, DEADLINE_NS, FailureRecord, Line
from bench.faults.trial import run_failure
from bench.measure import recovery
from bench.measure.common import Measured
from bench.measure.recovery import (
    BROKEN as CONTRACT_BROKEN,
)
from bench.measure.recovery import (
    KEPT,
    MEMORY_MAX_BYTES,
    REPORTED,
    availability,
    judge,
    told,
)

INTERVAL_NS = 20_000_000
WINDOW = BACK_NS // INTERVAL_NS
CALM_S, DOWN_S = 1.0, 0.5
FAULT_NS = 50 * INTERVAL_NS
HEALED_NS = FAULT_NS + int(DOWN_S * 1e9)
MESSAGES = 250
PROMPT_NS = 1_000_000
LOST = None
BESIDE = {"recovered": 0, "duplicated": 0, "reordered": 0, "unexpected": 0}


def line(
    late_ns: Callable[[int], int | None], consumer: str = "call.0", messages: int = MESSAGES
) -> Line:
    """Return a line of which each message was so late, by its number, or was lost."""
    numbers = np.arange(messages)
    intended_ns = numbers * INTERVAL_NS + 1
    late = [late_ns(number) for number in range(messages)]
    arrived_ns = np.array(
        [0 if ns is None else due + ns for due, ns in zip(intended_ns, late, strict=True)]
    )
    lost = CLASSES.index("silent")
    state = np.where(arrived_ns > 0, CLASSES.index("delivered"), lost).astype(np.int8)
    return Line(
        consumer, 0, numbers, intended_ns, intended_ns, arrived_ns, state, dict(BESIDE)
    )


def record(*lines: Line, **changed: Any) -> FailureRecord:
    facts: dict[str, Any] = {
        "lines": list(lines),
        "interval_ns": INTERVAL_NS,
        "start_ns": 1,
        "calm_ns": FAULT_NS,
        "fault_ns": FAULT_NS,
        "struck_ns": FAULT_NS,
        "healed_ns": HEALED_NS,
        "stop_ns": MESSAGES * INTERVAL_NS,
        "affected": set(),
        "beside": {},
        "raised": 0,
        "ended": 0,
        "first_told_ns": 0,
        "executed_twice": 0,
    }
    return FailureRecord(**(facts | changed))


def always(number: int) -> int:
    del number
    return PROMPT_NS


def never(number: int) -> None:
    del number


def back_at(first: int) -> Callable[[int], int | None]:
    """Return a history in which all is lost from the fault on until a message."""
    return lambda n: PROMPT_NS if n < 50 or n >= first else LOST


# -- times ---------------------------------------------------------------------------------


def test_the_outage_ends_with_the_first_message_due_after_the_fault_that_got_through() -> (
    None
):
    found = recovery.recovery(record(line(back_at(80))))
    first_ns = 80 * INTERVAL_NS + 1 + PROMPT_NS
    assert found.outage_s == pytest.approx((first_ns - FAULT_NS) / 1e9)
    assert found.reconnect_s == pytest.approx((first_ns - HEALED_NS) / 1e9)
    assert found.settle_s == pytest.approx((80 * INTERVAL_NS + 1 - HEALED_NS) / 1e9)


def test_a_message_from_before_the_fault_that_comes_late_ends_no_outage() -> None:
    found = recovery.recovery(record(line(lambda n: 10**9 if n == 49 else back_at(150)(n))))
    assert found.outage_s == pytest.approx((150 - 50) * INTERVAL_NS / 1e9, abs=0.002)


def test_a_message_that_passes_while_a_fault_begins_ends_no_outage() -> None:
    """A link takes milliseconds to cut: a message that is due meanwhile may cross it."""
    slips = line(lambda n: PROMPT_NS if n == 50 else back_at(80)(n))
    (honest, mistaken) = (
        recovery.recovery(record(slips, struck_ns=FAULT_NS + after_ns))
        for after_ns in (2, 0)
    )
    assert honest.outage_s == pytest.approx((80 - 50) * INTERVAL_NS / 1e9, abs=0.002)
    assert mistaken.outage_s == pytest.approx(0.001, abs=0.002)


def test_an_outage_that_ended_before_the_healing_has_no_negative_part() -> None:
    found = recovery.recovery(record(line(back_at(60))))
    assert found.reconnect_s == 0
    assert found.outage_s is not None
    assert found.outage_s < DOWN_S


def test_the_slowest_consumer_counts_unless_the_fault_is_its_own() -> None:
    lines = [line(back_at(80), "a"), line(back_at(120), "b"), line(never, "c")]
    assert recovery.recovery(record(*lines)).outage_s is None
    assert recovery.recovery(record(*lines)).settle_s is None
    found = recovery.recovery(record(*lines, affected={"c"}))
    assert found.outage_s == pytest.approx((120 - 50) * INTERVAL_NS / 1e9, abs=0.002)
    assert recovery.recovery(record(line(never), affected={"call.0"})).outage_s is None


def test_a_trial_without_recovery_has_no_times_and_is_not_dropped() -> None:
    lost = record(line(lambda n: PROMPT_NS if n < 50 else LOST))
    found = recovery.recovery(lost)
    assert (found.outage_s, found.reconnect_s, found.settle_s) == (None, None, None)
    case = Case(find_cell("zmq/minimal/request_reply.py"), "recovery", "tcp", 64, 1, "free")
    made = recovery.measure(case, FAULT, lost)
    assert made.value_s == pytest.approx((lost.stop_ns - FAULT_NS) / 1e9)
    assert made.metadata["censored"] == 1
    assert made.metadata["settled"] == 0
    assert made.metadata["verdict"] == CONTRACT_BROKEN
    assert Breach(BreachKind.NOT_RECOVERED) in read(str(made.metadata["against"]))


@given(first=st.integers(51, MESSAGES + 20))
def test_service_is_back_from_the_first_message_after_which_all_are_in_time(
    first: int,
) -> None:
    found = recovery.recovery(record(line(back_at(first))))
    healed = -(-HEALED_NS // INTERVAL_NS)
    back = max(first, healed)
    if back + WINDOW > MESSAGES:
        assert found.settle_s is None, "it was not watched for long enough to be known"
    else:
        assert found.settle_s == pytest.approx(
            (back * INTERVAL_NS + 1 - HEALED_NS) / 1e9, abs=1e-9
        )


@given(every=st.integers(2, 120), phase=st.integers(0, 119))
def test_steady_partial_loss_counts_as_recovered_but_sporadic_replies_do_not(
    every: int, phase: int
) -> None:
    """As many as before the fault have to come again, wherever the losses happen to lie."""
    assume(not 15 <= every <= 25)  # about one in twenty is what makes the difference

    def some(number: int) -> int | None:
        return LOST if (number + phase) % every == 0 else PROMPT_NS

    def few(number: int) -> int | None:
        return PROMPT_NS if number < 50 or some(number) is LOST else LOST

    def worse(number: int) -> int | None:
        return PROMPT_NS if number < 50 else some(number)

    assert recovery.recovery(record(line(some))).settle_s is not None
    if every > 2:
        assert recovery.recovery(record(line(few))).settle_s is None
    recovered = recovery.recovery(record(line(worse))).settle_s is not None
    assert recovered == (every > 25)


def test_one_late_message_at_the_end_of_watching_undoes_no_recovery() -> None:
    def late_at_the_end(number: int) -> int | None:
        return DEADLINE_NS + 1 if number == MESSAGES - 1 else back_at(80)(number)

    assert recovery.recovery(record(line(late_at_the_end))).settle_s is not None


def test_the_deadline_itself_is_in_time() -> None:
    assert line(lambda _: DEADLINE_NS).in_time.all()
    assert not line(lambda _: DEADLINE_NS + 1).in_time.any()


def test_without_service_before_the_fault_every_message_must_arrive() -> None:
    """The server starts last: there is nothing before the fault to compare with."""
    late = line(lambda n: PROMPT_NS if n >= 100 else LOST)
    assert recovery.recovery(record(late)).settle_s == pytest.approx(
        (100 * INTERVAL_NS + 1 - HEALED_NS) / 1e9
    )
    half = line(lambda n: PROMPT_NS if n >= 100 and n % 2 else LOST)
    assert recovery.recovery(record(half)).settle_s is None


# -- how much was missed -------------------------------------------------------------------


def test_messages_due_after_the_fault_or_not_yet_delivered_can_be_missed() -> None:
    fates = {3: DEADLINE_NS + 1, 20: LOST, 48: 10**9}
    found = recovery.recovery(record(line(lambda n: fates.get(n, back_at(80)(n)))))
    assert found.missed == (80 - 50) + 2, "3 was late before the fault; 20 never came"
    assert found.offered == (MESSAGES - 50) + 2


@given(longer=st.integers(0, 200), first=st.integers(51, 150))
def test_missed_and_availability_do_not_depend_on_how_long_a_recovered_trial_is_watched(
    longer: int, first: int
) -> None:
    short = record(line(back_at(first), messages=MESSAGES))
    long = record(line(back_at(first), messages=MESSAGES + longer))
    assert recovery.recovery(short).missed == recovery.recovery(long).missed == first - 50
    assert availability(short, FAULT) == availability(long, FAULT)


def test_availability_is_a_share_of_the_time_of_watching() -> None:
    watched_s = DOWN_S + FAULT.watch_s
    shares = {
        recovered: availability(record(line(back_at(first))), FAULT)
        for recovered, first in ((True, 75), (False, MESSAGES + 10**6))
    }
    assert shares[True] == pytest.approx(1 - 0.5 / watched_s)
    whole = line(lambda n: PROMPT_NS if n < 50 else LOST, messages=50 + 425)
    assert availability(record(whole), FAULT) == pytest.approx(0, abs=0.001)
    assert availability(record(line(always), affected={"call.0"}), FAULT) == 0


# -- verdicts ------------------------------------------------------------------------------


def nothing(trial: FaultTrial) -> None:
    del trial


FAULT = Fault("nothing", "F0", "nothing happens", ("request_reply",), nothing, Setup())
HOPELESS = Fault("n", "F0", "", ("request_reply",), nothing, Setup(), hopeless=True)
FINE = line(always)


def with_states(**counts: int) -> Line:
    """Return a line in which the last messages are of other classes than delivered."""
    made = line(always)
    place = len(made.state)
    for name, count in counts.items():
        made.state[place - count : place] = CLASSES.index(name)
        place -= count
    return made


def verdict(made: FailureRecord, fault: Fault = FAULT, **how: bool) -> tuple[str, str]:
    how = {"recovered": True, "exactly_once": True, "ordered": True} | how
    found, breaches = judge(made, fault, **how)
    return found, ", ".join(map(str, breaches))


VERDICTS = {
    "nothing": (record(FINE), KEPT, ""),
    "reported": (record(with_states(reported=2)), REPORTED, "2 reported lost"),
    "died": (record(with_states(died=3)), REPORTED, "3 lost with who had them"),
    "raised": (record(FINE, raised=1), REPORTED, "1 raised"),
    "ended": (record(FINE, ended=4), REPORTED, "4 ended"),
    "told wrongly": (
        record(FINE, beside={"recovered": 1}),
        REPORTED,
        "1 reported lost that arrived",
    ),
    "silent": (record(with_states(silent=5)), CONTRACT_BROKEN, "5 lost in silence"),
    "held": (record(with_states(held=6)), CONTRACT_BROKEN, "6 kept waiting"),
    "wrong": (record(with_states(wrong=7)), CONTRACT_BROKEN, "7 wrong answers"),
    "unexpected": (
        record(FINE, beside={"unexpected": 1}),
        CONTRACT_BROKEN,
        "1 unexpected messages",
    ),
    "memory": (
        record(FINE, peaks_bytes={"a": 1, "b": MEMORY_MAX_BYTES + (1 << 20)}),
        CONTRACT_BROKEN,
        "129 MiB of memory",
    ),
    "silent and reported": (
        record(with_states(silent=1, reported=1), raised=1),
        CONTRACT_BROKEN,
        "1 lost in silence",
    ),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_follows_from_losses_reports_and_recovery(name: str) -> None:
    made, expected, against = VERDICTS[name]
    assert verdict(made) == (expected, against)


def test_a_doubled_effect_breaks_a_contract_that_forbids_it() -> None:
    twice, swapped = record(FINE, executed_twice=2), record(FINE, beside={"reordered": 3})
    assert verdict(twice) == (CONTRACT_BROKEN, "2 executed twice")
    assert verdict(twice, exactly_once=False) == (KEPT, "")
    assert verdict(swapped) == (CONTRACT_BROKEN, "3 out of order")
    assert verdict(swapped, ordered=False) == (KEPT, "")
    doubled = with_states()
    doubled.beside["duplicated"] = 4
    assert verdict(record(doubled)) == (CONTRACT_BROKEN, "4 delivered twice")


def test_not_recovering_breaks_the_contract_unless_recovery_is_impossible() -> None:
    assert verdict(record(FINE), recovered=False) == (CONTRACT_BROKEN, "did not recover")
    said = record(with_states(reported=1, held=90), first_told_ns=FAULT_NS + 1)
    assert verdict(said, HOPELESS, recovered=False) == (KEPT, "1 reported lost")
    unsaid = record(with_states(held=90))
    assert verdict(unsaid, HOPELESS, recovered=False) == (
        CONTRACT_BROKEN,
        "90 kept waiting",
    )
    lied = record(with_states(reported=1, silent=1), first_told_ns=FAULT_NS + 1)
    assert verdict(lied, HOPELESS, recovered=False)[0] == CONTRACT_BROKEN


def test_a_reported_refusal_that_the_contract_requires_keeps_it() -> None:
    refusing = replace(FAULT, refusals=1)
    assert verdict(record(with_states(reported=1)), refusing) == (KEPT, "")
    assert verdict(record(with_states(reported=2)), refusing)[1] == "1 reported lost"
    assert verdict(record(with_states(silent=1)), refusing)[0] == CONTRACT_BROKEN
    two = [with_states(reported=1), replace(with_states(reported=1), consumer="other.0")]
    assert verdict(record(*two), refusing) == (KEPT, ""), "each of two is owed it"


def test_an_application_is_informed_only_if_every_loss_is_reported() -> None:
    after = {"first_told_ns": FAULT_NS + 1}
    assert told(record(FINE), recovered=True) == "nothing to tell"
    assert told(record(FINE), recovered=False) == "no"
    assert told(record(with_states(silent=1)), recovered=True) == "no"
    assert told(record(with_states(reported=1), **after), recovered=True) == "yes"
    assert told(record(FINE, **after), recovered=False) == "yes"
    wrongly = record(FINE, beside={"recovered": 1}, **after)
    assert told(wrongly, recovered=True) == "wrongly"


@given(
    counts=st.fixed_dictionaries({name: st.integers(0, 40) for name in CLASSES[1:]}),
    recovered=st.booleans(),
)
def test_every_message_neither_delivered_nor_reported_is_a_breach(
    counts: dict[str, int], recovered: bool
) -> None:
    made = record(with_states(**counts))
    broken = not recovered or any(counts[name] for name in ("wrong", "silent", "held"))
    lossy = counts["reported"] or counts["died"]
    expected = CONTRACT_BROKEN if broken else REPORTED if lossy else KEPT
    assert verdict(made, recovered=recovered)[0] == expected
    assert made.attempted == sum(made.total(name) for name in CLASSES)


# -- real trials ---------------------------------------------------------------------------

KILLED, BUSY, FROZEN = "server_killed", "server_killed_busy", "server_frozen"
HUNG = "application_hung"
Trial = tuple[str, str]


class Outcome(NamedTuple):
    record: FailureRecord
    made: Measured

    def facts(self, *names: str) -> tuple[Any, ...]:
        return tuple(self.made.metadata[name] for name in names)


def of(cell_id: str, fault: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("trial", [(cell_id, fault)], ids=[f"{cell_id} {fault}"])


def case_of(trial: Trial) -> tuple[Case, Fault]:
    cell, fault = find_cell(trial[0], BROKEN), all_faults()[trial[1]]
    facts = ("tcp", fault.setup.size_bytes, fault.setup.instances, "free")
    return Case(cell, "recovery", *facts, fault=fault.name), fault


@pytest.fixture
def outcome(trial: Trial, tmp_path: Path) -> Outcome:
    case, fault = case_of(trial)
    found = run_undisturbed(case, fault, tmp_path)
    return Outcome(found, recovery.measure(case, fault, found))


@pytest.mark.thorough
@of("failing/never_reconnecting/request_reply.py", KILLED)
def test_a_client_that_never_reconnects_did_not_recover(outcome: Outcome) -> None:
    facts = outcome.facts("verdict", "told", "censored", "settled", "raised", "ended")
    assert facts == (CONTRACT_BROKEN, "no", 1, 0, 0, 0)
    assert Breach(BreachKind.NOT_RECOVERED) in read(str(outcome.made.metadata["against"]))
    assert outcome.facts("silent") == (2,), "the one question of each of two clients"
    assert outcome.record.total("held") > 100


@pytest.mark.thorough
@of("broken/careless/fan_out.py", FROZEN)
def test_every_hundredth_message_that_is_dropped_is_counted_and_no_other(
    outcome: Outcome,
) -> None:
    silent = CLASSES.index("silent")
    for line in outcome.record.lines:
        (dropped,) = np.nonzero(line.state == silent)
        first = int(dropped[0])
        assert dropped.tolist() == list(range(first % 100, len(line.state), 100))
        assert line.count("delivered") + len(dropped) == len(line.state)
    assert outcome.facts("verdict", "told", "settled") == (CONTRACT_BROKEN, "no", 1)


@pytest.mark.thorough
@of("failing/late_reply/request_reply.py", HUNG)
def test_stale_replies_are_wrong_answers_and_no_service(outcome: Outcome) -> None:
    """The client gave a request up, said so, and has been one reply behind ever since."""
    verdict, wrong, reported, settled = outcome.facts(
        "verdict", "wrong", "reported", "settled"
    )
    assert (verdict, settled) == (CONTRACT_BROKEN, 0)
    assert reported >= 2
    since = [line.intended_ns > outcome.record.healed_ns for line in outcome.record.lines]
    assert wrong >= sum(int(after.sum()) for after in since)


@of("broken/stale_reply/request_reply.py", KILLED)
def test_a_program_that_was_wrong_before_its_fault_cannot_recover(
    trial: Trial, tmp_path: Path
) -> None:
    with pytest.raises(TrialError, match="0 % of its messages in time before the fault"):
        run_failure(*case_of(trial), tmp_path, random.Random(7))


@pytest.mark.thorough
@of("broken/duplicated/fan_out.py", FROZEN)
def test_each_message_that_came_twice_is_counted_once_as_a_duplicate(
    outcome: Outcome,
) -> None:
    delivered, duplicated = outcome.facts("delivered", "duplicated")
    assert delivered == outcome.record.attempted
    # A message that is given while the trial ends is not attempted, and its copy counts.
    assert duplicated == pytest.approx(delivered, rel=0.05)
    assert outcome.facts("verdict", "reordered") == (CONTRACT_BROKEN, 0)


@pytest.mark.thorough
@of("failing/resending/request_reply.py", HUNG)
def test_a_repeated_request_that_is_executed_again_is_a_doubled_effect(
    outcome: Outcome,
) -> None:
    assert outcome.facts("verdict", "settled") == (CONTRACT_BROKEN, 1)
    assert outcome.record.executed_twice >= 2
    assert outcome.facts("delivered") == (outcome.record.attempted,)


@pytest.mark.thorough
@of("failing/wrongly_reporting/fan_out.py", FROZEN)
def test_a_reported_gap_that_is_filled_later_is_a_false_report(outcome: Outcome) -> None:
    recovered, delivered, told = outcome.facts("recovered", "delivered", "told")
    assert told == "wrongly"
    assert recovered >= 2
    assert recovered == outcome.record.total("reordered")
    assert delivered == outcome.record.attempted


@pytest.mark.thorough
@of("failing/wrongly_reporting/pipeline.py", FROZEN)
def test_a_delivered_task_that_was_reported_undeliverable_is_a_false_report(
    outcome: Outcome,
) -> None:
    facts = outcome.facts("verdict", "told", "reported", "settled")
    assert facts == (REPORTED, "wrongly", 0, 1)
    assert outcome.record.total("recovered") == outcome.record.attempted // 100


@pytest.mark.thorough
@of("failing/inventing/pipeline.py", FROZEN)
def test_a_message_never_sent_is_unexpected_at_the_handle_and_at_the_end(
    outcome: Outcome,
) -> None:
    assert outcome.facts("verdict") == (CONTRACT_BROKEN,)
    assert outcome.record.total("unexpected") >= 2
    assert outcome.record.total("unexpected") % 2 == 0
    assert outcome.facts("delivered") == (outcome.record.attempted,)


@of("raw_socket/minimal/request_reply.py", BUSY)
def test_a_client_that_raises_recovers_after_a_restart(outcome: Outcome) -> None:
    raised, reported, delivered = outcome.facts("raised", "reported", "delivered")
    assert outcome.facts("verdict", "told", "settled") == (REPORTED, "yes", 1)
    assert raised >= reported >= 2, "each of two clients had one request in hand"
    assert delivered + reported == outcome.record.attempted
