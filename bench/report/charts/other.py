"""Beyond 64 B over tcp: large messages, and transports that only some stacks have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from bench.analysis.compared_rows import Comparison
from bench.analysis.estimates import headline_measure
from bench.analysis.ranking import time_of
from bench.analysis.rows import Estimate, frame, grouped
from bench.contract.alike import SUBJECT
from bench.contract.rows import PYTHON
from bench.report import words
from bench.report.charts import style
from bench.report.charts.findings import spoken
from bench.report.charts.ratios import counted, of_subject
from bench.report.charts.rows import accompanied, footer_of, label, rows_of
from bench.report.charts.speed import draw_row, ends, floor_line, limits, rate_tick
from bench.report.charts.style import INK, Chart, Look
from bench.run.plan import SMALL_BYTES

LARGE_BYTES = 64 * 1024
TRANSPORTS = ("tcp", "ipc", "inproc")
NARROW_LEFT = 0.165
NARROW_GAP = 0.155
WIDE = 1e4


def _headline_rows(rows: Iterable[Estimate]) -> list[Estimate]:
    """Return each case's p50 or rate on one CPU, A/A copies left out."""
    return [
        row
        for row in rows
        if row.measure == headline_measure(row.case.quantity)
        and row.case.placement == "shared"
        and not row.case.copy
    ]


def _with_floor(
    shown: Sequence[Estimate], everything: Iterable[Estimate]
) -> list[Estimate]:
    """Return the rows to show with the null stack's of the same quantities and sizes."""

    def same(row: Estimate) -> tuple[str, str, int]:
        return row.case.workload, row.case.quantity, row.case.size_bytes

    wanted = {same(row) for row in shown}
    beside = [row for row in everything if row.case.floor and same(row) in wanted]
    return [*shown, *beside]


def _note(row: Estimate) -> str:
    if row.measure == "rate":
        return words.rate(row.value)
    return words.time_us(row.value)


def _axis(row: Estimate) -> tuple[str, Callable[[float], str]]:
    if row.measure == "rate":
        return "messages/s, more is better", rate_tick
    return "p50, \N{MICRO SIGN}s, less is better", lambda value: f"{value:g}"


def _panel(
    axes: Axes, rows: Sequence[Estimate], look: Look, names: Callable[[Estimate], str]
) -> None:
    at = {row.case.id: -float(number) for number, row in enumerate(rows)}
    floor_line(axes, rows)
    for row in rows:
        draw_row(axes, row, at[row.case.id], look, _note(row))
    low, high = limits(ends(rows))
    first = rows[0]
    title, form = _axis(first)
    style.log_axis(axes, low / 1.25, high * 1.3 * (high / low) ** 0.14, title, form)
    if high / low > WIDE:  # the floor is far away, and the panel narrow
        axes.xaxis.set_major_locator(LogLocator(base=10, numticks=3))
    heading = f"{words.workload(first.case.workload)}\n{words.quantity(first.case)}"
    axes.set_title(heading, fontsize=style.LABEL_PT, loc="left", pad=10)
    style.row_labels(axes, [(at[row.case.id], names(row), INK) for row in rows])
    for tick in axes.get_yticklabels():
        tick.set_fontsize(15)
    axes.set_ylim(min(at.values()) - 0.7, 0.7)


def _chart(
    shown: Sequence[Estimate],
    about: dict[str, str],
    look: Look,
    names: Callable[[Estimate], str],
) -> Chart | None:
    if not shown:
        return None
    figure = style.blank(about["title"], about["subtitle"], footer_of(shown), look)
    parts = grouped(shown, lambda row: (row.case.workload, row.case.quantity)).values()
    made = style.panels(figure, len(parts), left=NARROW_LEFT, gap=NARROW_GAP)
    for axes, part in zip(made, parts, strict=True):
        box = axes.get_position()
        axes.set_position((box.x0, box.y0, box.width, box.height - 0.035))
        _panel(axes, part, look, names)
    table = frame(shown)
    return Chart(about["name"], about["section"], about["title"], figure, table, shown)


