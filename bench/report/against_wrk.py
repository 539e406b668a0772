"""HTTP's Python clients beside wrk, on the same server."""

from __future__ import annotations

from bench.charts import words
from bench.frames import records
from bench.measure.wrk import CLIENT_BOUND_FROM
from bench.report.facets import every
from bench.report.model import Data, Table
from bench.stats import ratio


def wrk_table(data: Data) -> Table:
    """Return a row per client and placement: its round trip over wrk's time per request."""
    cases = data.run.cases
    columns = ["client", "case", "round trip p50", "wrk", "ratio", "interval", "so it is"]
    rows, shown = [], []
    for case in records(cases[cases["quantity"] == "wrk"]):
        wrk_s = data.run.values_s(case["case"])
        same = (
            (cases["quantity"] == "latency")
            & (cases["stack"] == case["stack"])
            & (cases["twin"] == 0)
        )
        for key in ("workload", "transport", "size_bytes", "instances", "placement"):
            same &= cases[key] == case[key]
        for client in records(cases[same]):
            client_s = data.run.values_s(client["case"])
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
