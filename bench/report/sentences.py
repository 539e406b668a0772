"""Plain English for one number: the same words in the report and in citations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.analysis.code_rows import Size
from bench.analysis.compared_rows import Apart, Comparison, Copy, Ratio
from bench.analysis.estimates import FROM_GIVEN, headline_measure
from bench.analysis.growth import MARGINAL, Growth
from bench.analysis.ranking import Race, Rival
from bench.analysis.rows import Estimate
from bench.analysis.stats import MARGIN, Verdict
from bench.contract.alike import adjectives
from bench.contract.rows import CaseRow
from bench.report import ratio, words

SHORT = {**words.ONE_WORD, Verdict.EQUIVALENT: "equivalent (within 5 %)"}
VERDICTS = {**SHORT, Verdict.INCONCLUSIVE: "undecided: the data cannot tell"}
NAMED_MAX = 2
"""How many pairs of copies a sentence names."""
PERCENTILE_NAMES = {"p999": "p99.9"}
OF_ROLES = {
    "cpu": "CPU time",
    "memory": "peak memory",
    "resident": "memory for each connection",
    "rest": "CPU time at rest",
    "woken": "wake-ups at rest",
    "paced": "CPU time at 10 messages a second",
    "stirred": "wake-ups at 10 messages a second",
    "wakes": "wake-ups",
}
SIZE_NAMES = {"statements": "statements", "tokens": "tokens", "gzip_bytes": "gzip bytes"}


def subject(row: CaseRow, stacks: Mapping[str, Any]) -> str:
    """Return "ZeroMQ (minimal) request/reply round trip, 64 B over tcp, ..."."""
    promise = adjectives(row)
    mode = f", {promise}" if promise else ""
    name = f"{words.cell(row, stacks)} {words.workload(row.workload).lower()}{mode}"
    return f"{name} {words.quantity(row)}, {words.case(row)}"


def _unit(row: Estimate) -> tuple[float, str]:
    """Return the factor and unit in which a measure is spoken: ms for long times."""
    if row.unit == "us" and row.value >= words.LARGE_FROM:
        return 1e-3, "ms"
    return 1.0, row.unit


def with_interval(row: Estimate, factor: float = 1.0) -> str:
    """Return "95.1 % interval 20.9 to 21.8; 10 blocks" in the unit of the number."""
    value, low, high = (end * factor for end in (row.value, row.low, row.high))
    return words.interval(value, low, high, row.confidence, row.blocks_done)


def absolute(row: Estimate, stacks: Mapping[str, Any]) -> str:
    """Return the sentence of an estimate."""
    factor, unit = _unit(row)
    measure = row.measure
    value = words.number(row.value * factor)
    names = {
        "rate": "",
        "lost": "lost ",
        "cpu": "CPU time ",
        "offered": "offered ",
        "lag_p99": "lag of the generator, p99 ",
        "last": "to the last subscriber, p50 ",
    }
    head, _, role = measure.partition("_")
    if measure.endswith(FROM_GIVEN):
        percentile = measure.removesuffix(FROM_GIVEN)
        name = f"{PERCENTILE_NAMES.get(percentile, percentile)} from when it was given "
    elif role and measure not in names:
        name = f"{OF_ROLES[head]} of {role.replace('_', ' ')} "
    else:
        name = names.get(measure, f"{PERCENTILE_NAMES.get(measure, measure)} ")
    return (
        f"{subject(row.case, stacks)}: {name}{value} {unit} ({with_interval(row, factor)})"
    )


def growth(row: Growth, stacks: Mapping[str, Any]) -> str:
    """Return the sentence of a law of cost over the number of peers."""
    first, last = row.cases[0], row.cases[-1]
    many, _ = words.GROWN[first.workload]
    off = ", ".join(f"{number:,}" for number in row.off_line)
    no_law = f"; no {words.LAWS[row.law]}, since the cost at {off} lies off it"
    return (
        f"{words.cell(first, stacks)} {words.workload(first.workload).lower()}: "
        f"{_law(row)}, from {first.instances:,} to {last.instances:,} "
        f"{many}, {words.quantity(first)}, {words.size(first.size_bytes)} over "
        f"{first.transport}, {words.PLACEMENTS_SHORT.get(first.placement, '')}"
        f"{no_law if off else ''}"
    )


def _law(row: Growth) -> str:
    """Return an exponent or a marginal cost with its interval, in words."""
    many, whose = words.GROWN[row.program.workload]
    if row.law == MARGINAL:
        ends = row.value, row.low, row.high, row.confidence, row.blocks_done
        return (
            f"each further {many.removesuffix('s')} takes {words.time_us(row.value)} of "
            f"the {whose}'s CPU time for a message ({words.interval(*ends)})"
        )
    bound = (
        f"{words.percent(row.confidence)} interval {row.low:.2f} to {row.high:.2f}; "
        f"{row.blocks_done} blocks"
    )
    if math.isnan(row.low):
        bound = words.no_interval(row.blocks_done)
    return (
        f"a message's CPU time in the {whose} goes with the number of {many} to the power "
        f"of {row.value:.2f} ({bound})"
    )


def values(pair: Comparison | Apart) -> tuple[float, float]:
    """Return what both sides of a comparison measured, in ``values_unit``.

    They are medians over the blocks that the ratio is made of.
    """
    a_s, b_s = pair.times.median_a_s, pair.times.median_b_s
    if values_unit(pair) == "us":
        return 1e6 * a_s, 1e6 * b_s
    return 1 / a_s, 1 / b_s


def values_unit(pair: Comparison | Apart) -> str:
    return "messages/s" if headline_measure(pair.a) == "rate" else "us"


def ratio_of_medians(times: Ratio) -> float:
    """Return the time of the first over that of the second, each a median over blocks."""
    return times.median_a_s / times.median_b_s


def medians_differ(times: Ratio) -> bool:
    """Say whether the medians divide to something that is not the ratio within 5 %."""
    return abs(math.log(ratio_of_medians(times) / times.ratio)) > math.log(MARGIN)


def compared(pair: Comparison | Apart) -> str:
    """Return "48.0 us against 67.3 us", and what they divide to where that differs."""
    unit = values_unit(pair)
    said = " against ".join(words.measured(value, unit) for value in values(pair))
    if not medians_differ(pair.times):
        return said
    return f"{said}, medians that divide to {ratio.times([ratio_of_medians(pair.times)])}"


def entry(pair: Comparison | Apart, stacks: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``bench.report.ratio`` words of an entry of numbers.json."""
    times, none = pair.times, pair.times.too_few_blocks
    return {
        "labels": [words.cell(case, stacks) for case in (pair.a, pair.b)],
        "verdict": pair.verdict if isinstance(pair, Comparison) else None,
        "stands": not isinstance(pair, Comparison) or pair.stands,
        "value": times.ratio,
        "ci_low": None if none else times.low,
        "ci_high": None if none else times.high,
    }


