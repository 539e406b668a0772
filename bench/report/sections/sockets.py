"""The socket options of a run, as the kernel told them after each trial."""

from __future__ import annotations

from bench.report.model import Data, Table


def socket_table(data: Data) -> Table:
    """Return the socket options as the kernel told them, per cell and role."""
    endings = ("_tcp_nodelay", "_so_sndbuf", "_so_rcvbuf")
    cases, trials = data.run.cases, data.run.trials
    places = [(cases[case].cell, cases[case].transport) for case in trials["case"]]
    rows = []
    for cell, transport in sorted(set(places)):
        part = trials[[place == (cell, transport) for place in places]]
        for column in [c for c in part.columns if str(c).endswith(endings)]:
            found = part[column].dropna()
            each = {v for text in found for v in str(text).split(",") if v}
            if each:
                (end,) = [end for end in endings if str(column).endswith(end)]
                values = ", ".join(sorted(each, key=lambda v: (len(v), v)))
                role = str(column).removesuffix(end)
                rows.append([cell, transport, role, end[1:], values])
    columns = ["cell", "transport", "role", "option", "values read back"]
    return Table(columns, rows, "Socket options", folded=True)
