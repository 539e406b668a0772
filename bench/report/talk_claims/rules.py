"""How the parts of a claim make its verdict: one function each, named in the claim.

A rule is asked where a number decided anything; otherwise the claim is not tested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.report.talk_claims.evidence import ABSENT, FAILS, HOLDS, SPLIT

UPHELD, REFUTED, DEPENDS, NOT_TESTED = "upheld", "refuted", "depends", "not tested here"
VERDICTS = (UPHELD, REFUTED, DEPENDS, NOT_TESTED)
Rule = Callable[[Sequence[str]], str]


def every_part(outcomes: Sequence[str]) -> str:
    """For a claim that says it of all cases: one part that fails refutes it."""
    if FAILS in outcomes:
        return REFUTED
    return UPHELD if set(outcomes) == {HOLDS} else DEPENDS


def part_by_part(outcomes: Sequence[str]) -> str:
    """For a claim whose parts are independent: the verdict depends on the part that a
    listener needs.

    A part that was not measured keeps it from being upheld, and from being refuted.
    """
    found = set(outcomes)
    return UPHELD if found == {HOLDS} else REFUTED if found == {FAILS} else DEPENDS


def stricter(outcomes: Sequence[str]) -> str:
    """For a claim that says less than its parts ask for: none of them refutes it."""
    return UPHELD if set(outcomes) == {HOLDS} else DEPENDS


RULES: dict[str, Rule] = {
    rule.__name__: rule for rule in (every_part, part_by_part, stricter)
}


def reason(outcomes: Sequence[str]) -> str:
    """Return the parts counted: "2 of 3 parts hold, 1 fails". There is one at least."""
    if set(outcomes) == {ABSENT}:
        return "this run did not measure it"
    held, failed = outcomes.count(HOLDS), outcomes.count(FAILS)
    absent = outcomes.count(ABSENT)
    split = outcomes.count(SPLIT)
    unsure = len(outcomes) - held - failed - absent - split
    said = [f"{held} of {len(outcomes)} parts hold" if len(outcomes) > 1 else ""]
    if len(outcomes) == 1 and held:
        said = ["its one part holds"]
    said += [f"{failed} {'fails' if failed == 1 else 'fail'}"] if failed else []
    if split == len(outcomes) == 1:
        return "the three counts of its code disagree"
    said += [f"{split} with counts of code that disagree"] if split else []
    said += [f"{unsure} cannot be told from this run"] if unsure else []
    said += [f"{absent} not measured"] if absent else []
    return ", ".join(part for part in said if part)
