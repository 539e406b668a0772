"""The questions about failures: which programs survive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.analysis.recovery import VARIANTS, measured, of_one_promise
from bench.analysis.recovery_rows import Recovery
from bench.analysis.rows import grouped
from bench.contract.alike import MINIMAL, stack_order
from bench.measure.recovery import BROKEN, KEPT, REPORTED, VERDICTS
from bench.report import words
from bench.report.charts import outcomes
from bench.report.charts.findings import listed
from bench.report.model import Answer, Data
from bench.report.sections.leading import of_languages

FAULTS = {
    "Which survives a killed server{again}?": ("server_killed", "server_killed_busy"),
    "Which survives a link that is cut{for_s}?": ("link_cut_4s",),
    "Which survives a program that hangs{for_s}, then goes on?": ("application_hung",),
}
"""The faults of each question. ``for_s`` is how long a fault lasts, by its title, and
``again`` when a killed server starts again."""
LASTS = re.compile(r"( for [\d.]+ s)\b")
AGAIN = re.compile(r"restarted (after [\d.]+ s)\b")
DO: Mapping[str, tuple[str, str]] = {
    KEPT: ("survives", "survive"),
    REPORTED: ("reports trouble", "report trouble"),
}
"""The words for a worst verdict, of one stack and of several."""
ORDER = [str(verdict) for verdict in VERDICTS]
"""Verdicts, the worst last."""
RESILIENT = "resilient"
BUSY = "server_killed_busy"
DEADLINE = (
    "A request of a resilient program has a deadline: what outlasts it is reported, where "
    "a minimal one goes on waiting."
)


def survivors(data: Data) -> Iterator[Answer]:
    """Yield what the programs do at worst under the faults that most readers ask about."""
    shown = of_one_promise(measured(data.recoveries))
    for asked, faults in FAULTS.items():
        mine = [row for row in shown if row.fault.name in faults]
        rows = [row for row in mine if row.case.variant in VARIANTS]
        if not rows:
            continue
        lasts = LASTS.search(rows[0].fault.title)
        question = asked.format(for_s=lasts[1] if lasts else "", again=_again(rows))
        by = {
            variant: by_stack
            for variant in VARIANTS
            if (by_stack := _by_stack(row for row in rows if row.case.variant == variant))
        }
        worst: dict[str, list[str]] = {}
        for name, each in by.items():
            worst.setdefault(_worst(each, data), []).append(name)
        found = "; ".join(f"{listed(names)}: {does}" for does, names in worst.items())
        found = f"At worst, {found}{of_languages(row.case.language for row in rows)}"
        counted = "; ".join(f"{name}, {_counts(each, data)}" for name, each in by.items())
        trials = words.block_counts([row.repeats for row in rows])
        said = [
            "How many programs of each stack survive, each by the worst of "
            f"{trials} trials: {counted}. Left out are workloads in which only some of the "
            "programs may lose messages.",
            *waiting(rows, data),
        ]
        outcomes_seen = [(r.verdict, r.case.workload, r.case.variant) for r in rows]
        if (REPORTED, "request_reply", RESILIENT) in outcomes_seen:
            said.append(DEADLINE)
        yield Answer(question, found, " ".join(said), "failures")


def _by_stack(rows: Iterable[Recovery]) -> dict[str, list[Recovery]]:
    found = grouped(rows, lambda row: row.case.stack)
    return {stack: found[stack] for stack in sorted(found, key=stack_order)}


def _again(rows: Sequence[Recovery]) -> str:
    """Return ", back after 0.5 s" of a killed server, by the titles of the faults."""
    again = [found[1] for row in rows if (found := AGAIN.search(row.fault.title))]
    return f", back {listed(dict.fromkeys(again))}" if again else ""


def waiting(rows: Iterable[Recovery], data: Data) -> Iterator[str]:
    """Yield which minimal programs never go on after a server died with their requests."""
    for row in rows:
        never = row.not_recovered == row.repeats and row.verdict == BROKEN
        if row.fault.name == BUSY and row.case.variant == MINIMAL and never:
            yield (
                f"If its server dies with requests in hand, {data.cell(row.case)} waits "
                f"forever: in {row.not_recovered} of {row.repeats} trials nothing came "
                f"within {words.number(row.watched_s, digits=2)} s."
            )


def _counts(by: Mapping[str, Sequence[Recovery]], data: Data) -> str:
    return ", ".join(
        f"{data.stack(stack)} {sum(row.verdict == KEPT for row in rows)} of {len(rows)}"
        for stack, rows in by.items()
    )


def _worst(by: Mapping[str, Sequence[Recovery]], data: Data) -> str:
    """Return "A and B survive, C hangs": what the programs of each stack do at worst."""
    whom: dict[tuple[str, str], list[str]] = {}
    rank: dict[tuple[str, str], int] = {}
    for stack, rows in by.items():
        worst = max(ORDER.index(str(row.verdict)) for row in rows)
        do = DO.get(ORDER[worst]) or _breaking(rows)
        whom.setdefault(do, []).append(data.stack(stack))
        rank[do] = worst
    total = sum(len(names) for names in whom.values())
    said = []
    for do in sorted(whom, key=lambda do: rank[do]):
        names = whom[do]
        several = len(names) > 1
        who = "all" if several and len(names) == total else listed(names)
        said.append(f"{who} {do[several]}")
    return ", ".join(said)


def _breaking(rows: Sequence[Recovery]) -> tuple[str, str]:
    """Return what broken programs do, of one stack and of several: "hangs or crashes"."""
    found = dict.fromkeys(outcomes.does(row) for row in rows if row.verdict == BROKEN)
    one = " or ".join(found)
    return one, one
