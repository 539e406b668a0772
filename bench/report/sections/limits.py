"""The limit of each case, as a table."""

from __future__ import annotations

from collections import Counter

from bench.measure.bottleneck import HOST, LATENCY
from bench.report import words
from bench.report.facets import every
from bench.report.model import Data, Table

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
    columns = [
        "program",
        "quantity",
        "case",
        "limited by",
        "busiest thread",
        "all processes",
    ]
    limits, rows = limited_by(data), []
    shown = []
    for case in data.run.cases.values():
        if case.floor or case.copy or case.id not in limits:
            continue
        trials = data.run.trials[data.run.trials["case"] == case.id]
        shown.append(case)
        shares = {}
        for ending in (THREAD, CPU):
            medians = (
                trials[[c for c in trials if str(c).endswith(ending)]].median().dropna()
            )
            shares[ending] = ", ".join(
                f"{str(name).removesuffix(ending).replace('_', ' ')} {100 * value:.0f} %"
                for name, value in medians.items()
            )
        rows.append(
            [
                case.cell,
                words.quantity(case),
                words.case(case),
                limits[case.id],
                shares[THREAD],
                shares[CPU],
            ]
        )
    return Table(columns, rows, folded=True, facets=every(shown, data.stacks))
