"""HTTP's Python clients beside wrk, on the same server."""

from __future__ import annotations

from bench.analysis.stats import bounds
from bench.analysis.stats import ratio as ratio_of
from bench.contract.rows import CaseRow
from bench.measure.wrk import CLIENT_BOUND_FROM
from bench.report import ratio, words
from bench.report.model import Data, Table


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
                    words.cell(client, data.stacks),
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
