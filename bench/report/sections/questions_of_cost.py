"""The question what a program that survives failures costs, in statements and in speed."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.compared_rows import Comparison
from bench.measure.levels import LEVELS
from bench.report import ratio, sentences, words
from bench.report.model import Answer, Data

QUESTION = "What does surviving cost me?"
RESILIENT = "resilient"
NOT_TIMED = "Speed was not compared: no resilient program was timed in this run."
NOT_COMPARED = "Speed was not compared: resilient programs were timed, but beside no other."


def surviving(data: Data) -> Iterator[Answer]:
    """Yield what the highest level takes beyond the program that survives nothing.

    Speed has only what the run compared: a resilient program and another one of its stack.
    """
    said, times = [], list[float]()
    for workload in words.WORKLOADS:
        each = []
        for (name, stack), levels in data.cheapest.items():
            if name == workload and LEVELS[-1] in levels and LEVELS[0] in levels:
                most, least = (levels[k].statements for k in (LEVELS[-1], LEVELS[0]))
                times.append(most / least)
                each.append(
                    f"{data.stack(stack)} {most} instead of {least} "
                    f"({ratio.times([most / least], 2)})"
                )
        if each:
            said.append(f"{words.workload(workload).lower()} {', '.join(each)}")
    if not said:
        return
    pairs = [pair for pair in data.compared if _is_asked(pair)]
    code = f"{ratio.times(times, 2)} as many statements (programs in Python)"
    if pairs:
        slow = "; ".join(sentences.comparison(pair, data.stacks) for pair in pairs)
        short, speed = _speed(pairs), f"Speed: {slow}."
    else:
        timed = any(case.variant == RESILIENT for case in data.run.cases.values())
        speed = NOT_COMPARED if timed else NOT_TIMED
        short = "speed was not compared"
    text = (
        f"Statements of the smallest program at level {LEVELS[-1]} instead of the smallest "
        f"one that works while nothing fails: {'; '.join(said)}. {speed}"
    )
    yield Answer(QUESTION, f"{code}; {short}", text, "size")


def _is_asked(pair: Comparison) -> bool:
    """Say whether a pair is of a resilient program and another one of its stack."""
    variants = [pair.a.variant, pair.b.variant]
    return pair.a.stack == pair.b.stack and variants.count(RESILIENT) == 1


def _speed(pairs: list[Comparison]) -> str:
    """Return by how much the programs that survive nothing are faster, or are not."""
    slower = [
        pair.times.ratio if pair.a.variant == RESILIENT else 1 / pair.times.ratio
        for pair in pairs
        if pair.verdict in ratio.DECIDED
    ]
    if not slower:
        return "no difference in speed shown"
    if min(slower) > 1:
        return f"the minimal program is {ratio.times(slower)} faster"
    if max(slower) < 1:
        return f"the resilient program is {ratio.times(slower)} faster"
    return f"the resilient program is {ratio.either(slower)}"