def finding(pair: Comparison, stacks: Mapping[str, Any]) -> str:
    """Return "ZeroMQ 11.6x faster (11.0-11.7)", or that the comparison cannot tell."""
    return ratio.finding(entry(pair, stacks))


def found(pair: Comparison, stacks: Mapping[str, Any]) -> str:
    """Return the same without a verdict, for a table with a column of verdicts."""
    return ratio.found(entry(pair, stacks))


def of_first(times: Ratio) -> str:
    """Return "1.30x slower (1.28-1.33)" of the first."""
    return ratio.of_first(times.ratio, times.low, times.high)


def _evidence(pair: Comparison | Apart, bounds: str = "") -> str:
    """Return "(1.28-1.33, 95.1 % interval; 10 blocks; 48.0 us against 67.3 us)"."""
    times = pair.times
    blocks = words.plural(times.blocks_done, "block")
    sure = f"{bounds}{words.percent(times.confidence)} interval; {blocks}"
    if times.too_few_blocks:
        sure = words.no_interval(times.blocks_done)
    return f"({sure}; {compared(pair)})"


def _than(pair: Comparison | Apart, stacks: Mapping[str, Any], said: str) -> str:
    """Return "BSD sockets (minimal) is 1.30x faster than ZeroMQ (minimal) (1.28-...)".

    ``said`` has a place for the ratio: "is {} faster".
    """
    found = ratio.of_winner(entry(pair, stacks))
    names = [words.cell(case, stacks) for case in (pair.a, pair.b)]
    winner, loser = names[found.winner], names[1 - found.winner]
    bounds = f"{found.interval.strip(' ()')}, "
    return f"{winner} {said.format(found.times)} than {loser} {_evidence(pair, bounds)}"


def comparison(pair: Comparison, stacks: Mapping[str, Any]) -> str:
    """Return the sentence of a comparison, the winner first, with the caution it needs."""
    said = f"{words.measured_case(pair.a)}: {_found(pair, stacks)}"
    return ". ".join(filter(None, (said, caution(pair, stacks))))


