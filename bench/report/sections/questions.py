"""The questions of most readers, each with a sentence of numbers and a verdict."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.stats import Verdict
from bench.report import words
from bench.report.model import Answer, Data
from bench.report.sections import losses
from bench.report.sections.questions_of_code import shortest_guaranteed, shortest_happy_path
from bench.report.sections.questions_of_cost import surviving
from bench.report.sections.questions_of_failures import RESILIENT, survivors
from bench.report.sections.questions_of_speed import beside_http, fastest, least_cpu


def where_lost(data: Data) -> Iterator[Answer]:
    compared, lost = losses.compared(data.entries), losses.lost(data.entries)
    if not compared:
        return
    said = "; ".join(losses.in_short(data.entries)) or "in none"
    longer = [one.sentence for one in losses.longer(data.entries)]
    counted = words.plural(len(compared), "comparison")
    found = f"In {len(lost)} of {counted}"
    if all(entry["verdict"] == Verdict.INCONCLUSIVE for entry in compared):
        found = f"Undecided in all {counted}"
    broken = losses.broken(data.recoveries, data.stacks)
    worst = [one.sentence for one in broken if one.variant == RESILIENT]
    text = f"ZeroMQ is slower: {said}. {' '.join([*longer, *worst])}".strip()
    yield Answer("Where does ZeroMQ lose?", found, text, "loses")


def of_code(data: Data) -> Iterator[Answer]:
    """Yield which programs are shortest, with and without guarantees."""
    yield from shortest_happy_path(data)
    yield from shortest_guaranteed(data)


def answered(data: Data) -> list[Answer]:
    """Return the questions that this run's data can answer, in the order of interest."""
    makers = (
        fastest,
        beside_http,
        where_lost,
        survivors,
        surviving,
        shortest_guaranteed,
        shortest_happy_path,
        least_cpu,
    )
    return [answer for make in makers for answer in make(data)]
