"""The talk's claims: every one is there, and its verdict follows from the numbers alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import plausible
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.language_cost import QUOTE
from bench.contract.model import PROJECT
from bench.errors import UsageError
from bench.report.pages import page
from bench.report.sections import claims
from bench.report.talk_claims import likes, verdicts
from bench.report.talk_claims.conditions import COUNTS, DIFFERENCE, MOST, SOME, Condition
from bench.report.talk_claims.evidence import (
    ABSENT,
    FAILS,
    HOLDS,
    OPEN,
    SPLIT,
    agreed,
    look,
    pairs,
)
from bench.report.talk_claims.experiments import measure, read_experiments
from bench.report.talk_claims.files import CHAPTERS, FOLDER, thresholds_digest
from bench.report.talk_claims.judge import Judged, TalkClaim, judge, read_claims
from bench.report.talk_claims.offers import Offer, read_offers
from bench.report.talk_claims.rules import DEPENDS, NOT_TESTED, REFUTED, RULES, UPHELD
from bench.surveys.experiments.all_experiments import all_experiments
from bench.surveys.experiments.experiment import FULL

LEDGER = read_claims()
SUBJECTS = {"C35", "C36", "C-embed", "C-nagle", "C-platforms", "C-sec", "C-tls"}
CATALOGUE = {f"C{number}" for number in range(1, 40)} - SUBJECTS
EXACT = {"confidence": 1.0, "unit": "statements", "verdict": None}


@pytest.fixture(scope="module")
def published() -> list[dict[str, Any]]:
    return json.loads((PROJECT / "reports" / "numbers.json").read_text())


def number(name: str, value: float | None, low: float, high: float, **more: Any) -> dict:
    return {**EXACT, "id": name, "value": value, "ci_low": low, "ci_high": high, **more}


def outcome(condition: Condition, *entries: dict[str, Any]) -> str:
    return look(condition, {entry["id"]: entry for entry in entries}).outcome


def verdict_of(judged: list[Judged], name: str) -> str:
    return next(one.verdict for one in judged if one.claim.id == name)


def test_every_claim_of_the_talk_is_there_once() -> None:
    ids = [claim.id for claim in LEDGER]
    assert set(ids) == CATALOGUE
    assert len(ids) == len(CATALOGUE)


@pytest.mark.parametrize("claim", LEDGER, ids=[claim.id for claim in LEDGER])
def test_a_part_without_numbers_names_the_missing_ones(
    claim: Any, published: list[dict[str, Any]]
) -> None:
    known = {entry["id"]: entry for entry in published}
    for condition in claim.conditions:
        found = [pair for one in condition.counted for pair in pairs(one, known)]
        assert found or condition.lacks, condition.says


def test_every_claim_with_data_gets_a_verdict(published: list[dict[str, Any]]) -> None:
    for one in judge(LEDGER, published):
        found = [finding.outcome for part in one.parts for finding in part.evidence]
        decided = {HOLDS, FAILS} & set(found)
        assert (one.verdict == NOT_TESTED) == (not decided), one.claim.id
        assert one.verdict != NOT_TESTED or one.lacking, one.claim.id


def test_a_claim_that_nothing_here_can_test_names_its_need_in_a_line() -> None:
    (one,) = judge([claim for claim in LEDGER if claim.id == "C17"], [])
    assert (one.verdict, one.parts) == (NOT_TESTED, ())
    assert one.reason == "it takes runs on other systems than Linux"


def test_without_numbers_nothing_is_tested() -> None:
    assert {one.verdict for one in judge(LEDGER, [])} == {NOT_TESTED}


def test_a_verdict_changes_with_its_number(published: list[dict[str, Any]]) -> None:
    """The pool of sockets: no longer upheld once ZeroMQ takes as many statements."""
    before = next(one for one in judge(LEDGER, published) if one.claim.id == "C14")
    assert FAILS not in {part.outcome for part in before.parts}
    names = {f"pipeline.size.{count}.zmq.minimal.python" for count in COUNTS}
    as_much = {"value": 9000, "ci_low": 9000, "ci_high": 9000}
    changed = [{**e, **as_much} if e["id"] in names else e for e in published]
    assert verdict_of(judge(LEDGER, changed), "C14") == REFUTED


def test_an_interval_that_contains_the_limit_leaves_a_claim_open() -> None:
    limit = Condition("it", ("a",), at_most=1)
    assert outcome(limit, number("a", 0.9, 0.8, 1.0)) == HOLDS
    assert outcome(limit, number("a", 0.9, 0.8, 1.1)) == OPEN
    assert outcome(limit, number("a", 1.2, 1.1, 1.3)) == FAILS
    least = Condition("it", ("a",), at_least=1)
    assert outcome(least, number("a", 0.9, 0.8, 1.1)) == OPEN
    assert outcome(least, number("a", 0.9, 0.8, 0.95)) == FAILS
    assert outcome(limit, number("b", 0.9, 0.8, 1.0)) == ABSENT


def test_too_few_blocks_leave_a_claim_open() -> None:
    few = number("a", 0.5, None, None, confidence=None)  # type: ignore[arg-type]
    assert outcome(Condition("it", ("a",), at_most=1), few) == OPEN


def test_one_trial_refutes_a_part_that_speaks_of_all() -> None:
    """Two of five trials lost a message, which a median would hide."""
    none = Condition("it", ("a",), at_most=0, worst=True)
    some = number("a", 0, 0, 2, unit="messages", confidence=0.9375, worst=2)
    part = look(none, {"a": some})
    assert part.outcome == FAILS
    assert part.evidence[0].shown == "2 messages in the worst trial"
    assert "in the worst trial" in none.threshold
    assert outcome(Condition("it", ("a",), at_most=0), some) == OPEN
    few = {**some, "confidence": None, "ci_low": None, "ci_high": None, "worst": 0}
    assert outcome(none, few) == HOLDS
    never = {**some, "worst": None}
    assert outcome(Condition("it", ("a",), at_most=9, worst=True), never) == FAILS
    assert outcome(none, {k: v for k, v in some.items() if k != "worst"}) == OPEN


def test_a_time_that_was_never_reached_is_longer_than_any() -> None:
    never = number("a", None, None, None, unit="s")  # type: ignore[arg-type]
    part = look(Condition("it", ("a",), at_most=60), {"a": never})
    assert part.outcome == FAILS
    assert part.evidence[0].shown == "never"


def test_an_undecided_comparison_is_open() -> None:
    asked = Condition("it", ("a",), verdicts=("faster",))
    for verdict, expected in (
        ("faster", HOLDS), ("slower", FAILS), ("equivalent", FAILS), ("inconclusive", OPEN),
    ):  # fmt: skip
        assert outcome(asked, number("a", 1, 1, 1, verdict=verdict)) == expected


def test_a_verdict_that_copies_put_in_doubt_is_open() -> None:
    asked = Condition("it", ("a",), verdicts=("faster",))
    for verdict in ("faster", "slower", "equivalent"):
        doubtful = {**number("a", 1, 1, 1, verdict=verdict), "stands": False}
        assert outcome(asked, doubtful) == OPEN


def test_a_comparison_without_a_verdict_leaves_a_claim_open() -> None:
    asked = Condition("it", ("a",), verdicts=("faster",))
    assert outcome(asked, number("a", 1, 1, 1, verdict=None)) == ABSENT


def test_numbers_are_paired_by_the_parts_that_stars_match() -> None:
    asked = Condition("it", ("{x,y}.size.zmq",), over=("*.size.http",), at_most=1)
    sizes = [
        number(f"{name}.size.{stack}", value, value, value)
        for name, stack, value in (
            ("x", "zmq", 3), ("x", "http", 6), ("y", "zmq", 8), ("y", "http", 4),
            ("z", "zmq", 9), ("z", "http", 1),
        )
    ]  # fmt: skip
    part = look(asked, {entry["id"]: entry for entry in sizes})
    assert [finding.shown for finding in part.evidence] == [
        "2.00x less (3 against 6 statements)", "2.00x (8 against 4 statements)",
    ]  # fmt: skip
    assert part.outcome == FAILS
    some = Condition("it", asked.numbers, over=asked.over, at_most=1, of=SOME)
    assert outcome(some, *sizes) == HOLDS
    fewer = Condition("it", asked.numbers, over=asked.over, by=DIFFERENCE, at_most=4)
    assert outcome(fewer, *sizes) == HOLDS


def test_most_is_more_than_half() -> None:
    asked = Condition("it", ("*",), at_most=1, of=MOST)
    good, bad = number("a", 1, 1, 1), number("b", 2, 2, 2)
    assert outcome(asked, good, bad) == FAILS
    assert outcome(asked, good, bad, number("c", 1, 1, 1)) == HOLDS


@given(
    st.sampled_from(sorted(RULES)),
    st.lists(st.sampled_from([HOLDS, FAILS, OPEN, ABSENT, SPLIT]), min_size=1),
    st.randoms(),
)
def test_every_rule_upholds_only_shown_parts_in_any_order(
    name: str, outcomes: list[str], random: Any
) -> None:
    found = RULES[name](outcomes)
    assert (found == UPHELD) == (set(outcomes) == {HOLDS})
    assert found != NOT_TESTED
    assert found != REFUTED or FAILS in outcomes
    shuffled = list(outcomes)
    random.shuffle(shuffled)
    assert RULES[name](shuffled) == found


def test_a_part_with_one_decided_number_is_tested_though_open() -> None:
    asked = Condition("it", ("x.*",), verdicts=("faster",))
    claim = TalkClaim("X", "q", "e", "c", "r", "part_by_part", (asked,), ())
    undecided = number("x.b", 1, 1, 1, verdict="inconclusive")
    faster = number("x.a", 1, 1, 1, verdict="faster")
    assert verdict_of(judge([claim], [undecided]), "X") == NOT_TESTED
    assert verdict_of(judge([claim], [undecided, faster]), "X") == DEPENDS


def test_the_rules_differ_where_a_part_fails() -> None:
    assert RULES["every_part"]([HOLDS, FAILS]) == REFUTED
    assert RULES["part_by_part"]([HOLDS, FAILS]) == DEPENDS
    assert RULES["part_by_part"]([FAILS, ABSENT]) == DEPENDS
    assert RULES["stricter"]([FAILS]) == DEPENDS
    assert {RULES[name]([SPLIT]) for name in RULES} == {DEPENDS}


OF_EVERY_PAGE = {
    "facts": "run", "machine": "host", "title": "Claims", "up": "", "palette": [],
    "pages": [], "here": "claims.html", "question": "",
}  # fmt: skip
GOOD = """
[[claims]]
id = "X"
quote = "q"
experiment = "e"
control = "c"
refuted_if = "r"
[[claims.conditions]]
says = "s"
numbers = "*.a"
at_most = 1
"""


@pytest.mark.parametrize(
    "wrong",
    [
        GOOD.replace("at_most = 1", ""),
        GOOD + "at_least = 2",
        GOOD + 'of = "few"',
        GOOD.replace("at_most = 1", "at_least = 1\nworst = true"),
        GOOD + 'worst = true\nover = "*.b"',
        GOOD + 'over = "*.*"',
        GOOD.replace('id = "X"', 'id = "X"\nrule = "by_eye"'),
        GOOD.replace('quote = "q"', ""),
        GOOD.replace('control = "c"', ""),
        GOOD.replace('control = "c"', 'control = " "'),
        GOOD.replace('"*.a"', '"x.size.statements.a"'),
        GOOD.replace('"*.a"', '"x.size.COUNT.a"') + 'over = "x.size.COUNT.b"',
        GOOD.replace('"*.a"', '"x.recovery.y.zmq.minimal.python"'),
        GOOD.replace('"*.a"', '"x.changed.zmq.minimal.c"'),
        GOOD + 'over = ["a", "b"]',
        GOOD.split("[[claims.conditions]]", maxsplit=1)[0],
        GOOD + GOOD,
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(wrong: str, tmp_path: Path) -> None:
    for name in CHAPTERS:
        (tmp_path / f"{name}.toml").write_text("claims = []")
    (tmp_path / "http.toml").write_text(GOOD)
    assert [claim.id for claim in read_claims(tmp_path)] == ["X"]
    (tmp_path / "http.toml").write_text(wrong)
    with pytest.raises(UsageError, match=str(tmp_path)):
        read_claims(tmp_path)


def test_a_threshold_set_after_its_data_is_marked_wherever_it_is_shown(
    tmp_path: Path,
) -> None:
    for name in CHAPTERS:
        (tmp_path / f"{name}.toml").write_text("claims = []")
    (tmp_path / "zeromq.toml").write_text(GOOD + 'after_seeing = "a run of May"')
    judged = judge(read_claims(tmp_path), [number("x.a", 1, 1, 1)])
    said = "every number at most 1; set after seeing a run of May"
    assert claims.section(judged, {}).tables[1].rows[0][2] == said
    parts = {**OF_EVERY_PAGE, **claims.page_parts(judged, {})}
    assert f"<td>{said}</td>" in page.plain("claims.html", parts)
    before = Condition("it", ("a",), at_most=1)
    assert before.threshold == "every number at most 1"
    assert Condition("it", ("a",), verdicts=("kept",), of=SOME).threshold == (
        "one verdict or more kept"
    )
    most = Condition("it", ("a",), over=("b",), at_least=1.05, of=MOST)
    assert most.threshold == "more than half of the ratios at least 1.05x"


@pytest.mark.parametrize(("taken", "expected"), [(60, FAILS), (62, FAILS), (80, HOLDS)])
def test_http_takes_as_much_code_as_zeromq_only_if_it_takes_no_more(
    taken: int, expected: str
) -> None:
    c20 = next(claim for claim in LEDGER if claim.id == "C20")
    sizes = [
        number(f"embedding.size.{count}.{stack}.c", value, value, value)
        for count in COUNTS
        for stack, value in (("http", taken), ("zmq", 61))
    ]
    assert outcome(c20.conditions[1], *sizes) == expected


def test_http_differs_more_than_zeromq_on_the_same_questions_only_if_it_differs() -> None:
    c20 = next(claim for claim in LEDGER if claim.id == "C20")
    name = "embedding.differing_in_common."
    for differing, expected in ((0, FAILS), (1, HOLDS)):
        http = number(f"{name}http", differing, differing, differing)
        zmq = number(f"{name}zmq", 0, 0, 0)
        assert outcome(c20.conditions[2], http, zmq) == expected


def test_a_run_shows_if_the_thresholds_existed_before_it(tmp_path: Path) -> None:
    assert "declared when this run began" in claims.declared(
        {"ledger": thresholds_digest()}
    )
    assert "changed after this run began" in claims.declared({"ledger": "other"})
    assert "before there were thresholds" in claims.declared({})
    for name in CHAPTERS:
        (tmp_path / f"{name}.toml").write_bytes((FOLDER / f"{name}.toml").read_bytes())
    assert thresholds_digest(tmp_path) == thresholds_digest()
    (tmp_path / "zeromq.toml").write_text(GOOD)
    assert thresholds_digest(tmp_path) != thresholds_digest()


def test_every_part_names_the_value_that_would_change_its_verdict(
    published: list[dict[str, Any]],
) -> None:
    for one in judge(LEDGER, published):
        assert len(claims.changes(one)) > len("."), one.claim.id
        for part in one.parts:
            said = claims.turns(part)
            assert re.match(r"Measured: .*\. (Would be|Needs|Holds in) |Needs ", said)
            assert not re.search(r"when (one|all) (is|are)|the nearest is", said)


def test_the_limit_that_would_change_a_verdict_has_its_unit_and_the_measured_value() -> (
    None
):
    asked = Condition("it", ("*",), at_most=1)
    sizes = {n: number(n, v, v, v) for n, v in (("a", 0.2), ("b", 0.9), ("c", 0.5))}
    assert claims.turns(look(asked, sizes)) == (
        "Measured: 0.200 to 0.900 statements. Would be refuted by one value above "
        "1 statement"
    )
    least = Condition("it", ("*",), at_least=0.4, of=MOST)
    assert claims.turns(look(least, sizes)).endswith(
        "Would be refuted by one value below 0.4 statements"
    )
    all_of_them = Condition("it", ("*",), at_least=2)
    assert claims.turns(look(all_of_them, sizes)).endswith(
        "Would be upheld by 3 values of at least 2 statements"
    )
    faults = {
        n: number(n, 1, 1, 1, verdict=v)
        for n, v in (("a", "broken"), ("b", "kept"), ("c", "broken"))
    }
    kept = Condition("it", ("*",), verdicts=("kept", "reported"))
    assert claims.turns(look(kept, faults)) == (
        "Measured: 2 broken, 1 kept. Would be upheld by 2 more faults with the outcome "
        "kept or reported"
    )


def test_shares_are_in_per_cent_and_a_unit_is_written_once() -> None:
    shares = {n: number(n, v, v, v, unit="of the trials") for n, v in (("a", 0), ("b", 1))}
    most = look(Condition("it", ("*",), at_least=1, of=MOST), shares)
    assert claims.turns(most) == (
        "Measured: 0 % to 100 % of the trials. Would be upheld by one more value of at "
        "least 100 % of the trials"
    )
    more = Condition("it", ("b",), over=("a",), by=DIFFERENCE, at_least=0.5)
    assert claims.turns(look(more, shares)) == (
        "Measured: +100 % of the trials. Would be refuted by one difference below +50 % "
        "of the trials"
    )


def sizes_of(**counts: tuple[int, int]) -> dict[str, dict[str, Any]]:
    """Return sizes of a program a and a program b, by count."""
    units = {"statements": "statements", "tokens": "tokens", "gzip": "bytes"}
    made = [
        number(f"x.size.{count}.{name}", size, size, size, unit=units[count])
        for count, pair in counts.items()
        for name, size in zip("ab", pair, strict=True)
    ]
    return {entry["id"]: entry for entry in made}


def test_three_counts_of_code_have_to_agree() -> None:
    names = ("x.size.COUNT.a",)
    asked = Condition("it", names, over=("x.size.COUNT.b",), at_least=1.05)
    bigger, same = (30, 20), (20, 20)
    agree = look(asked, sizes_of(statements=bigger, tokens=bigger, gzip=bigger))
    assert agree.outcome == HOLDS
    assert claims.turns(agree) == (
        "Measured: 1.50x in statements, 1.50x in tokens, 1.50x in gzip bytes. Would be "
        "refuted by one ratio below 1.05x in all three counts"
    )
    fail = look(asked, sizes_of(statements=same, tokens=same, gzip=same))
    assert fail.outcome == FAILS
    assert claims.turns(fail).endswith(
        "Would be upheld by one ratio of at least 1.05x in all three counts"
    )
    split = look(asked, sizes_of(statements=bigger, tokens=same, gzip=bigger))
    assert split.outcome == SPLIT
    assert claims.turns(split).endswith(
        "Holds in statements and gzip bytes, and fails in tokens"
    )
    claim = TalkClaim("X", "q", "e", "c", "r", "every_part", (asked,), ())
    entries = list(sizes_of(statements=bigger, tokens=same, gzip=bigger).values())
    (judged,) = judge([claim], entries)
    assert (judged.verdict, judged.reason) == (
        DEPENDS, "the three counts of its code disagree",
    )  # fmt: skip
    assert look(asked, sizes_of(statements=bigger, tokens=bigger)).outcome == OPEN


def test_sizes_that_differ_by_less_than_their_margin_are_the_same() -> None:
    (resilient,) = [
        condition
        for condition in next(c for c in LEDGER if c.id == "C34").conditions
        if condition.over
    ]
    for taken, expected in ((113, HOLDS), (117, FAILS)):
        sizes = [
            number(f"x.size.{count}.{stack}.resilient.python", size, size, size)
            for count in COUNTS
            for stack, size in (("zmq", taken), ("http", 111))
        ]
        assert outcome(resilient, *sizes) == expected


def test_programs_of_unlike_promise_are_not_compared() -> None:
    asked = Condition("it", ("a",), over=("b",), at_least=1.05)
    lossy = {**number("a", 30, 30, 30), "cells": ["zmq/minimal/fan_out.py"]}
    lossless = {**number("b", 20, 20, 20), "cells": ["raw_socket/minimal/fan_out.py"]}
    assert outcome(asked, lossy, lossless) == ABSENT
    like = {**lossy, "cells": ["zmq/lossless/fan_out.py"]}
    assert outcome(asked, like, lossless) == HOLDS


def test_a_ratio_to_a_time_that_was_never_reached_fails_and_a_ratio_of_two_is_open() -> (
    None
):
    asked = Condition("it", ("a",), over=("b",), at_least=1.05)
    never = number("b", None, None, None, unit="s")  # type: ignore[arg-type]
    soon = number("a", 0.7, 0.6, 0.8, unit="s")
    assert outcome(asked, soon, never) == FAILS
    assert outcome(asked, {**never, "id": "a"}, never) == OPEN
    assert outcome(asked, {**never, "id": "a"}, {**soon, "id": "b"}) == HOLDS


@pytest.mark.parametrize(
    ("claim", "condition"),
    [(claim.id, condition) for claim in LEDGER for condition in claim.conditions],
    ids=[f"{c.id}.{n}" for c in LEDGER for n, _ in enumerate(c.conditions)],
)
def test_every_condition_can_hold_and_can_fail(claim: str, condition: Condition) -> None:
    assert {HOLDS, FAILS} <= plausible.outcomes(condition), (claim, condition.says)


@pytest.mark.parametrize(
    "condition",
    [
        Condition("it", ("*.recovery.middle_killed.*.proxied.python",), at_least=0.1),
        Condition("it", ("pipeline.throughput_lost.*.zmq.minimal.python",), at_most=0),
        Condition("it", ("fan_out.tcp_to_ipc.changed.zmq.minimal.python",), at_most=0),
        Condition("it", ("*.size.tokens.zmq.minimal.python",), at_least=1),
        Condition("it", ("languages.zmq.share",), at_least=1.5),
        Condition("it", ("x.recovery.garbage.a",), verdicts=("kept", "reported", "broken")),
    ],
)
def test_a_condition_with_only_one_possible_outcome_is_found(condition: Condition) -> None:
    assert not {HOLDS, FAILS} <= plausible.outcomes(condition)


def test_a_condition_on_an_experiment_names_the_command_that_makes_it() -> None:
    known = all_experiments()
    for claim in LEDGER:
        for condition in claim.conditions:
            for numbers in condition.numbers:
                if made := known.get(numbers.partition(".")[0]):
                    more = " --profile full" if made.profile == FULL else ""
                    command = f"`nomiddle experiments{more}`"
                    assert condition.lacks == command, condition.says


def test_standard_decides_every_claim_but_the_one_on_platforms() -> None:
    """A run of `standard`, with its experiments and topologies, leaves none untested."""
    only_full = re.compile("PROFILE=full|--profile full")
    untested = {
        claim.id
        for claim in LEDGER
        if all(only_full.search(condition.lacks) for condition in claim.conditions)
    }
    assert untested == {"C17"}


def test_a_condition_on_losses_of_a_lossy_program_can_hold_and_can_fail() -> None:
    lossy = "fan_out.throughput_lost.*.zmq.minimal.python"
    assert plausible.outcomes(Condition("it", (lossy,), at_most=0)) == {HOLDS, FAILS}


def test_claims_about_stacks_include_programs_in_c() -> None:
    """Sizes and round trips exist in C too: no claim on them looks at Python alone."""
    (round_trips, _) = next(c for c in LEDGER if c.id == "C6").conditions
    http = number("request_reply.latency.64B.tcp.1_clients.split.zmq.minimal.c.vs."
                  "http.minimal.c", 1.13, 1.1, 1.18, verdict="slower")  # fmt: skip
    assert outcome(round_trips, http) == FAILS
    for claim in LEDGER:
        for condition in claim.conditions:
            named = [wanted for wanted in condition.numbers if ".minimal." in wanted]
            sizes = [wanted for wanted in named if ".size." in wanted]
            assert not sizes or any(
                wanted.endswith(("{python,c}", ".c")) for wanted in sizes
            ), claim.id


def test_a_control_is_no_fault_unless_a_claim_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(likes, "controls", lambda: frozenset({"nothing"}))
    broken = number("x.recovery.garbage.a", 1, 1, 1, verdict="broken")
    kept = number("x.recovery.nothing.a", 1, 1, 1, verdict="kept")
    every = Condition("it", ("*.recovery.*.a",), verdicts=("kept",), of=SOME)
    assert outcome(every, broken, kept) == FAILS
    named = Condition(
        "it", ("*.recovery.{nothing,garbage}.a",), verdicts=("kept",), of=SOME
    )
    assert outcome(named, broken, kept) == HOLDS


@given(st.lists(st.sampled_from([HOLDS, FAILS, OPEN, ABSENT]), min_size=3, max_size=3))
def test_three_counts_decide_only_if_they_agree(outcomes: list[str]) -> None:
    found = agreed(outcomes)
    assert (found in (HOLDS, FAILS, ABSENT)) == (len(set(outcomes)) == 1 and found != OPEN)
    assert (found == SPLIT) == (set(outcomes) == {HOLDS, FAILS})


SENTENCES = [
    line
    for line in (FOLDER / "talk.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def is_quoted(text: str) -> bool:
    return any(text in sentence for sentence in SENTENCES)


@pytest.mark.parametrize("claim", LEDGER, ids=[claim.id for claim in LEDGER])
def test_a_quote_is_in_the_transcript_of_the_talk(claim: Any) -> None:
    assert is_quoted(claim.quote)


def stretches(text: str) -> set[tuple[str, ...]]:
    """Return all sevens of words that follow each other."""
    words = [word.lower() for word in re.findall(r"\w+", text)]
    return {tuple(words[n : n + 7]) for n in range(len(words) - 6)}


def misquotes(text: str) -> list[str]:
    """Return what stands in quotation marks, is nearly the talk's, and is not."""
    said = set().union(*map(stretches, SENTENCES))
    quoted = re.findall(r'"([^"]{20,300})"', re.sub(r"\s+", " ", text))
    return [quote for quote in quoted if stretches(quote) & said and not is_quoted(quote)]


