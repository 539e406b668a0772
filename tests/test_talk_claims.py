"""The talk's claims: every one is there, and its verdict follows from the numbers alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.claims.evidence import (
    ABSENT,
    DIFFERENCE,
    FAILS,
    HOLDS,
    MOST,
    OPEN,
    SOME,
    Condition,
    look,
    pairs,
)
from bench.claims.files import CHAPTERS, FOLDER, ledger_digest
from bench.claims.rules import DEPENDS, NOT_TESTED, REFUTED, RULES, UPHELD
from bench.claims.talk import Judged, TalkClaim, judge, read_ledger
from bench.contract import PROJECT
from bench.errors import UsageError
from bench.report import claims, page

LEDGER = read_ledger()
CATALOGUE = {*(f"C{number}" for number in range(1, 40)), "C-nagle", "C-sec"}
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
def test_a_part_without_numbers_says_what_it_lacks(
    claim: Any, published: list[dict[str, Any]]
) -> None:
    known = {entry["id"]: entry for entry in published}
    for condition in claim.conditions:
        assert list(pairs(condition, known)) or condition.lacks, condition.says


def test_what_the_run_has_data_for_gets_a_verdict(published: list[dict[str, Any]]) -> None:
    for one in judge(LEDGER, published):
        found = [finding.outcome for part in one.parts for finding in part.findings]
        decided = {HOLDS, FAILS} & set(found)
        assert (one.verdict == NOT_TESTED) == (not decided), one.claim.id
        assert one.verdict != NOT_TESTED or one.lacking, one.claim.id


def test_without_numbers_nothing_is_tested() -> None:
    assert {one.verdict for one in judge(LEDGER, [])} == {NOT_TESTED}


def test_a_verdict_turns_with_its_number(published: list[dict[str, Any]]) -> None:
    """The pool of sockets: no longer upheld once ZeroMQ takes as many statements."""
    assert verdict_of(judge(LEDGER, published), "C14") == UPHELD
    for entry in published:
        if entry["id"] == "pipeline.size.statements.zmq.minimal.python":
            changed = {**entry, "value": 92, "ci_low": 92, "ci_high": 92}
    others = [entry for entry in published if entry["id"] != changed["id"]]
    assert verdict_of(judge(LEDGER, [*others, changed]), "C14") == REFUTED


def test_an_interval_that_contains_the_limit_decides_nothing() -> None:
    limit = Condition("it", ("a",), at_most=1)
    assert outcome(limit, number("a", 0.9, 0.8, 1.0)) == HOLDS
    assert outcome(limit, number("a", 0.9, 0.8, 1.1)) == OPEN
    assert outcome(limit, number("a", 1.2, 1.1, 1.3)) == FAILS
    least = Condition("it", ("a",), at_least=1)
    assert outcome(least, number("a", 0.9, 0.8, 1.1)) == OPEN
    assert outcome(least, number("a", 0.9, 0.8, 0.95)) == FAILS
    assert outcome(limit, number("b", 0.9, 0.8, 1.0)) == ABSENT


def test_too_few_blocks_decide_nothing() -> None:
    few = number("a", 0.5, None, None, confidence=None)  # type: ignore[arg-type]
    assert outcome(Condition("it", ("a",), at_most=1), few) == OPEN


def test_a_time_that_was_never_reached_is_longer_than_any() -> None:
    never = number("a", None, None, None, unit="s")  # type: ignore[arg-type]
    part = look(Condition("it", ("a",), at_most=60), {"a": never})
    assert part.outcome == FAILS
    assert part.findings[0].shown == "never"


def test_an_undecided_comparison_is_open() -> None:
    asked = Condition("it", ("a",), verdicts=("faster",))
    for verdict, expected in (
        ("faster", HOLDS), ("slower", FAILS), ("equivalent", FAILS), ("inconclusive", OPEN),
    ):  # fmt: skip
        assert outcome(asked, number("a", 1, 1, 1, verdict=verdict)) == expected


def test_numbers_are_paired_by_what_their_stars_match() -> None:
    asked = Condition("it", ("{x,y}.size.zmq",), over="*.size.http", at_most=1)
    sizes = [
        number(f"{name}.size.{stack}", value, value, value)
        for name, stack, value in (
            ("x", "zmq", 3), ("x", "http", 6), ("y", "zmq", 8), ("y", "http", 4),
            ("z", "zmq", 9), ("z", "http", 1),
        )
    ]  # fmt: skip
    part = look(asked, {entry["id"]: entry for entry in sizes})
    assert [finding.shown for finding in part.findings] == [
        "0.500 (3 over 6 statements)", "2 (8 over 4 statements)",
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
    st.lists(st.sampled_from([HOLDS, FAILS, OPEN, ABSENT]), min_size=1),
    st.randoms(),
)
def test_no_rule_upholds_what_was_not_shown_nor_minds_the_order(
    name: str, outcomes: list[str], random: Any
) -> None:
    found = RULES[name](outcomes)
    assert (found == UPHELD) == (set(outcomes) == {HOLDS})
    assert found != NOT_TESTED
    assert found != REFUTED or FAILS in outcomes
    shuffled = list(outcomes)
    random.shuffle(shuffled)
    assert RULES[name](shuffled) == found


def test_one_number_that_decides_makes_a_test_of_a_part_that_stays_open() -> None:
    asked = Condition("it", ("x.*",), verdicts=("faster",))
    claim = TalkClaim("X", "q", "e", "r", "part_by_part", (asked,), ())
    undecided = number("x.b", 1, 1, 1, verdict="inconclusive")
    faster = number("x.a", 1, 1, 1, verdict="faster")
    assert verdict_of(judge([claim], [undecided]), "X") == NOT_TESTED
    assert verdict_of(judge([claim], [undecided, faster]), "X") == DEPENDS


def test_the_rules_differ_where_a_part_fails() -> None:
    assert RULES["every_part"]([HOLDS, FAILS]) == REFUTED
    assert RULES["part_by_part"]([HOLDS, FAILS]) == DEPENDS
    assert RULES["part_by_part"]([FAILS, ABSENT]) == DEPENDS


GOOD = """
[[claims]]
id = "X"
quote = "q"
experiment = "e"
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
        GOOD + 'over = "*.*"',
        GOOD.replace('id = "X"', 'id = "X"\nrule = "by_eye"'),
        GOOD.replace('quote = "q"', ""),
        GOOD.split("[[claims.conditions]]", maxsplit=1)[0],
        GOOD + GOOD,
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(wrong: str, tmp_path: Path) -> None:
    for name in CHAPTERS:
        (tmp_path / f"{name}.toml").write_text("claims = []")
    (tmp_path / "http.toml").write_text(GOOD)
    assert [claim.id for claim in read_ledger(tmp_path)] == ["X"]
    (tmp_path / "http.toml").write_text(wrong)
    with pytest.raises(UsageError, match=str(tmp_path)):
        read_ledger(tmp_path)


