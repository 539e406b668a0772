"""The questions about failures: which programs survive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.analysis.recovery import VARIANTS, measured, of_one_promise
from bench.analysis.recovery_rows import Recovery
from bench.analysis.rows import grouped
from bench.contract.alike import stack_order
from bench.measure.recovery import BROKEN, KEPT, REPORTED, VERDICTS, ContractVerdict
from bench.report import words
from bench.report.charts.findings import listed
from bench.report.model import Answer, Data
from bench.report.sections.leading import of_languages

FAULTS = {
    "Which survives a killed server?": ("server_killed", "server_killed_busy"),
    "Which survives a link that is cut for seconds?": ("link_cut_4s",),
    "Which survives a program that hangs?": ("application_hung",),
}
DO = {
    KEPT: ("keeps its contract", "keep theirs"),
    REPORTED: ("reports trouble", "report trouble"),
    BROKEN: ("breaks its contract", "break theirs"),
}
"""The words for a worst verdict, of one stack and of several."""
RESILIENT = "resilient"
DEADLINE = (
    "A request of a resilient program has a deadline: what outlasts it is reported, where "
    "a minimal one goes on waiting."
)


def survivors(data: Data) -> Iterator[Answer]:
    shown = of_one_promise(measured(data.recoveries))
    for question, faults in FAULTS.items():
        mine = [row for row in shown if row.fault.name in faults]
        by_variant = grouped(mine, lambda row: row.case.variant)
        rows = {name: by_variant[name] for name in VARIANTS if name in by_variant}
        variants = list(rows)
        if not variants:
            continue
        found = "; ".join(f"{name}: {_worst(rows[name], data)}" for name in variants)
        found = found[:1].upper() + found[1:]
        found += of_languages(r.case.language for same in rows.values() for r in same)
        counted = "; ".join(f"{name}, {_counts(rows[name], data)}" for name in variants)
        trials = words.block_counts([r.repeats for same in rows.values() for r in same])
        said = f"Cases of one promise, each the worst of {trials} trials, that keep it: "
        late = any(
            row.verdict == REPORTED and row.case.workload == "request_reply"
            for row in rows.get(RESILIENT, ())
        )
        why = f" {DEADLINE}" if late else ""
        yield Answer(question, found, f"{said}{counted}.{why}", "failures")


def _by_stack(rows: Sequence[Recovery]) -> dict[str, list[ContractVerdict]]:
    """Return the verdicts on each stack, in the order of stacks."""
    found = grouped(rows, lambda row: row.case.stack)
    return {
        stack: [row.verdict for row in found[stack] if row.verdict]
        for stack in sorted(found, key=stack_order)
    }


def _counts(rows: Sequence[Recovery], data: Data) -> str:
    return ", ".join(
        f"{words.stack(stack, data.stacks)} {found.count(KEPT)} of {len(found)}"
        for stack, found in _by_stack(rows).items()
    )


def _worst(rows: Sequence[Recovery], data: Data) -> str:
    """Return "A and B keep theirs, C reports trouble": what each does at its worst."""
    whom: dict[str, list[str]] = {}
    for stack, found in _by_stack(rows).items():
        worst = max(found, key=VERDICTS.index)
        whom.setdefault(worst, []).append(words.stack(stack, data.stacks))
    total = sum(len(names) for names in whom.values())
    said = []
    for verdict in (v for v in VERDICTS if v in whom):
        names = whom[verdict]
        several = len(names) > 1
        who = "all" if several and len(names) == total else listed(names)
        said.append(f"{who} {DO[verdict][several]}")
    return ", ".join(said)