def test_no_file_misquotes_the_talk() -> None:
    wrong = QUOTE.replace("error code checking", "error checking")
    assert misquotes(f'He says: "{wrong}"') == [wrong]
    assert misquotes(f'He says: "{QUOTE}"') == []
    folders = (PROJECT / name for name in ("bench", "docs", "talk", "implementations"))
    files = [*PROJECT.glob("*.md"), *(path for it in folders for path in it.rglob("*"))]
    found = {
        str(path.relative_to(PROJECT)): misquotes(path.read_text())
        for path in files
        if path.suffix in (".py", ".c", ".md", ".toml", ".html")
        and "node_modules" not in path.parts
    }
    assert {name: quotes for name, quotes in found.items() if quotes} == {}


def test_subjects_that_are_no_claims_are_experiments_without_verdicts() -> None:
    experiments = read_experiments()
    assert {one.id for one in experiments} == SUBJECTS
    assert all((one.planned or one.numbers) and one.control for one in experiments)
    seen = number("fan_out.recovery.garbage.zmq.minimal.python", 1, 1, 1, verdict="broken")
    found = {one.experiment.id: one.found for one in measure(experiments, [seen])}
    assert found["C-sec"] == ((seen["id"], "broken"),)
    assert found["C36"] == ()
    rows = claims.section([], {}, measure(experiments, [seen])).tables[-1].rows
    assert f"broken [{seen['id']}]" in rows[-1]


