"""The code of programs: their sizes, the shares of each purpose, Python and C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product
from typing import Any

from bench.analysis.code_rows import ProgramCode
from bench.analysis.in_common import in_common
from bench.analysis.language_cost import MEASURES, QUOTE, CPort, c_ports
from bench.analysis.language_cost import sentence as verdict_on
from bench.contract.alike import MINIMAL
from bench.measure.code.shares import CLASSES
from bench.report import words
from bench.report.charts.rows import row_key
from bench.report.model import Columns, Data, Section, Table

DASH = words.PASSED_OVER
COUNTED = {
    "statements": "statements",
    "tokens": "tokens",
    "gzip_bytes": "gzip, bytes",
    "lines": "lines",
    "complexity": "branches",
    "complexity_max": "worst function",
}


def programs(data: Data) -> list[ProgramCode]:
    """Return the programs that the run kept, in the order of its charts."""

    def order(row: ProgramCode) -> tuple[Any, ...]:
        return words.order(row.program.workload), row_key(row.program)

    return sorted(data.run.code.programs, key=order)


# --- Sizes ----------------------------------------------------------------------------


def size_table(data: Data) -> Table:
    same = in_common(data.run.code)
    columns: Columns[ProgramCode] = {
        **of_program(data),
        **{title: partial(_counted, name) for name, title in COUNTED.items()},
        "names of libraries": lambda row: str(len(row.names)),
        "options": lambda row: str(len(row.options)),
        "statements of its own": lambda row: own(row, same),
    }
    caption = "All that is counted of each program"
    return Table.of(programs(data), columns, caption, folded=True)


def of_program(data: Data) -> dict[str, Callable[[ProgramCode], str]]:
    return {
        "workload": lambda row: words.workload(row.program.workload),
        "program": lambda row: data.cell(row.program),
    }


def _counted(name: str, row: ProgramCode) -> str:
    return f"{getattr(row, name):,}"


def own(row: ProgramCode, same: Mapping[str, int]) -> str:
    """Return the statements that not every stack has word for word, a dash if unknown."""
    if row.program.cell not in same:
        return words.PASSED_OVER
    return f"{row.statements - same[row.program.cell]:,}"


def own_sentences(data: Data) -> Iterator[str]:
    """Yield, per workload, how much of resilient programs all stacks have alike."""
    same = in_common(data.run.code)
    for workload in words.WORKLOADS:
        every = _in_python(data, workload, "resilient")
        rows = [row for row in every if row.program.cell in same]
        said = [
            f"{data.stack(row.program.stack)} {row.statements}, of its own {own(row, same)}"
            for row in rows
        ]
        if said:
            alike = same[rows[0].program.cell]
            yield (
                f"{words.workload(workload)}, resilient: {alike} statements are word for "
                f"word the same on every stack. In all: {'; '.join(said)}."
            )


def _in_python(data: Data, workload: str, variant: str) -> list[ProgramCode]:
    wanted = workload, variant, words.PYTHON
    found = ((row, row.program) for row in programs(data))
    return [r for r, p in found if (p.workload, p.variant, p.language) == wanted]


def share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)"


def shares_table(data: Data) -> Table:
    def part(name: str, row: ProgramCode) -> str:
        return share(row.shares[name], row.statements)

    columns: Columns[ProgramCode] = {
        **of_program(data),
        **{name: partial(part, name) for name in CLASSES},
    }
    caption = "What the statements of each program are about"
    return Table.of(programs(data), columns, caption, folded=True)


def totals_table(data: Data) -> Table:
    columns: Columns[ProgramCode] = {
        "programs": lambda row: data.cell(row.program),
        "files": lambda row: str(len(row.files)),
        **{title: partial(_counted, name) for name, title in COUNTED.items()},
    }
    totals = (row for row in data.run.code.totals if len(row.files) > 1)
    caption = "All workloads of a stack together, shared files once"
    return Table.of(totals, columns, caption, folded=True)


def weights_table(data: Data) -> Table:
    found = data.run.weights
    columns: Columns[str] = {
        "stack": data.stack,
        "packages": lambda stack: str(len(found[stack]["packages"])),
        "installed, MiB": lambda stack: words.number(found[stack]["installed_mib"]),
        "import, ms": lambda stack: words.number(found[stack]["import_ms"]),
        "threads": lambda stack: str(found[stack]["threads"]),
        "idle server, MiB": lambda stack: words.number(found[stack]["resident_mib"]),
        "of these bare Python, MiB": lambda stack: words.number(
            found[stack]["bare_resident_mib"]
        ),
    }
    return Table.of(found, columns, "What a stack weighs before a line is written")


def shares_sentences(data: Data) -> Iterator[str]:
    """Yield, per workload, how much of the minimal programs in Python is plumbing."""
    for workload in words.WORKLOADS:
        said = [
            f"{data.stack(row.program.stack)} {share(plumbing(row), row.statements)}"
            for row in _in_python(data, workload, MINIMAL)
        ]
        if said:
            yield (
                f"{words.workload(workload)}, statements of framing and connections in the "
                f"minimal program: {', '.join(said)}."
            )


def plumbing(row: ProgramCode) -> int:
    """Return the statements of a program that are about framing and connections."""
    return row.shares["framing"] + row.shares["connection"]


def size_tables(data: Data) -> list[Table]:
    made = [size_table(data), shares_table(data), totals_table(data), weights_table(data)]
    return [table for table in made if table.rows]


# --- Python and C -----------------------------------------------------------------


def found_c_ports(data: Data) -> list[CPort]:
    return c_ports(programs(data))


def c_ports_table(data: Data) -> Table:
    rows = []
    for pair, measure in product(found_c_ports(data), MEASURES):
        three = (pair.python, pair.slide, pair.checked)
        more = (pair.language(measure), pair.checking(measure), pair.more(measure))
        counted = (_counted(measure, row) if row else DASH for row in three)
        beyond = (DASH if each is None else f"{each:+,}" for each in more)
        workload, stack = words.workload(pair.workload), data.stack(pair.stack)
        rows.append([workload, stack, measure, *counted, *beyond])
    columns = ["workload", "stack", "counted", "Python", "C, slide", "C, checked"]
    columns += ["for the language", "for checking", "in all"]
    return Table(columns, rows, "Python and C")


def c_port_sentence(data: Data, pair: CPort) -> str:
    return verdict_on(pair, data.stack(pair.stack), words.workload(pair.workload).lower())


def languages(data: Data) -> Section:
    made = c_ports_table(data)
    if not made.rows:
        return Section("languages", "Python and C")
    lead = (
        f'"{QUOTE}" So the talk says of ZeroMQ. The programs are the minimal ones: in '
        "Python; in C as on a slide, where nothing is checked; and in C with every return "
        "code checked, any size of message and a clean end. Files that a program includes "
        "count with it. A statement means the same in both languages; braces and "
        "semicolons are layout, as indentation is."
    )
    said = [f"{c_port_sentence(data, pair)}." for pair in found_c_ports(data)]
    return Section("languages", "Python and C", [lead], said, [made])
