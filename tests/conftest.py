"""How the tests run: side by side, each with a time limit, and none about speed.

`make test` leaves out the tests that are marked ``thorough``, and counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import settings
from once import for_all_workers

# hypothesis sets no deadline for an example, on any machine
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

PATIENCE_S = 120.0
BOUNDS = (
    *(f"bench.trial.trial.{what}_S" for what in ("READY", "JOIN", "WINDOW", "RESULT")),
    *(f"bench.faults.processes.{what}_S" for what in ("READY", "JOIN")),
    "bench.faults.trial.JOIN_S",
)
"""How long a trial waits for what takes a moment. A test of a program that hangs sets the
bound that it waits for."""

LEFT_OUT = pytest.StashKey[int]()
REPORTED = "thorough_left_out"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kills", type=int, default=4, help="kills of a harness during chaos (default: 4)"
    )


@pytest.fixture(autouse=True, scope="session")
def own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the runs of one worker exclude each other, and no run of anybody else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOMIDDLE_LOCK", str(tmp_path_factory.mktemp("lock")))
        yield


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let all workers share the checks of this session, and none of the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(for_all_workers(tmp_path_factory) / "cache"))
        yield


@pytest.fixture(autouse=True, scope="session")
def patience() -> Iterator[None]:
    """A busy machine is no broken program: trials wait longer than usual."""
    with pytest.MonkeyPatch.context() as patch:
        for bound in BOUNDS:
            patch.setattr(bound, PATIENCE_S)
        yield


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    if items:
        stash = items[0].config.stash
        thorough = sum("thorough" in item.keywords for item in items)
        stash[LEFT_OUT] = stash.get(LEFT_OUT, 0) + thorough


def pytest_sessionfinish(session: pytest.Session) -> None:
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told[REPORTED] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take the number from a worker: each of them has seen all tests."""
    config, told = getattr(node, "config"), getattr(node, "workeroutput", {})  # noqa: B009
    config.stash[LEFT_OUT] = told.get(REPORTED, config.stash.get(LEFT_OUT, 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if left_out := terminalreporter.config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"{left_out} more tests run with `make test-all` only")
