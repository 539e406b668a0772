"""Statements that all stacks have word for word are counted once for all of them."""

from __future__ import annotations

import pytest

from bench.analysis.code_rows import Code, ProgramCode, program_code
from bench.analysis.in_common import in_common
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.contract.rows import ProgramRow
from bench.measure.code.programs import described


def code(**programs: str) -> Code:
    """Return programs as a run keeps them: ``zmq_minimal`` is one of a stack's variant."""
    rows, texts = [], {}
    for name, text in programs.items():
        stack, variant = name.split("_")
        texts[f"{name}.py"] = text
        program = ProgramRow(
            workload="pipeline", stack=stack, variant=variant, language="python", cell=name
        )
        rows.append(ProgramCode(program=program, files=(f"{name}.py",), statements=0))
    return Code(rows, [], texts)


SAME = "def keep(task):\n    tasks.append(task)\n"


def test_statements_of_every_stack_are_common_in_any_layout() -> None:
    found = in_common(
        code(zmq_minimal=f"{SAME}send(task)\n", http_minimal=f"post(task)\n\n# why\n{SAME}")
    )
    assert found == {"zmq_minimal": 2, "http_minimal": 2}


def test_a_statement_that_one_stack_lacks_is_not_common() -> None:
    found = in_common(code(zmq_minimal=SAME, http_minimal=SAME, tcp_minimal="other()\n"))
    assert set(found.values()) == {0}


def test_a_common_statement_counts_as_often_as_every_stack_has_it() -> None:
    found = in_common(code(zmq_minimal="a()\na()\na()\n", http_minimal="a()\na()\n"))
    assert found == {"zmq_minimal": 2, "http_minimal": 2}


def test_a_variant_that_a_stack_lacks_is_left_out() -> None:
    more = code(zmq_minimal=SAME, http_minimal=SAME, zmq_resilient=SAME)
    assert set(in_common(more)) == {"zmq_minimal", "http_minimal"}
    assert in_common(code(zmq_minimal=SAME, zmq_resilient=SAME)) == {}


@pytest.mark.thorough
def test_resilient_programs_share_a_part_and_never_the_whole() -> None:
    kept, _ = described(find_cells([IMPLEMENTATIONS]))
    programs = [*map(program_code, kept["programs"])]
    same = in_common(Code(programs, [], kept["texts"]))
    rows = [row for row in programs if row.program.variant == "resilient"]
    assert len(rows) == 9
    for row in rows:
        assert 0 < same[row.program.cell] < row.statements
