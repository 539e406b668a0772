"""The summary of a run that measured little: one stack, two programs, one workload.

It answers what such a run can answer, names no winner that had no rival, and shows how far
to believe it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import synthetic

from bench.analysis.results import load
from bench.contract.model import Case
from bench.report.build import derive, opening
from bench.report.pages import page
from bench.report.sections.content import facts_line, sections
from bench.report.words import machine

Keep = Callable[[Case], bool]
NONSENSE = ("of 0", "in 0 of", "nan", "None", "makes 0", "no useful bound", "****")


def summary(
    folder: Path, keep: Keep, profile: str = "quick", blocks: int | None = None
) -> dict[str, str]:
    """Return the answers of the summary of such a run, and under '' all of its text."""
    made = synthetic.make(folder, profile=profile, blocks=blocks, keep=keep)
    data = derive(load(made), draw=False)
    about = {"facts": facts_line(data), "machine": machine(data.run.about)}
    parts = {**about, **opening(data), "answer": sections(data)[0]}
    text = page.markdown(parts, "SUMMARY.md")
    for words in NONSENSE:
        assert words not in text, text
    return {"": text, **dict(re.findall(r"^\| (.*\?) \| \*\*(.*)\*\* \|$", text, re.M))}


def of_stacks(*stacks: str, fault: bool = True) -> Keep:
    return lambda case: case.cell.stack.name in stacks and (fault or not case.fault)


@pytest.mark.thorough
@pytest.mark.parametrize("stack", ["zmq", "http", "raw_socket"])
def test_a_run_of_one_stack_names_no_winner(stack: str, tmp_path: Path) -> None:
    found = summary(tmp_path / "run", of_stacks(stack))
    text = found.pop("")
    assert "Grade C" in text
    assert "A/A check" in text
    for question, said in found.items():
        assert "survives" in question or said == "Not tested.", (question, said)
        assert "all survive" not in said, "there is no other"


def test_a_run_without_answers_is_called_so_and_has_no_empty_table(
    tmp_path: Path,
) -> None:
    text = summary(tmp_path / "run", of_stacks("raw_socket", fault=False))[""]
    assert "compared no two stacks" in text
    assert "| question |" not in text
    assert "Grade C" in text


def test_a_run_of_two_programs_answers_for_them_alone(tmp_path: Path) -> None:
    two = ("zmq/minimal/request_reply.py", "raw_socket/minimal/request_reply.py")
    found = summary(tmp_path / "run", lambda case: case.cell.id in two and not case.fault)
    text = found.pop("")
    assert "Screening only: 6 repetitions" in text
    assert (
        found["Which is fastest for small requests?"] == "BSD sockets (programs in Python)"
    )
    assert found["Which is shortest while nothing fails?"] == "ZeroMQ (programs in Python)"
    assert re.match(r"In 1 of 1 comparison$", found["Where does ZeroMQ lose?"])
    assert "HTTP" not in "".join(found.values())


@pytest.mark.parametrize("workload", ["request_reply", "fan_out", "pipeline"])
def test_a_run_of_one_workload_speaks_of_no_other(workload: str, tmp_path: Path) -> None:
    found = summary(tmp_path / "run", lambda case: case.cell.workload.name == workload)
    text = found.pop("")
    names = {"request_reply": "equest/reply", "fan_out": "an-out", "pipeline": "ipeline"}
    others = [name for key, name in names.items() if key != workload]
    assert found
    assert not [name for name in others if name in text]
    assert "Which survives a killed server, back after 0.5 s?" in found


def test_a_run_that_could_decide_nothing_does_not_say_that_zeromq_loses_nowhere(
    tmp_path: Path,
) -> None:
    found = summary(
        tmp_path / "run", lambda case: case.cell.workload.name == "pipeline", blocks=3
    )
    said = found["Where does ZeroMQ lose?"]
    assert re.match(r"Undecided in all \d+ comparisons$", said), said
