"""The answer first: each question in one sentence, computed from the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import of_kind
from bench.analysis.rows import grouped
from bench.analysis.stats import Verdict
from bench.contract.alike import SUBJECT, Kind
from bench.report import sentences, words
from bench.report.charts.ratios import in_declared_cases, in_headline, of_subject
from bench.report.model import Data
from bench.run.plan import BOTH


def declared_blocks(data: Data) -> int:
    """Return the smallest number of blocks of any declared comparison, 0 without one."""
    declared = of_kind(data.compared, Kind.DECLARED)
    return min((pair.times.blocks_done for pair in declared), default=0)


def answer(data: Data, pair: Comparison) -> str:
    """Return one comparison as a sentence with numbers, interval and verdict."""
    first, second = (words.cell(case, data.stacks) for case in (pair.a, pair.b))
    times = words.number(pair.times.ratio)
    detail = "; ".join(
        [
            sentences.compared(pair),
            sentences.interval(pair.times),
            sentences.verdict_detail(pair),
        ]
    )
    return (
        f"{words.measured_case(pair.a)}: {first} takes {times} times the "
        f"{sentences.compared_quantity(pair.a)} of {second} ({detail}): "
        f"{sentences.VERDICTS[pair.verdict]}."
    )


def _joint(data: Data, pairs: Sequence[Comparison]) -> str:
    """Return one pair of cells over all placements as one sentence."""
    head = pairs[0]
    first, second = (words.cell(case, data.stacks) for case in (head.a, head.b))
    what = sentences.compared_quantity(head.a)
    clauses = []
    for pair in pairs:
        where = words.PLACEMENTS_SHORT[pair.a.placement]
        than = f" that of {second}" if pair is head else ""
        clauses.append(
            f"on {where} {words.number(pair.times.ratio)} times{than} "
            f"({sentences.compared(pair)}; {sentences.interval(pair.times)}): "
            f"{sentences.VERDICTS[pair.verdict]}"
        )
    workload = words.workload(head.a.workload)
    return f"{workload}: the {what} of {first} is {'; '.join(clauses)}."


def summary(data: Data) -> str:
    """Return the verdicts on the subject in the declared cases, counted, as a sentence."""
    mine = of_subject(in_declared_cases(data.compared))
    if not mine:
        return "This run compares nothing in its headline cases."
    said = []
    for _, pairs in sorted(grouped(mine, lambda pair: pair.b.key).items()):
        found = Counter(pair.verdict for pair in pairs)
        counts = [
            f"{sentences.short_verdict(name)} in {found[name]}"
            for name in Verdict
            if found[name]
        ]
        other = words.cell(pairs[0].b, data.stacks)
        said.append(f"against {other} {', '.join(counts)} of {len(pairs)}")
    label = words.stack(SUBJECT, data.stacks)
    return f"{label} in the headline cases is: {'; '.join(said)}."


def speed_answers(data: Data) -> Iterator[tuple[str, list[str]]]:
    """Yield a question per pair of stacks, with a sentence per workload and client."""
    shown = [pair for placement in BOTH for pair in in_headline(data.compared, placement)]
    order = {name: number for number, name in enumerate(words.WORKLOADS)}
    by_stacks = grouped(shown, lambda pair: (pair.a.stack, pair.b.stack))
    for stacks, pairs in by_stacks.items():
        labels = (words.stack(name, data.stacks) for name in stacks)
        groups = [*grouped(pairs, _programs).values()]
        groups.sort(key=lambda pairs: order.get(pairs[0].a.workload, len(order)))
        yield f"{' or '.join(labels)}?", [_joint(data, pairs) for pairs in groups]


def _programs(pair: Comparison) -> tuple[str, str, str]:
    return pair.a.workload, pair.a.key, pair.b.key
