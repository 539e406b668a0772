"""Keeps the environment of each block while a run is measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.run import archive as archives
from bench.run.archive import Archive
from bench.run.environment import Snapshot, between, canary_ms, take


def own_cpu_s() -> float:
    """Return the CPU time of this process and of all hosts that it has reaped."""
    import resource  # only Unix has it, and commands that only read work elsewhere too

    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = (resource.getrusage(who) for who in whose)
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


class EnvironmentRecorder:
    """Records the load of the machine during each block, after each of its trials.

    Resuming a block, or retrying a failed trial in it, is recorded as another attempt. The
    repetition of a block has a record of its own.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._kept: list[dict[str, Any]] = archive.read(archives.ENVIRONMENT) or []
        self._block: tuple[int, int] | None = None
        self._attempt = 0
        self._canary_ms = 0.0
        self._before: Snapshot
        self._used_before_s = 0.0

    @contextmanager
    def of(self, block: int, repeat: int = 0) -> Iterator[None]:
        """Record a block during one of its trials, and keep it before the trial's value."""
        self._enter((block, repeat))
        try:
            yield
        finally:
            self._note()

    def _enter(self, block: tuple[int, int]) -> None:
        if block == self._block:
            return
        self._block = block
        self._attempt = sum((k["block"], k["repeat"]) == block for k in self._kept)
        self._kept.append({})
        self._canary_ms = canary_ms()
        self._before, self._used_before_s = take(), own_cpu_s()

    def _note(self) -> None:
        assert self._block is not None
        used_s = own_cpu_s() - self._used_before_s
        seen = between(
            self._before, take(), used_s, self._canary_ms, *self._block, self._attempt
        )
        self._kept[-1] = seen.to_json()
        self._archive.write(archives.ENVIRONMENT, self._kept)