def _found(pair: Comparison, stacks: Mapping[str, Any]) -> str:
    times = pair.times
    if pair.verdict in ratio.DECIDED:
        return _than(pair, stacks, "is {} faster")
    first, second = (words.cell(case, stacks) for case in (pair.a, pair.b))
    said = f"the data cannot tell {first} from {second}"
    if pair.verdict == Verdict.EQUIVALENT:
        apart = "" if times.low <= 1 <= times.high else ", and differ"
        said = f"{first} and {second} are equivalent (within 5 %){apart}"
    if not times.too_few_blocks:
        said += f"; the first is {ratio.between(times.low, times.high)}"
    return f"{said} {_evidence(pair)}"


def copies_differ(copies: Sequence[Copy], stacks: Mapping[str, Any]) -> str:
    """Return "two copies of ZeroMQ (minimal) differ by 1.06x (1.05-1.08) in ..."."""
    said = []
    for copy in copies[:NAMED_MAX]:
        times = copy.times
        found = ratio.factor(times.ratio, times.low, times.high)
        said.append(
            f"two copies of {words.cell(copy.b, stacks)} differ by "
            f"{found.times}{found.interval} in {words.in_case(copy.b)}"
        )
    more = len(copies) - len(said)
    return "; ".join([*said, *([words.plural(more, "more pair")] if more else [])])


def caution(pair: Comparison, stacks: Mapping[str, Any]) -> str:
    """Return what failed A/A copies mean for a comparison, '' if none failed."""
    if not pair.copies:
        return ""
    found = f"{ratio.FAILED}: {copies_differ(pair.copies, stacks)}"
    if pair.verdict == Verdict.INCONCLUSIVE:
        return found
    could = "would not" if pair.stands else "could"
    return f"{found}. Such a difference {could} change the verdict"


def caution_of_case(copies: Sequence[Copy], stacks: Mapping[str, Any]) -> str:
    """Return what failed A/A copies mean for the times of their case, '' without any."""
    told = copies_differ(copies, stacks)
    return f"{ratio.FAILED}: {told}" if told else ""


def apart(pair: Apart, stacks: Mapping[str, Any]) -> str:
    """Return the sentence of two programs that promise other things."""
    low, high = pair.times.low, pair.times.high
    said = _than(pair, stacks, "takes {} less time")
    if low <= 1 <= high:
        first, second = (words.cell(case, stacks) for case in (pair.a, pair.b))
        said = f"{first} is {ratio.between(low, high)} than {second} {_evidence(pair)}"
    return f"{words.measured_case(pair.a)}: {said}: not compared, since {pair.reason}"


def size(row: Size, column: str, stacks: Mapping[str, Any]) -> str:
    program = row.program
    name = f"{words.cell(program, stacks)} {words.workload(program.workload).lower()}"
    counted = getattr(row.counts, column)
    return f"{name} program: {counted:,} {SIZE_NAMES[column]} (counted)"


def short_verdict(verdict: Verdict) -> str:
    """Return "faster", "equivalent (within 5 %)", "undecided"."""
    return SHORT[verdict]


def verdict_detail(pair: Comparison) -> str:
    """Return what stands beside a verdict: blocks, sign interval, A/A check."""
    times = pair.times
    parts = [f"the first won {times.faster_blocks} of {times.blocks_done} blocks"]
    if not math.isnan(times.sign_low):
        parts.append(f"sign interval {ratio.between(times.sign_low, times.sign_high)}")
    parts.append(f"A/A check: {pair.check}")
    return ", ".join(parts)


def noise(half_width: float) -> str:
    """Return "3.0 %", with a sign for both, of how far from 1 a ratio may be."""
    if math.isinf(half_width):
        return "unknown"
    return f"\N{PLUS-MINUS SIGN}{100 * half_width:.1f} %"


def _rival(rival: Rival, stacks: Mapping[str, Any]) -> str:
    """Return "ZeroMQ (minimal) 1.30x slower (1.28-1.33)"."""
    name = words.cell(rival.row.case, stacks)
    if not rival.verdict:
        return f"{name} {ratio.of_first(rival.ratio)} (by medians, not compared)"
    said = ratio.of_first(rival.ratio, rival.low, rival.high)
    return f"{name} {said}{'' if rival.behind else f': {short_verdict(rival.verdict)}'}"


def race(found: Race, stacks: Mapping[str, Any]) -> str:
    """Return who leads a race, and by how much the others are behind."""
    where = words.PLACEMENTS_SHORT[found.placement]
    value = words.measured(found.leader.value, found.leader.unit)
    leader = f"{words.cell(found.leader.case, stacks)} with {value}"
    behind = [_rival(rival, stacks) for rival in found.rivals]
    return f"on {where} {', '.join([leader, *behind])}"
