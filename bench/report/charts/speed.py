"""Speed: latency, throughput, response times, large messages and transports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.analysis.compared_rows import Comparison
from bench.analysis.estimates import headline_measure
from bench.analysis.ranking import time_of
from bench.analysis.rows import Estimate, grouped
from bench.contract.alike import SUBJECT, loses
from bench.contract.model import APART
from bench.contract.rows import PYTHON
from bench.report import ratio, words
from bench.report.charts import dots, findings
from bench.report.charts.dots import READ, About, Panel
from bench.report.charts.findings import FEW
from bench.report.charts.ratios import counted, of_subject
from bench.report.charts.rows import accompanied, footer_of, rows_of, without_lone_requests
from bench.report.charts.style import Chart, Look
from bench.run.plan import BOTH, SMALL_BYTES

DRAWN = (*BOTH, APART)
LARGE_BYTES = 64 * 1024
TRANSPORTS = ("tcp", "ipc", "inproc")
COMPARED_LOADS = ("common_50", "own_70")
LATENCY_AXIS = "p50, less is better"


def usual(rows: Sequence[Estimate], workload: str, measure: str) -> list[Estimate]:
    """Return the 64 B tcp rows of one workload's measure, in its usual case."""
    quantity = "throughput" if measure in ("rate", "lost") else "latency"
    real = [row for row in rows if row.case.workload == workload and not row.case.floor]
    instances = min((row.case.instances for row in real), default=1)
    wanted = quantity, measure, "tcp", SMALL_BYTES, instances
    return [
        row for row in real if _usual_key(row) == wanted and row.case.placement in DRAWN
    ]


def _usual_key(row: Estimate) -> tuple[object, ...]:
    case = row.case
    if case.copy:
        return ()
    return case.quantity, row.measure, case.transport, case.size_bytes, case.instances


def _overhead(rows: Iterable[Estimate], workload: str, measure: str) -> str:
    """Return what the harness itself takes, for the foot of a chart, '' if unknown."""
    wanted = (workload, measure, SMALL_BYTES)
    for row in (row for row in rows if row.case.floor and not row.case.copy):
        if (row.case.workload, row.measure, row.case.size_bytes) == wanted:
            return f"  |  harness alone: {dots.note(row)}, not drawn"
    return ""


def _by_placement(rows: Iterable[Estimate], axis: str, form: dots.Form) -> list[Panel]:
    by_place = grouped(rows, lambda row: row.case.placement)
    parts = {place: without_lone_requests(by_place.get(place, [])) for place in DRAWN}
    return [
        Panel(words.PLACEMENTS[place], axis, form, part)
        for place, part in parts.items()
        if part
    ]


def _of_workload(
    rows: Sequence[Estimate], compared: Sequence[Comparison], about: About, topic: str,
    measure: str, panels: Sequence[Panel], look: Look, noted: dots.Noted = dots.note,
) -> Chart | None:  # fmt: skip
    if not panels:
        return None
    shown = [row for panel in panels for row in panel.rows]
    title = findings.fastest(shown, compared, topic, look) or about.title
    overhead = _overhead(rows, shown[0].case.workload, measure)
    footer = f"{footer_of(shown)}{overhead}"
    return dots.chart(about._replace(title=title, footer=footer), panels, look, noted)


def latency(
    rows: Sequence[Estimate], compared: Sequence[Comparison], workload: str, look: Look
) -> Chart | None:
    """Return p50 of every cell of a workload, in microseconds on a log axis."""
    kind = words.LATENCY.get(workload, words.ONE_WAY)
    axis = f"{kind} p50 (log scale)"
    panels = _by_placement(usual(rows, workload, "p50"), axis, dots.time_tick)
    about = About(
        f"latency_{workload}",
        "latency",
        f"{words.workload(workload)}: {kind}, p50",
        f"{kind.capitalize()} p50 of all programs, lower is better. {READ}",
    )
    topic = f"{words.workload(workload)} {kind}"
    return _of_workload(rows, compared, about, topic, "p50", panels, look)


def throughput(
    rows: Sequence[Estimate], compared: Sequence[Comparison], workload: str, look: Look
) -> Chart | None:
    """Return delivered messages per second of every cell of a workload."""
    lost = {row.case.id: row.value for row in usual(rows, workload, "lost")}
    axis = "delivered messages/s (log scale)"
    panels = _by_placement(usual(rows, workload, "rate"), axis, dots.tick)

    def noted(row: Estimate) -> str:
        share = f", lost {words.number(lost.get(row.case.id, 0.0))} %"
        return f"{dots.note(row)}{share if loses(row.case) else ''}"

    about = About(
        f"throughput_{workload}",
        "throughput",
        f"{words.workload(workload)}: messages delivered per second",
        f"Delivered messages/s of all programs, higher is better. {READ}",
    )
    topic = f"{words.workload(workload)} throughput"
    made = _of_workload(rows, compared, about, topic, "rate", panels, look, noted)
    if made is not None:
        made.table["lost_percent"] = made.table["case"].map(lost)
    return made


def response_rows(rows: Iterable[Estimate], workload: str) -> list[Estimate]:
    """Return every measure of a workload's open-loop cases."""
    asked = (workload, "response")
    return [row for row in rows if (row.case.workload, row.case.quantity) == asked]


