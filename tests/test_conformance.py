"""Every cell keeps its workload's contract, and one that does not is caught.

Start here to understand the project. No Middle measures the same three workloads on
BSD sockets, HTTP and ZeroMQ:

request_reply   a client asks, a server answers: one right reply to each request
fan_out         a publisher sends each message to all who subscribe
pipeline        a distributor hands each task to one worker, a collector gets the results

A *cell* is one such program in one file: ``implementations/<stack>/<variant>/
<workload>.py``. It knows transport only: an address and a stream of messages go in, a
stream of messages comes out. The harness runs each of its roles in a process of its own,
times it from outside, and compares stacks with each other, which means something only if
all of them do the same work. Hence this test: `bench.check` sends every cell messages of
awkward sizes, of every byte value, by the thousand, to several peers at once, one byte
at a time and many in one segment; and looks at every single one that comes back.

The cells in ``tests/broken`` are wrong on purpose. They prove that the check can fail,
and that its reason says what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers_bench import BROKEN, hosts_of

import bench.trial
from bench.check import CheckResult, check, check_all
from bench.contract import IMPLEMENTATIONS, Cell
from bench.find import find_cells

Verdict = Callable[[tuple[Cell, str]], CheckResult]


def _checkable(root: Path) -> dict[str, tuple[Cell, str]]:
    return {
        f"{cell.id} {transport}": (cell, transport)
        for cell in find_cells([root])
        for transport in cell.transports
        if cell.stack.name != "failing"  # what those do is for test_recovery.py to see
    }


REAL = _checkable(IMPLEMENTATIONS)
WRONG = _checkable(BROKEN)

REASONS = {
    "broken/wrong_reply/request_reply.py": [
        "700 wrong of 700",
        "reply 0 does not belong to request 0",
    ],
    "broken/stale_reply/request_reply.py": ["wrong of", "does not belong to request"],
    "broken/one_recv/request_reply.py": ["one byte at a time:"],
    "broken/raising/request_reply.py": [
        "serve.0 raised ValueError: out of luck",
        "raise ValueError",
    ],
    "broken/syntax_error/request_reply.py": [
        "exit status 1",
        "SyntaxError",
        "def serve(address, handle:",
    ],
    "broken/lost_task/pipeline.py": ["collect.0: 15 lost of 3000"],
    "broken/exiting/pipeline.py": ["work.", "exit status 3", "going, going"],
    "broken/missing_role/pipeline.py": ["collect.0", "has no function collect"],
    "broken/duplicated/fan_out.py": ["subscribe.", "3000 duplicated of 3000"],
    "broken/reordered/fan_out.py": ["subscribe.", "reordered of 3000"],
    "broken/corrupted/fan_out.py": ["wrong", "(4096 bytes) is not one that was sent"],
    "broken/ending_early/fan_out.py": ["subscribe.", "lost of 3000"],
    "broken/wrong_signature/fan_out.py": ["subscribe(address, topic)", "'topic'"],
    "broken/dropping/fan_out.py": ["subscribe.", "lost of 3000"],
    "broken/careless/fan_out.py": ["subscribe.", "30 lost of 3000"],
    "broken/text/fan_out.py": ["subscribe.", "yields str, not bytes"],
    "lacking/minimal/request_reply.py": [
        "needs nomiddle-no-such-library",
        "pip install nomiddle-no-such-library",
    ],
}
HANGING = {
    "broken/hanging/request_reply.py": "the window did not end within 3 s",
    "broken/deaf/request_reply.py": "nobody listened at tcp://",
}
RIGHT = ["broken/printing/request_reply.py tcp"]


@pytest.fixture(scope="module")
def verdict(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Verdict:
    """Check the cells of all selected tests at once, side by side."""
    wanted = dict.fromkeys(
        item.callspec.params["pair"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and "verdict" in item.fixturenames
    )
    logs = tmp_path_factory.mktemp("logs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.trial, "WINDOW_S", 120.0)  # a slow machine is no broken cell
        results = check_all(list(wanted), logs, lambda _: None)
    return dict(zip(wanted, results, strict=True)).__getitem__


@pytest.mark.parametrize("pair", REAL.values(), ids=REAL)
def test_a_cell_keeps_the_contract_of_its_workload(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    result = verdict(pair)
    if result.skipped and pair[0].language == "c":
        pytest.skip(result.reason)  # a compiler is optional
    assert result.reason == ""


@pytest.mark.parametrize(
    "pair", [WRONG[f"{cell} tcp"] for cell in REASONS], ids=list(REASONS)
)
def test_a_broken_cell_is_caught_and_the_reason_says_what_is_wrong(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    result = verdict(pair)
    assert not result.passed
    for words in REASONS[result.cell]:
        assert words in result.reason


@pytest.mark.parametrize("pair", [WRONG[name] for name in RIGHT], ids=RIGHT)
def test_what_a_cell_prints_disturbs_nothing(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    assert verdict(pair).reason == ""


@pytest.mark.parametrize("cell", HANGING)
def test_a_cell_that_hangs_is_killed_after_a_time(
    cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.trial, "WINDOW_S", 3.0)
    monkeypatch.setattr(bench.trial, "JOIN_S", 3.0)
    result = check(*WRONG[f"{cell} tcp"], tmp_path)
    assert HANGING[cell] in result.reason
    assert not hosts_of(os.getpid())


def test_every_broken_cell_has_an_expectation() -> None:
    assert set(WRONG) == {
        *(f"{cell} tcp" for cell in (*REASONS, *HANGING)),
        *RIGHT,
    }
