"""The limit of each case, as a table."""

from __future__ import annotations

from collections import Counter

from bench.contract.rows import CaseRow
from bench.measure.bottleneck import HOST, LATENCY
from bench.report import words
from bench.report.model import Columns, Data, Table

SPOKEN = {
    "call": "client",
    "serve": "server",
    "publish": "publisher",
    "subscribe": "subscribers",
    "distribute": "distributor",
    "work": "workers",
    "collect": "collector",
    HOST: "host",
    LATENCY: "latency",
}
THREAD = "_thread_share"
CPU = "_cpu_share"


def limit_words(label: str) -> str:
    """Return "server-bound", "latency-bound": the role as people call it."""
    return f"{SPOKEN.get(label, label)}-bound"


def limited_by(data: Data) -> dict[str, str]:
    """Return what most blocks of each case were limited by, with how many, by case id."""
    trials = data.run.trials
    if "bottleneck" not in trials:
        return {}
    found = {}
    for case, labels in trials.groupby("case")["bottleneck"]:
        counts = Counter(labels.dropna())
        if counts:
            (label, most), total = counts.most_common(1)[0], counts.total()
            count = "" if most == total else f" ({most} of {total} blocks)"
            found[str(case)] = limit_words(label) + count
    return found


def limits_table(data: Data) -> Table:
    """Return a row per case with its limit and the load of each role, medians of blocks."""
    limits, trials = limited_by(data), data.run.trials
    medians = trials.groupby("case").median(numeric_only=True)

    def shares(case: CaseRow, ending: str) -> str:
        found = medians.loc[case.id].dropna()
        return ", ".join(
            f"{str(name).removesuffix(ending).replace('_', ' ')} {100 * value:.0f} %"
            for name, value in found.items()
            if str(name).endswith(ending)
        )

    columns: Columns[CaseRow] = {
        "program": lambda case: case.cell,
        "quantity": words.quantity,
        "case": words.case,
        "limited by": lambda case: limits[case.id],
        "busiest thread": lambda case: shares(case, THREAD),
        "all processes": lambda case: shares(case, CPU),
    }
    shown = (
        case
        for case in data.run.cases.values()
        if not (case.floor or case.copy) and case.id in limits
    )
    return Table.of(shown, columns, folded=True)
