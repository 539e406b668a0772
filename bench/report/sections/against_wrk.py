"""HTTP's Python clients beside wrk, on the same server."""

from __future__ import annotations

from bench.analysis.stats import ratio
from bench.contract.rows import CaseRow
from bench.measure.wrk import CLIENT_BOUND_FROM
from bench.report import words
from bench.report.facets import every
from bench.report.model import Data, Table


def wrk_table(data: Data) -> Table:
    """Return a row per client and placement: its round trip over wrk's time per request."""
    cases = data.run.cases.values()
    columns = ["client", "case", "round trip p50", "wrk", "ratio", "interval", "so it is"]
    rows, shown = [], []
    for case in (case for case in cases if case.quantity == "wrk"):
        wrk_s = data.run.values_s(case.id)
        for client in (each for each in cases if _asks_the_same(each, case)):
            client_s = data.run.values_s(client.id)
            blocks = client_s.index.intersection(wrk_s.index)
            if blocks.empty:
                continue
            found = ratio(client_s[blocks].to_numpy(), wrk_s[blocks].to_numpy())
            enough = not found.too_few_blocks
            bound = enough and found.low > CLIENT_BOUND_FROM
            shown.append(client)
            rows.append(
                [
                    words.cell(client, data.stacks),
                    words.case(client),
                    words.time_us(1e6 * client_s.median()),
                    words.time_us(1e6 * wrk_s.median()),
                    words.number(found.estimate),
                    f"{words.number(found.low)} to {words.number(found.high)}"
                    if enough
                    else words.PASSED_OVER,
                    "client-bound" if bound else "not shown to be client-bound",
                ]
            )
    caption = "HTTP's clients beside wrk, on the same server"
    return Table(columns, rows, caption, facets=every(shown, data.stacks))


def _asks_the_same(client: CaseRow, wrk: CaseRow) -> bool:
    """Whether a case is that of a client which asks the server that wrk asks."""

    def asked(case: CaseRow) -> tuple[object, ...]:
        where = case.stack, case.workload, case.transport
        return *where, case.size_bytes, case.instances, case.placement

    is_client = client.quantity == "latency" and not client.copy
    return is_client and asked(client) == asked(wrk)
