"""Python against C, and what changes with the task: computed, whichever way it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis import change_cost
from bench.analysis.change_cost import NOT_CHECKED, NOT_OFFERED, NOT_PASSED, changed
from bench.analysis.code_rows import Check, Code, ProgramCode
from bench.analysis.language_cost import A_FEW, REFUTED, UPHELD, CPort, c_ports, sentence
from bench.contract.rows import ProgramRow


def program(
    variant: str, language: str, lines: int, endings: int | None = None
) -> ProgramCode:
    about = ProgramRow(
        stack="zmq", workload="request_reply", variant=variant, language=language
    )
    return ProgramCode(
        program=about,
        files=(),
        statements=lines,
        tokens=9 * lines,
        lines=lines,
        endings=endings,
    )


def pair(python: int, slide: int | None, checked: int) -> CPort:
    rows = [program("minimal", "python", python), program("minimal", "c", checked)]
    if slide is not None:
        rows.append(program("slide", "c", slide))
    (found,) = c_ports(rows)
    return found


@pytest.mark.parametrize(
    ("lines", "verdict", "said"),
    [
        ((12, 14, 20), UPHELD, "A few (which are 10 at most), and checking is the rea"),
        ((12, 19, 21), REFUTED, "A few (which are 10 at most), and checking is not th"),
        (
            (12, 14, 90),
            REFUTED,
            "More than a few (which are 10 at most), and checking is the r",
        ),
        (
            (12, 80, 90),
            REFUTED,
            "More than a few (which are 10 at most), and checking is not t",
        ),
        ((12, None, 13), UPHELD, "A few (which are 10 at most), and nothing here tell"),
        (
            (12, None, 99),
            REFUTED,
            "More than a few (which are 10 at most), and nothing here te",
        ),
    ],
)
def test_a_claim_of_the_talk_is_upheld_if_both_its_parts_hold(
    lines: tuple[int, int | None, int], verdict: str, said: str
) -> None:
    found = pair(*lines)
    assert found.verdict == verdict
    assert said in sentence(found, "ZeroMQ", "request/reply")


def test_the_sentence_about_a_c_port_has_all_its_numbers() -> None:
    said = sentence(pair(12, 35, 99), "ZeroMQ", "request/reply")
    for part in ("12 statements in Python", "99 in C", "+87", "+23", ": 35)", "+64"):
        assert part in said


def test_statements_that_end_a_program_in_c_are_counted_apart() -> None:
    rows = [
        program("minimal", "python", 12, endings=0),
        program("minimal", "c", 55, endings=11),
    ]
    (found,) = c_ports(rows)
    assert found.endings == 11
    said = sentence(found, "ZeroMQ", "request/reply")
    assert "11 return from a role and free what it holds" in said
    older = pair(12, 35, 99)  # of a run that did not count them
    assert older.endings is None
    assert "free what it holds" not in sentence(older, "ZeroMQ", "request/reply")


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_language_and_checking_make_up_the_whole_difference_of_a_c_port(
    python: int, slide: int, checked: int
) -> None:
    found = pair(python, slide, checked)
    for measure in ("lines", "statements", "tokens"):
        language, checking = found.language(measure), found.checking(measure)
        assert language is not None
        assert checking is not None
        assert language + checking == found.more(measure)
    assert found.is_few == (checked - python <= A_FEW)


def test_a_program_without_its_c_port_is_left_out() -> None:
    assert c_ports([program("minimal", "python", 12), program("resilient", "c", 9)]) == []


# --- Flexibility ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ("abc", "abc", 0),
        ("abc", "abxc", 1),
        ("abc", "ac", 1),
        ("abc", "axc", 1),  # replaced, not taken out and put in
        ("abc", "axyc", 2),
        ("", "abc", 3),
    ],
)
def test_changed_statements_equal_a_count_by_hand(
    before: str, after: str, count: int
) -> None:
    assert changed(before, after) == count


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd")))
def test_no_more_statements_change_than_two_programs_have(
    before: list[str], after: list[str]
) -> None:
    count = changed(before, after)
    assert abs(len(before) - len(after)) <= count <= len(before) + len(after)
    assert (count == 0) == (before == after)


def code(files: dict[str, str], programs: dict[str, Sequence[str]]) -> Code:
    rows = [kept(workload, files=tuple(of)) for workload, of in programs.items()]
    return Code(rows, [], files)


def kept(workload: str, stack: str = "zmq", **more: Any) -> ProgramCode:
    cell = f"{stack}/minimal/{workload}.py"
    about = ProgramRow(
        stack=stack, variant="minimal", language="python", workload=workload, cell=cell
    )
    return ProgramCode(**{"program": about, "files": (), "statements": 0, **more})


def test_shared_files_are_no_change_and_others_count_whole() -> None:
    made = code(
        {
            "a.py": "import wire\nx = 1\n",
            "b.py": "import wire\nx = 1  # the same\ny = 2\n",
            "wire.py": "z = 3\nz = 4\n",
            "more.py": "def f():\n    return 1\n",
        },
        {"fan_out": ["b.py", "wire.py", "more.py"], "request_reply": ["a.py", "wire.py"]},
    )
    (found,) = change_cost.between_workloads(made)
    assert (found.first, found.second) == ("request_reply", "fan_out")
    assert found.changed == 1 + 2


CHECKS = [
    Check("zmq/minimal/fan_out.py", "tcp", ""),
    Check("zmq/minimal/fan_out.py", "ipc", ""),
    Check("zmq/minimal/fan_out.py", "inproc", "3 lost"),
]
FAN_OUT = kept("fan_out", transports=("tcp", "ipc", "inproc"))
OTHER = kept("fan_out", "http", transports=("tcp",))


def test_a_transport_costs_nothing_where_one_file_passed_over_both() -> None:
    assert change_cost.between_transports(FAN_OUT, CHECKS, "tcp", "ipc") == 0
    assert change_cost.between_transports(FAN_OUT, CHECKS, "tcp", "inproc") == NOT_PASSED
    assert change_cost.between_transports(OTHER, CHECKS, "tcp", "ipc") == NOT_OFFERED
    ipc = replace(OTHER, transports=("tcp", "ipc"))
    assert change_cost.between_transports(ipc, CHECKS, "tcp", "ipc") == NOT_CHECKED


def test_more_peers_cost_nothing_where_check_passed() -> None:
    assert change_cost.between_peers(FAN_OUT, CHECKS) == NOT_PASSED
    assert change_cost.between_peers(FAN_OUT, CHECKS[:2]) == 0
    assert change_cost.between_peers(OTHER, CHECKS) == NOT_CHECKED
    assert change_cost.between_peers(FAN_OUT, CHECKS[:0]) == NOT_CHECKED