def test_a_threshold_that_was_set_after_its_data_says_so_wherever_it_stands(
    tmp_path: Path,
) -> None:
    for name in CHAPTERS:
        (tmp_path / f"{name}.toml").write_text("claims = []")
    (tmp_path / "hard.toml").write_text(GOOD + 'after_seeing = "a run of May"')
    judged = judge(read_ledger(tmp_path), [number("x.a", 1, 1, 1)])
    said = "at most 1 in every; set after seeing a run of May"
    assert claims.section(judged, {}).tables[1].rows[0][2] == said
    parts = {"facts": "run", "machine": "host", **claims.page_parts(judged, {})}
    assert f"<td>{said}</td>" in page.plain("claims.html", parts)
    before = Condition("it", ("a",), at_most=1)
    assert before.threshold == "at most 1 in every"


def test_as_many_statements_as_a_zeromq_socket_are_no_more_than_it_takes() -> None:
    c20 = next(claim for claim in LEDGER if claim.id == "C20")
    more = c20.conditions[1]
    http, zmq = "embedding.size.statements.http.c", "embedding.size.statements.zmq.c"
    for taken, expected in ((60, FAILS), (61, FAILS), (62, HOLDS)):
        sizes = [number(http, taken, taken, taken), number(zmq, 61, 61, 61)]
        assert outcome(more, *sizes) == expected


def test_zeromq_may_differ_in_nothing_and_is_compared_with_all_the_same() -> None:
    c20 = next(claim for claim in LEDGER if claim.id == "C20")
    alike = c20.conditions[2]
    for differing, expected in ((0, FAILS), (1, HOLDS)):
        http = number("embedding.differing.http", differing, differing, differing)
        assert outcome(alike, http, number("embedding.differing.zmq", 0, 0, 0)) == expected


def test_a_run_says_whether_the_thresholds_were_there_before_it(tmp_path: Path) -> None:
    assert "declared when this run began" in claims.declared({"ledger": ledger_digest()})
    assert "changed since" in claims.declared({"ledger": "other"})
    assert "before there were thresholds" in claims.declared({})
    for name in CHAPTERS:
        (tmp_path / f"{name}.toml").write_bytes((FOLDER / f"{name}.toml").read_bytes())
    assert ledger_digest(tmp_path) == ledger_digest()
    (tmp_path / "hard.toml").write_text(GOOD)
    assert ledger_digest(tmp_path) != ledger_digest()


def test_what_would_change_a_verdict_is_said_of_each(
    published: list[dict[str, Any]],
) -> None:
    for one in judge(LEDGER, published):
        assert len(claims.changes(one)) > len("."), one.claim.id
        for part in one.parts:
            assert re.match(r"(fails|holds) when |needs ", claims.turns(part))


def test_what_turns_a_part_is_the_number_that_is_nearest_to_its_limit() -> None:
    asked = Condition("it", ("*",), at_most=1)
    sizes = {n: number(n, v, v, v) for n, v in (("a", 0.2), ("b", 0.9), ("c", 0.5))}
    said = claims.turns(look(asked, sizes))
    assert said == "fails when one is above 1; the nearest is 0.900 statements"


def test_the_page_has_every_claim_and_needs_nothing_else(
    published: list[dict[str, Any]],
) -> None:
    judged = judge(LEDGER, published)
    parts = {"facts": "run", "machine": "host", **claims.page_parts(judged, {})}
    made = page.plain("claims.html", parts)
    assert set(re.findall(r'<article id="([^"]+)"', made)) == CATALOGUE
    assert set(re.findall(r'href="#([^"]+)"', made)) == CATALOGUE
    assert not re.search(r"(https?:)?//[a-z]", made)
    known = {entry["id"] for entry in published}
    shown = re.findall(r"<code>([^<]+)</code>", made)
    assert shown
    assert set(shown) <= known
