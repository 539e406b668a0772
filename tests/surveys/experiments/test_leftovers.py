"""Whoever kills the command in the middle of an experiment leaves nothing behind."""

from __future__ import annotations

import os
import signal
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from helpers_bench import start_bench
from helpers_network import processes_marked, wait_for

FULL_SWING = 4
"""How many processes there are at least, with the command, when all have begun."""


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name", ["wire", "push", "strangers", "hung_program", "footprint", "tls_and_cores"]
)
def test_killing_the_command_ends_every_process_of_an_experiment(
    name: str, tmp_path: Path
) -> None:
    mark = uuid.uuid4().hex
    out = tmp_path / "experiments.json"
    seen: set[int] = set()
    command = start_bench("experiments", "--only", name, "--out", out, NOMIDDLE_MARK=mark)

    def has_begun() -> bool:
        now = processes_marked(mark)
        seen.update(now)
        return len(now) > FULL_SWING or command.poll() is not None

    try:
        wait_for(has_begun)
        if command.poll() is not None:
            said = command.communicate()
            assert command.returncode == 0, said
            pytest.skip(f"not measurable here: {said}")
        command.kill()
        wait_for(lambda: not processes_marked(mark))
        assert len(seen) > FULL_SWING
        assert not processes_marked(mark)
    finally:
        for pid in processes_marked(mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        command.communicate()
