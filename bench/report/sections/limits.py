"""The limit of each case: roles that are busy, clients beside wrk, programs that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bench.analysis.idle import IDLE_MAX_US_PER_S, idle_us_per_s, restless
from bench.analysis.stats import bounds
from bench.analysis.stats import ratio as ratio_of
from bench.contract.rows import CaseRow
from bench.measure.bottleneck import HOST, LATENCY
from bench.measure.wrk import CLIENT_BOUND_FROM
from bench.report import ratio, words
from bench.report.model import Columns, Data, Section, Table

LEAD = (
    "A case is bound by a role if one of its threads was busy, or its CPUs were full, for "
    "95 % of the window. It is bound by the host if several roles together filled the "
    "CPUs, and otherwise by latency: no process is busy, and messages wait for wake-ups "
    "and each other. Waiting for a busy CPU counts as busy, so shares can add up to more "
    "than 100 %."
)
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
PER_CPU = 1e6


def limits(data: Data) -> Section:
    """Return the section."""
    made = [table for table in (wrk_table(data), limits_table(data)) if table.rows]
    said = [LEAD, *waiting(data)]
    return Section("limits", "What limits each case", said, tables=made)


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


def wrk_table(data: Data) -> Table:
    """Return a row per client and placement: its round trip over wrk's time per request."""
    cases = data.run.cases.values()
    rows = []
    for case in (case for case in cases if case.quantity == "wrk"):
        wrk_s = data.run.values_s(case.id)
        for client in (each for each in cases if _asks_the_same(each, case)):
            client_s = data.run.values_s(client.id)
            blocks = client_s.index.intersection(wrk_s.index)
            if blocks.empty:
                continue
            found = ratio_of(client_s[blocks].to_numpy(), wrk_s[blocks].to_numpy())
            bound = not found.too_few_blocks and found.low > CLIENT_BOUND_FROM
            times = (words.time_us(1e6 * each.median()) for each in (client_s, wrk_s))
            rows.append(
                [
                    data.cell(client),
                    words.case(client),
                    *times,
                    ratio.of_first(found.estimate, *bounds(found)),
                    "client-bound" if bound else "not shown to be client-bound",
                ]
            )
    columns = ["client", "case", "round trip p50", "wrk", "the client is", "so it is"]
    return Table(columns, rows, "HTTP's clients beside wrk, on the same server")


def _asks_the_same(client: CaseRow, wrk: CaseRow) -> bool:
    """Whether a case is that of a client which asks the server that wrk asks."""

    def asked(case: CaseRow) -> tuple[object, ...]:
        where = case.stack, case.workload, case.transport
        return *where, case.size_bytes, case.instances, case.placement

    is_client = client.quantity == "latency" and not client.copy
    return is_client and asked(client) == asked(wrk)


def waiting(data: Data) -> Iterator[str]:
    """Yield what programs in turns took while they waited; nothing without turns."""
    idle = idle_us_per_s(data.run)
    if not idle:
        return
    limit = f"{words.number(100 * IDLE_MAX_US_PER_S / PER_CPU, digits=1)} % of a CPU"
    found = restless(idle)
    if not found:
        most = words.number(100 * max(idle.values()) / PER_CPU, digits=2)
        yield (
            "Programs that wait for their turn took little CPU time from the others: at "
            f"most {most} % of a CPU, with {limit} as the limit."
        )
        return
    cases = ((data.run.cases[case], us) for case, us in found.items())
    named = ", ".join(
        f"{words.measured_case(case)}, {data.cell(case)}: "
        f"{words.number(100 * us / PER_CPU)} %"
        for case, us in cases
    )
    yield (
        f"These programs took more than {limit} while they waited for their turn. They "
        f"disturbed the others of their sets: {named}."
    )
