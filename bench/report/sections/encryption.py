"""The section on encryption: programs with keys beside plain ones, and beside others."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.compared_rows import Comparison
from bench.contract.model import ENCRYPTS
from bench.contract.rows import ProgramRow
from bench.report import words
from bench.report.model import Columns, Data, Section, Table
from bench.report.sections.tables import comparison_table

TITLE = "What encryption costs"
LEAD = (
    "Programs called TLS and CURVE encrypt, and let in known peers alone: both ends prove "
    "who they are. The plain program beside each does not, and is otherwise the same. The "
    "handshake is over before a window opens."
)


def encrypts(program: ProgramRow) -> bool:
    """Say whether a program promises to encrypt."""
    return ENCRYPTS in program.promise.split(", ")


def encryption(data: Data) -> Section:
    """Return the section; it is empty for a run without such programs."""
    secured = [pair for pair in data.compared if encrypts(pair.a)]
    price = [pair for pair in secured if not encrypts(pair.b)]
    among = [pair for pair in secured if encrypts(pair.b)]
    if not secured:
        return Section("encryption", TITLE)
    made = [
        comparison_table(price, data.stacks, "Programs with keys beside plain ones"),
        comparison_table(among, data.stacks, "Programs with keys on two stacks"),
        _written(data, price),
    ]
    return Section("encryption", TITLE, [LEAD], tables=[t for t in made if t.rows])


def _written(data: Data, price: Sequence[Comparison]) -> Table:
    """Return how many statements each program has, and its plain counterpart."""
    statements = data.statements
    pairs = {(pair.a.cell, pair.b.cell): pair for pair in price}
    known = (pair for cells, pair in pairs.items() if {*cells} <= statements.keys())
    columns: Columns[Comparison] = {
        "workload": lambda pair: words.workload(pair.a.workload),
        "with keys": lambda pair: data.cell(pair.a),
        "plain": lambda pair: data.cell(pair.b),
        "statements with keys": lambda pair: str(statements[pair.a.cell]),
        "statements plain": lambda pair: str(statements[pair.b.cell]),
    }
    return Table.of(known, columns, "Statements to write")
