"""Python against C, and what changes with the task: computed, whichever way it goes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import flexibility
from bench.flexibility import NOT_CHECKED, NOT_OFFERED, NOT_PASSED, changed
from bench.twins import A_FEW, REFUTED, UPHELD, Twins, sentence, twins


def program(variant: str, language: str, lines: int, **more: object) -> dict[str, object]:
    return {
        "stack": "zmq",
        "workload": "request_reply",
        "variant": variant,
        "language": language,
        "lines": lines,
        "statements": lines,
        "tokens": 9 * lines,
        **more,
    }


def pair(python: int, slide: int | None, checked: int) -> Twins:
    rows = [program("minimal", "python", python), program("minimal", "c", checked)]
    if slide is not None:
        rows.append(program("slide", "c", slide))
    (found,) = twins(rows)
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
def test_the_sentence_of_the_talk_is_upheld_where_both_its_parts_hold(
    lines: tuple[int, int | None, int], verdict: str, said: str
) -> None:
    found = pair(*lines)
    assert found.verdict == verdict
    assert said in sentence(found, "ZeroMQ", "request/reply")


def test_the_sentence_has_all_numbers() -> None:
    said = sentence(pair(12, 35, 99), "ZeroMQ", "request/reply")
    for part in ("12 statements in Python", "99 in C", "+87", "+23", ": 35)", "+64"):
        assert part in said


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_what_language_and_checking_cost_is_all_of_it(
    python: int, slide: int, checked: int
) -> None:
    found = pair(python, slide, checked)
    for measure in ("lines", "statements", "tokens"):
        language, checking = found.language(measure), found.checking(measure)
        assert language is not None
        assert checking is not None
        assert language + checking == found.more(measure)
    assert found.is_few == (checked - python <= A_FEW)


def test_a_program_without_its_twin_is_left_out() -> None:
    assert twins([program("minimal", "python", 12), program("resilient", "c", 9)]) == []


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
def test_changed_statements_by_hand(before: str, after: str, count: int) -> None:
    assert changed(before, after) == count


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd")))
def test_no_more_is_changed_than_there_is(before: list[str], after: list[str]) -> None:
    count = changed(before, after)
    assert abs(len(before) - len(after)) <= count <= len(before) + len(after)
    assert (count == 0) == (before == after)


def code(files: dict[str, str], programs: dict[str, Sequence[str]]) -> dict[str, object]:
    rows = [
        {
            "stack": "zmq", "variant": "minimal", "language": "python",
            "workload": workload, "files": list(files), "statements": 0,
            "cell": f"zmq/minimal/{workload}.py",
        }
        for workload, files in programs.items()
    ]  # fmt: skip
    return {"programs": rows, "texts": files}


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
    (found,) = flexibility.between_workloads(made)
    assert (found["from"], found["to"]) == ("request_reply", "fan_out")
    assert found["changed"] == 1 + 2


CHECKS = pd.DataFrame(
    [
        {"cell": "zmq/minimal/fan_out.py", "transport": "tcp", "passed": True},
        {"cell": "zmq/minimal/fan_out.py", "transport": "ipc", "passed": True},
        {"cell": "zmq/minimal/fan_out.py", "transport": "inproc", "passed": False},
    ]
)
FAN_OUT = {"cell": "zmq/minimal/fan_out.py", "transports": ["tcp", "ipc", "inproc"]}
OTHER = {"cell": "http/minimal/fan_out.py", "transports": ["tcp"]}


def test_a_transport_costs_nothing_where_one_file_passed_over_both() -> None:
    assert flexibility.between_transports(FAN_OUT, CHECKS, "tcp", "ipc") == 0
    assert flexibility.between_transports(FAN_OUT, CHECKS, "tcp", "inproc") == NOT_PASSED
    assert flexibility.between_transports(OTHER, CHECKS, "tcp", "ipc") == NOT_OFFERED
    ipc = {**OTHER, "transports": ["tcp", "ipc"]}
    assert flexibility.between_transports(ipc, CHECKS, "tcp", "ipc") == NOT_CHECKED


def test_more_peers_cost_nothing_where_check_passed() -> None:
    assert flexibility.between_peers(FAN_OUT, CHECKS) == NOT_PASSED
    assert flexibility.between_peers(FAN_OUT, CHECKS[:2]) == 0
    assert flexibility.between_peers(OTHER, CHECKS) == NOT_CHECKED
    assert flexibility.between_peers(FAN_OUT, CHECKS[:0]) == NOT_CHECKED
