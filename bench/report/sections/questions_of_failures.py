"""The questions about failures: which programs survive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from bench.analysis.recovery import VARIANTS, measured, of_one_promise
from bench.measure.recovery import BROKEN, KEPT, REPORTED, VERDICTS
from bench.report import words
from bench.report.charts.findings import listed
from bench.report.model import Answer, Data
from bench.report.sections import survival
from bench.report.sections.leading import of_languages

FAULTS = {
    "Which survives a killed server?": ("server_killed", "server_killed_busy"),
    "Which survives a link that is cut for seconds?": ("link_cut_4s",),
    "Which survives a program that hangs?": ("application_hung",),
}
DO: Mapping[str, tuple[str, str]] = {
    KEPT: ("keeps its contract", "keep theirs"),
    REPORTED: ("reports trouble", "report trouble"),
    BROKEN: ("breaks its contract", "break theirs"),
}
"""The words for a worst verdict, of one stack and of several."""
ORDER = [str(verdict) for verdict in VERDICTS]
"""Verdicts, the worst last."""
RESILIENT = "resilient"
Verdicts = Mapping[str, Counter[str]]
"""How often each verdict was found, by stack."""
DEADLINE = (
    "A request of a resilient program has a deadline: what outlasts it is reported, where "
    "a minimal one goes on waiting."
)


def survivors(data: Data) -> Iterator[Answer]:
    shown = of_one_promise(measured(data.recoveries))
    for question, faults in FAULTS.items():
        mine = [row for row in shown if row.fault.name in faults]
        rows = [row for row in mine if row.case.variant in VARIANTS]
        if not rows:
            continue
        by = survival.of_rows(rows)
        ended = {name: by[name] for name in VARIANTS if name in by}
        found = "; ".join(f"{name}: {_worst(each, data)}" for name, each in ended.items())
        found = found[:1].upper() + found[1:]
        found += of_languages(row.case.language for row in rows)
        counted = "; ".join(
            f"{name}, {_counts(each, data)}" for name, each in ended.items()
        )
        trials = words.block_counts([row.repeats for row in rows])
        said = f"Cases of one promise, each the worst of {trials} trials, that keep it: "
        outcomes = [(r.verdict, r.case.workload, r.case.variant) for r in rows]
        late = (REPORTED, "request_reply", RESILIENT) in outcomes
        why = f" {DEADLINE}" if late else ""
        yield Answer(question, found, f"{said}{counted}.{why}", "failures")


def _counts(ended: Verdicts, data: Data) -> str:
    return ", ".join(
        f"{data.stack(stack)} {found[KEPT]} of {found.total()}"
        for stack, found in ended.items()
    )


def _worst(ended: Verdicts, data: Data) -> str:
    """Return "A and B keep theirs, C reports trouble": what each does at its worst."""
    whom: dict[str, list[str]] = {}
    for stack, found in ended.items():
        worst = max(found, key=ORDER.index)
        whom.setdefault(worst, []).append(data.stack(stack))
    total = sum(len(names) for names in whom.values())
    said = []
    for verdict in (v for v in ORDER if v in whom):
        names = whom[verdict]
        several = len(names) > 1
        who = "all" if several and len(names) == total else listed(names)
        said.append(f"{who} {DO[verdict][several]}")
    return ", ".join(said)