def response(
    rows: Iterable[Estimate], compared: Sequence[Comparison], workload: str, look: Look
) -> Chart | None:
    """Return response times at a load all cells share and at one of their own.

    The mark is p50, a smaller one p99, if there are samples enough for it.
    """
    mine = response_rows(rows, workload)
    panels = []
    for load in COMPARED_LOADS:
        part = without_lone_requests([row for row in mine if row.case.load == load])
        offered = [row.value for row in part if row.measure == "offered"]
        if not part:
            continue
        ends = dict.fromkeys(words.rate(end) for end in (min(offered), max(offered)))
        heading = f"{words.load(load)}:\n{' to '.join(ends)} requests/s"
        tails = {row.case.id: row.value for row in part if row.measure == "p99"}
        middle = [row for row in part if row.measure == "p50"]
        axis = "response time (log scale)"
        panels.append(Panel(heading, axis, dots.time_tick, middle, tails))
    if not panels:
        return None
    about = About(
        f"response_{workload}",
        "response",
        f"{words.workload(workload)}: response time under load, p50 and p99",
        "From when a request was due. Large mark: p50, small: p99. Lower is better",
    )
    topic = f"{words.workload(workload)} under load"
    shown = [row for panel in panels for row in panel.rows]
    title = findings.fastest(shown, compared, topic, look) or about.title

    def noted(row: Estimate) -> str:
        known = {key: end for panel in panels for key, end in panel.tails.items()}
        tail = known.get(row.case.id)
        return dots.note(row) + (f" to {words.time_us(tail)}" if tail else "")

    return dots.chart(about._replace(title=title), panels, look, noted)


# --- Large messages, and transports -----------------------------------------------------


def _headline_rows(rows: Iterable[Estimate]) -> list[Estimate]:
    """Return each case's p50 or rate on one CPU, A/A copies left out."""
    return [
        row
        for row in rows
        if row.measure == headline_measure(row.case)
        and row.case.placement == "shared"
        and not (row.case.copy or row.case.floor)
    ]


def _by_quantity(rows: Iterable[Estimate]) -> list[Panel]:
    """Return a panel for each workload and quantity, in the order of workloads."""
    parts = grouped(rows, lambda row: (row.case.workload, row.case.quantity))
    ordered = sorted(parts, key=lambda part: (words.order(part[0]), part[1]))
    made = []
    for part in (parts[name] for name in ordered):
        case, rate = part[0].case, part[0].measure == "rate"
        heading = f"{words.workload(case.workload)}\n{words.quantity(case)}"
        axis = "messages/s, more is better" if rate else LATENCY_AXIS
        made.append(Panel(heading, axis, dots.tick if rate else dots.time_tick, part))
    return made


def large(
    rows: Iterable[Estimate], compared: Sequence[Comparison], look: Look
) -> Chart | None:
    """Return the 64 KiB cases on one CPU."""
    mine = _headline_rows(rows)
    shown = accompanied(row for row in mine if row.case.size_bytes == LARGE_BYTES)
    if not shown:
        return None
    title = f"Messages of {words.size(LARGE_BYTES)}"
    pairs = [
        pair
        for pair in of_subject(compared)
        if (pair.a.size_bytes, pair.a.placement) == (LARGE_BYTES, "shared")
        and pair.b.stack != SUBJECT
        and pair.a.language == PYTHON
    ]
    if pairs:
        title += f": {words.stack(SUBJECT, look.stacks)} is {counted(pairs)}"
    subtitle = "Everything on one CPU, with 1024 times the bytes in each message"
    panels = [panel._replace(rows=dots.by_value([panel])) for panel in _by_quantity(shown)]
    return dots.unlike(About("large", "other", title, subtitle), panels, look)


def _program_and_case(row: Estimate) -> tuple[str, str, str, int]:
    """Return what rows share that differ in their transport only."""
    return row.case.key, row.case.workload, row.case.quantity, row.case.instances


def transports(rows: Iterable[Estimate], look: Look) -> Chart | None:
    """Return cells that ran over more than tcp, one row per cell and transport."""
    small = [
        row
        for row in _headline_rows(rows)
        if row.case.size_bytes == SMALL_BYTES and row.case.transport in TRANSPORTS
    ]
    several = grouped(small, _program_and_case)
    # HTTP has no second transport here, so no `requests` can stand alone.
    shown = accompanied(
        row
        for row in small
        if len({each.case.transport for each in several[_program_and_case(row)]}) > 1
    )
    if not shown:
        return None
    place = {row.case.key: number for number, row in enumerate(rows_of(shown))}
    shown.sort(key=lambda r: (place[r.case.key], TRANSPORTS.index(r.case.transport)))
    subtitle = (
        "The same programs on one CPU. ipc: a Unix socket; inproc: threads of one process"
    )
    about = About("transports", "other", _transports_title(shown), subtitle)

    def names(row: Estimate) -> str:
        return f"{words.stack(row.case.stack, look.stacks)}\n{row.case.transport}"

    return dots.unlike(about, _by_quantity(shown), look, names)


def _transports_title(shown: Iterable[Estimate]) -> str:
    """Return how much faster other transports are than tcp, over all cells shown."""
    times = {
        name: {_program_and_case(row): time_of(row) for row in rows}
        for name, rows in grouped(shown, lambda row: row.case.transport).items()
    }
    tcp = times.get(TRANSPORTS[0], {})
    said: list[str] = []
    for name in TRANSPORTS[1:]:
        beside = times.get(name, {})
        ratios = [beside[which] / tcp[which] for which in beside.keys() & tcp.keys()]
        if ratios:
            said.append(f"{name} is {ratio.either(ratios, FEW)}")
    return f"Against tcp, {', '.join(said)}" if said else "Transports"