def _ordered(rows: Sequence[Estimate], *, by_transport: bool = False) -> list[Estimate]:
    """Sort by workload, then in the order in which charts list cells."""
    workloads = list(words.WORKLOADS)
    place = {row.case.key: number for number, row in enumerate(rows_of(rows))}

    def order(row: Estimate) -> tuple[int, int, int]:
        workload, transport = row.case.workload, row.case.transport
        known = workload in workloads
        first = workloads.index(workload) if known else len(workloads)
        last = TRANSPORTS.index(transport) if transport in TRANSPORTS else 9
        return first, place[row.case.key], last if by_transport else 0

    return sorted(rows, key=order)


def _two_lines(row: Estimate, look: Look) -> str:
    name = label(row.case, look).replace(" (", "\n(")
    return name.replace(": ", ":\n" if row.case.floor else ": ")


def _large_title(compared: Sequence[Comparison], look: Look) -> str:
    """Return how often the subject is faster with large messages on one CPU."""
    mine = [
        pair
        for pair in of_subject(compared)
        if pair.a.size_bytes == LARGE_BYTES
        and pair.a.placement == "shared"
        and pair.b.stack != SUBJECT
        and pair.a.language == PYTHON
    ]
    said = f"Messages of {words.size(LARGE_BYTES)}"
    if not mine:
        return said
    return f"{said}: {words.stack(SUBJECT, look.stacks)} is {counted(mine)}"


def _transports_title(shown: Iterable[Estimate]) -> str:
    """Return how long tcp takes beside each other transport, over all cells shown."""
    by_transport = grouped(
        (row for row in shown if not row.case.floor), lambda row: row.case.transport
    )
    times = {
        name: {_program_and_case(row): time_of(row) for row in rows}
        for name, rows in by_transport.items()
    }
    tcp = times.get(TRANSPORTS[0], {})
    said: list[str] = []
    for name in TRANSPORTS[1:]:
        beside = times.get(name, {})
        ratios = [tcp[which] / beside[which] for which in beside.keys() & tcp.keys()]
        if ratios:
            said.append(f"{spoken(ratios)} times as long as {name}")
    return f"tcp takes {', '.join(said)}" if said else "Transports"


def _program_and_case(row: Estimate) -> tuple[str, str, str, int]:
    """Return what rows share that differ in their transport only."""
    return row.case.key, row.case.workload, row.case.quantity, row.case.instances


def large(
    rows: Iterable[Estimate], compared: Sequence[Comparison], look: Look
) -> Chart | None:
    """Return the 64 KiB cases on one CPU."""
    mine = _headline_rows(rows)
    shown = accompanied(
        row for row in mine if row.case.size_bytes == LARGE_BYTES and not row.case.floor
    )
    about = {
        "name": "large",
        "section": "other",
        "title": _large_title(compared, look),
        "subtitle": "Everything on one CPU, with 1024 times the bytes in each message",
    }
    shown = _with_floor(shown, mine)
    return _chart(_ordered(shown), about, look, lambda row: _two_lines(row, look))


def transports(rows: Iterable[Estimate], look: Look) -> Chart | None:
    """Return cells that ran over more than tcp, one row per cell and transport."""
    mine = _headline_rows(rows)
    small = [
        row
        for row in mine
        if row.case.size_bytes == SMALL_BYTES and row.case.transport in TRANSPORTS
    ]
    several = grouped(small, _program_and_case)
    # HTTP has no second transport here, so no `requests` can stand alone.
    shown = accompanied(
        row
        for row in small
        if len({each.case.transport for each in several[_program_and_case(row)]}) > 1
    )
    about = {
        "name": "transports",
        "section": "other",
        "title": _transports_title(shown),
        "subtitle": "The same programs on one CPU. ipc: a Unix socket; inproc: threads of "
        "one process",
    }

    def names(row: Estimate) -> str:
        if row.case.floor:
            return _two_lines(row, look)
        return f"{words.stack(row.case.stack, look.stacks)}\n{row.case.transport}"

    shown = _with_floor(shown, mine)
    return _chart(_ordered(shown, by_transport=True), about, look, names)
