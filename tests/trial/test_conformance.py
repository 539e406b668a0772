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
all of them do the same work. Hence this test: `bench.trial.conformance` sends every cell
messages of awkward sizes, of every byte value, by the thousand, to several peers at once,
one byte at a time and many in one segment. It looks at every one that comes back.

The cells in ``tests/cells/broken`` are wrong on purpose. They prove that the check can
fail, and that its reason names the mistake.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers_bench import BROKEN, hosts_of, thorough_but

import bench.trial.trial
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.trial.conformance import CheckResult, check

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
    "broken/secretly_batching/fan_out.py": [
        'promise: it does not promise "batches" in stack.toml',
        "segments for each message",
    ],
    "broken/waiting_lossy/fan_out.py": [
        'promise: it promises "loses" in stack.toml, but waits',
    ],
    "broken/pushing/pipeline.py": [
        'promise: it promises "acknowledges" in stack.toml, but handed out 300 of 300',
    ],
    "broken/one_at_a_time/request_reply.py": [
        'promise: it promises "concurrent" in stack.toml, but handles one at a time',
    ],
    "broken/forgetting_large/pipeline.py": [
        "size limit: a message of 1048577 bytes",
        "was dropped in silence",
    ],
    "broken/limitless/pipeline.py": [
        "size limit: a message of 1048577 bytes",
        "is refused by an error without the limit",
        "ValueError: too large",
    ],
    "broken/handing_all_back/pipeline.py": [
        "size limit: a message of 1048576 bytes, the limit in stack.toml, did not arrive",
    ],
    "broken/unencrypted/fan_out.py": ['is "tls"', "a stranger without its keys received"],
    "broken/trusting_all/request_reply.py": [
        'is "curve"',
        "a stranger without its keys received",
    ],
    "broken/open_source/pipeline.py": ["a stranger without its keys received"],
    "broken/handing_all_back/request_reply.py": [
        "size limit: a message of 1048576 bytes, the limit in stack.toml, did not arrive",
    ],
    "lacking/minimal/request_reply.py": [
        "needs nomiddle-no-such-library",
        "pip install nomiddle-no-such-library",
    ],
}
HANGING = {
    "broken/hanging/request_reply.py": ("WINDOW_S", "the window did not end within 3 s"),
    "broken/deaf/request_reply.py": ("JOIN_S", "no process listened at tcp://"),
}
"""Cells that hang, the bound that ends each, and the reason it gives."""
ONE_RECV_S = 20.0
"""A cell that waits for the rest of a message ends by a bound, too: a shorter one."""
RIGHT = [
    "broken/printing/request_reply.py tcp",
    "broken/handing_back/pipeline.py tcp",
    "broken/handing_back/request_reply.py tcp",
]


QUICK = [
    "raw_socket/minimal/request_reply.py tcp",
    "raw_socket/minimal/pipeline.py ipc",
    "http/minimal/request_reply.py tcp",
    "zmq/minimal/fan_out.py inproc",
    "zmq/minimal/request_reply.py tcp",
]
QUICKLY_FOUND = [
    "broken/wrong_reply/request_reply.py",
    "broken/lost_task/pipeline.py",
    "broken/duplicated/fan_out.py",
    "lacking/minimal/request_reply.py",
]


@pytest.fixture
def verdict(tmp_path: Path) -> Verdict:
    return lambda pair: check(*pair, tmp_path)


@pytest.mark.parametrize("pair", thorough_but(QUICK, REAL))
def test_a_program_keeps_the_contract_of_its_workload(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    result = verdict(pair)
    if result.skipped and pair[0].language == "c":
        pytest.skip(result.reason)  # a compiler is optional
    assert result.reason == ""


@pytest.mark.parametrize(
    "pair", thorough_but(QUICKLY_FOUND, {cell: WRONG[f"{cell} tcp"] for cell in REASONS})
)
def test_a_broken_program_is_caught_and_the_reason_names_its_error(
    pair: tuple[Cell, str], verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pair[0].variant.name == "one_recv":
        monkeypatch.setattr(bench.trial.trial, "JOIN_S", ONE_RECV_S)
        monkeypatch.setattr(bench.trial.trial, "WINDOW_S", ONE_RECV_S)
    result = verdict(pair)
    assert not result.passed
    for words in REASONS[result.cell]:
        assert words in result.reason


@pytest.mark.thorough
@pytest.mark.parametrize(
    "pair", thorough_but(RIGHT[:1], {name: WRONG[name] for name in RIGHT})
)
def test_a_program_may_print_and_may_return_a_value(
    pair: tuple[Cell, str], verdict: Verdict
) -> None:
    assert verdict(pair).reason == ""


@pytest.mark.thorough
@pytest.mark.parametrize("cell", HANGING)
def test_a_program_that_hangs_is_killed_after_a_time(
    cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound, reason = HANGING[cell]
    monkeypatch.setattr(bench.trial.trial, bound, 3.0)
    result = check(*WRONG[f"{cell} tcp"], tmp_path)
    assert reason in result.reason
    assert not hosts_of(os.getpid())


def test_every_broken_program_has_an_expectation() -> None:
    assert set(WRONG) == {
        *(f"{cell} tcp" for cell in (*REASONS, *HANGING)),
        *RIGHT,
    }
