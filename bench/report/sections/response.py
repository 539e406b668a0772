"""Open-loop response times as a table: corrected and uncorrected side by side."""

from __future__ import annotations

from functools import partial

from bench.analysis.estimates import FROM_GIVEN
from bench.analysis.rows import Estimate
from bench.report import words
from bench.report.model import Columns, Data, Section, Table
from bench.report.sections.tables import figures

SHOWN = ("p50", "p90", "p99", "p999")
NAMES = {"p999": "p99.9"}
US = "\N{MICRO SIGN}s"
Measures = dict[str, Estimate]
LEAD = (
    "An open loop: messages become due by a Poisson schedule, the same for every program, "
    "even if earlier ones have no answer yet. Response time counts from the moment a "
    "message was due. Counted from the moment it was given, it would leave out its wait "
    "for the program (coordinated omission). Never compare it with the round trips above."
)


def response(data: Data) -> Section:
    """Return the section, without a word where nothing of it was measured."""
    made, drawn = response_table(data), figures(data, "response")
    title = "Response time under load"
    if not made.rows and not drawn:
        return Section("response", title)
    refused = data.run.refused.items()
    bullets = [f"{case}: {reason}" for case, reason in refused if ".response." in case]
    return Section("response", title, [LEAD], bullets, [made], drawn)


def response_table(data: Data) -> Table:
    """Return a row per cell and load: what was offered, and each percentile twice.

    The first counts from the intended time; the second, in brackets, from when the
    message was given, which leaves out what it waited for the cell.
    """
    by_case: dict[str, Measures] = {}
    for row in data.estimates:
        if row.case.quantity == "response":
            by_case.setdefault(row.case.id, {})[row.measure] = row
    columns: Columns[Measures] = {
        "cell": lambda found: data.cell(found["p50"].case),
        "workload": lambda found: words.workload(found["p50"].case.workload),
        "load": lambda found: words.load(found["p50"].case.load),
        "offered/s": lambda found: words.number(found["offered"].value),
        **{f"{NAMES.get(n, n)} (from given), {US}": partial(_twice, n) for n in SHOWN},
        f"generator late, p99, {US}": lambda found: words.number(found["lag_p99"].value),
        "blocks": lambda found: str(found["p50"].blocks_done),
    }
    caption = "Percentiles, and what a closed loop would have said"
    return Table.of(by_case.values(), columns, caption)


def _twice(name: str, found: Measures) -> str:
    """Return a percentile from when messages were due, and from when they were given."""
    if name not in found or name + FROM_GIVEN not in found:
        return words.PASSED_OVER
    due, given = (found[each].value for each in (name, name + FROM_GIVEN))
    return f"{words.number(due)} ({words.number(given)})"