@pytest.mark.parametrize("text", ["", "experiments = 3", '[[experiments]]\nid = "X"'])
def test_a_file_of_experiments_that_cannot_be_read_is_named(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "experiments.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=str(path)):
        read_experiments(path)


def test_the_page_has_every_claim_and_loads_nothing_from_other_places(
    published: list[dict[str, Any]],
) -> None:
    judged = judge(LEDGER, published)
    subjects = measure(read_experiments(), published)
    shared = claims.page_parts(judged, {}, subjects)
    made = page.plain("claims.html", {**OF_EVERY_PAGE, **shared})
    assert set(re.findall(r'<article id="([^"]+)"', made)) == CATALOGUE | SUBJECTS
    assert made.count("Control: ") == len(CATALOGUE | SUBJECTS)
    assert set(re.findall(r'href="#([^"]+)"', made)) == CATALOGUE
    assert not re.search(r"(https?:)?//[a-z]", made)
    known = {entry["id"] for entry in published}
    shown = re.findall(r"<code>([^< ]+)</code>", made)
    assert shown
    assert set(shown) <= known


def test_claims_json_has_each_claim_with_the_numbers_that_decided_on_it(
    published: list[dict[str, Any]],
) -> None:
    judged = judge(LEDGER, published)
    kept = json.loads(verdicts.text(judged))
    assert {one["id"] for one in kept} == CATALOGUE
    known = {entry["id"] for entry in published}
    for claim, one in zip(judged, kept, strict=True):
        assert (one["quote"], one["verdict"]) == (claim.claim.quote, claim.verdict)
        assert one["reason"].endswith(".")
        assert one["parts"] or one["missing"]
        for part in one["parts"]:
            assert set(part["numbers"]) <= known
            assert bool(part["numbers"]) == (part["outcome"] != ABSENT)


@pytest.mark.parametrize("offer", read_offers(), ids=lambda offer: offer.claim)
def test_an_offer_is_for_words_of_its_claim_and_rests_on_its_parts(offer: Offer) -> None:
    (claim,) = (claim for claim in LEDGER if claim.id == offer.claim)
    assert offer.instead_of in claim.quote
    says = {condition.says for condition in claim.conditions}
    assert {*offer.holds, *offer.fails} <= says
    assert offer.fails
    assert not re.search(r"\d", offer.says)


FILTERED, BUSY = (
    "routing.bytes.other_topic",
    "pipeline.recovery.worker_slow.zmq.minimal.python",
)
"""The numbers of the parts that the offer for C30 rests on."""


def topics(sent: float, verdict: str | None) -> list[Judged]:
    """Return C30 with these bytes for a topic nobody wants, and a slow worker's verdict."""
    entries = [number(FILTERED, sent, sent, sent)]
    if verdict:
        entries.append(number(BUSY, None, 0, 0, verdict=verdict))
    return judge([claim for claim in LEDGER if claim.id == "C30"], entries)


@pytest.mark.parametrize(
    ("sent", "verdict", "stands"),
    [
        (0, "broken", True),
        (0, "kept", False),
        (0, None, False),
        (64, "broken", False),
    ],
)
def test_other_words_are_offered_only_while_the_parts_they_rest_on_turn_out_so(
    sent: float, verdict: str | None, stands: bool
) -> None:
    (offer,) = (offer for offer in read_offers() if offer.claim == "C30")
    judged = topics(sent, verdict)
    (kept,) = verdicts.entries(judged)
    words = (offer.instead_of, offer.says) if stands else ("", "")
    assert (kept["instead_of"], kept["offered"]) == words
    shared = claims.page_parts(judged, {}, [])
    made = page.plain("claims.html", {**OF_EVERY_PAGE, **shared})
    assert (offer.says in made) == stands


@pytest.mark.parametrize("text", ["", "offers = 3", '[[offers]]\nclaim = "C30"'])
def test_a_file_of_offers_that_cannot_be_read_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "offers.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=str(path)):
        read_offers(path)
