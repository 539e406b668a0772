"""The load of the machine during a block, and the grade of a run that follows from it.

Flags come from the environment only, never from a result. The kernel's pressure figure does
not separate the run's processes from others. So the work of others is the machine's busy
time less the CPU time of the run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

from bench.trial.ticks import Ticks, ticks_now

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")
CANARY_SPINS = 2_000_000
"""Turns of an empty loop: about 30 ms if a turn takes 16 ns."""
STEAL_MAX = 0.01
OTHER_CPU_MAX = 0.05
CANARY_SLOWER_MAX = 1.10
CLOCK_JUMP_MAX_MS = 50.0
FLAGGED_MAX_B = 0.05
NOISE_MAX_A = 0.02
NOISE_MAX_B = 0.05


@dataclass(frozen=True)
class Snapshot:
    """The machine's counters at one moment; None for counters that it does not have."""

    monotonic_ns: int
    wall_ns: int
    ticks: Ticks | None
    pressure_us: int | None
    throttled_us: int | None


@dataclass(frozen=True)
class BlockEnvironment:
    """The load of the machine during one block; None for counters that it does not have.

    ``canary_ms`` is how long a fixed piece of work took just before the block. Shares are
    of all CPU time that passed (0 to 1); ``pressure_share`` is of the time in which some
    process waited for a CPU, the run's own too, and is context only.
    """

    block: int
    repeat: int
    attempt: int
    canary_ms: float
    steal_share: float | None
    own_cpu_share: float | None
    other_cpu_share: float | None
    pressure_share: float | None
    clock_jump_ms: float
    throttled_ms: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        return cls(**{"repeat": 0, **kept})


@dataclass(frozen=True)
class Grade:
    """A (quiet), B or C (noisy), and why: each reason a sentence."""

    letter: str
    reasons: tuple[str, ...]


def parse_pressure(text: str) -> int | None:
    """Return the microseconds of ``some total=`` in /proc/pressure/cpu, None without."""
    for line in text.splitlines():
        kind, *fields = line.split() or [""]
        for field in fields:
            name, _, value = field.partition("=")
            if (kind, name) == ("some", "total") and value.isdigit():
                return int(value)
    return None


def parse_throttled(text: str) -> int | None:
    """Return ``throttled_usec`` of a cgroup's cpu.stat, None without."""
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == "throttled_usec" and value.strip().isdigit():
            return int(value)
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _own_cgroup(text: str) -> str:
    """Return the path in ``0::/path`` of /proc/self/cgroup (cgroup v2), "" without."""
    lines = [line for line in text.splitlines() if line.startswith("0::/")]
    return lines[0].removeprefix("0::/") if lines else ""


def take(proc: Path = PROC, cgroup: Path = CGROUP) -> Snapshot:
    """Read the machine's counters; counters that cannot be read are None."""
    own = cgroup / _own_cgroup(_read(proc / "self/cgroup"))
    return Snapshot(
        monotonic_ns=time.monotonic_ns(),
        wall_ns=time.time_ns(),
        ticks=ticks_now(proc / "stat"),
        pressure_us=parse_pressure(_read(proc / "pressure/cpu")),
        throttled_us=parse_throttled(_read(own / "cpu.stat")),
    )


def canary_ms(spins: int = CANARY_SPINS) -> float:
    """Return how many milliseconds a fixed piece of work takes now.

    A hypervisor may hide stolen time from its guests. It cannot hide that a loop takes
    longer.
    """
    began_ns = time.perf_counter_ns()
    for _ in range(spins):
        pass
    return (time.perf_counter_ns() - began_ns) / 1e6


def between(
    before: Snapshot,
    after: Snapshot,
    own_cpu_s: float,
    canary_ms: float,
    block: int,
    repeat: int,
    attempt: int,
) -> BlockEnvironment:
    """Return the environment of a block from the snapshots before and after it.

    ``own_cpu_s`` is the CPU time that the run's own processes used meanwhile, in seconds.
    """
    steal = own = other = None
    if before.ticks and after.ticks:
        passed_s = after.ticks.total_s - before.ticks.total_s
        if passed_s > 0:
            busy_s = after.ticks.busy_s - before.ticks.busy_s
            steal = (after.ticks.steal_s - before.ticks.steal_s) / passed_s
            own = own_cpu_s / passed_s
            other = max(0.0, busy_s - own_cpu_s) / passed_s
    elapsed_ns = after.monotonic_ns - before.monotonic_ns
    pressure = _difference(before.pressure_us, after.pressure_us)
    throttled = _difference(before.throttled_us, after.throttled_us)
    return BlockEnvironment(
        block=block,
        repeat=repeat,
        attempt=attempt,
        canary_ms=canary_ms,
        steal_share=steal,
        own_cpu_share=own,
        other_cpu_share=other,
        pressure_share=None
        if pressure is None or elapsed_ns <= 0
        else pressure * 1e3 / elapsed_ns,
        clock_jump_ms=(after.wall_ns - before.wall_ns - elapsed_ns) / 1e6,
        throttled_ms=None if throttled is None else throttled / 1e3,
    )


def _difference(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


Stretch = tuple[int, int, int]
"""A part of a run: block, repeat, attempt."""


def flags(blocks: Sequence[BlockEnvironment]) -> dict[Stretch, list[str]]:
    """Return the reasons to flag each stretch, in words; most have none.

    A canary counts as slow beside the median of the first pass, so that later passes do not
    change earlier flags.
    """
    first = [block.canary_ms for block in blocks if not block.repeat]
    usual_ms = median(first or [block.canary_ms for block in blocks] or [0.0])
    return {(b.block, b.repeat, b.attempt): _reasons(b, usual_ms) for b in blocks}


def spoiled_blocks(blocks: Sequence[BlockEnvironment], repeat: int = 0) -> list[int]:
    """Return the blocks of one pass that have a flag in any of their stretches."""
    found = flags(blocks)
    return sorted({key[0] for key, why in found.items() if why and key[1] == repeat})


def slow_or_jumped(
    canary_ms: float, usual_ms: float, slower_max: float, clock_jump_ms: float
) -> list[str]:
    """Return what is wrong with a canary, beside the usual one, and with the clock."""
    found = []
    if canary_ms > slower_max * usual_ms:
        slower = 100 * (canary_ms / usual_ms - 1)
        found.append(f"canary {slower:.0f} % slower than usual")
    if abs(clock_jump_ms) > CLOCK_JUMP_MAX_MS:
        found.append(f"the clock jumped by {clock_jump_ms:.0f} ms")
    return found


def _reasons(block: BlockEnvironment, usual_ms: float) -> list[str]:
    found = []
    if (block.steal_share or 0) > STEAL_MAX:
        found.append(f"{100 * (block.steal_share or 0):.1f} % of the CPU time stolen")
    if (block.other_cpu_share or 0) > OTHER_CPU_MAX:
        share = 100 * (block.other_cpu_share or 0)
        found.append(f"other processes took {share:.1f} % of the CPU time")
    found += slow_or_jumped(
        block.canary_ms, usual_ms, CANARY_SLOWER_MAX, block.clock_jump_ms
    )
    if (block.throttled_ms or 0) > 0:
        found.append(f"throttled for {block.throttled_ms:.0f} ms")
    return found


def grade(flagged_share: float, noise_half_widths: Sequence[float]) -> Grade:
    """Grade a run by its environment and by how far its A/A copies are from 1.

    A: no round flagged and every half-width below 2 %; B: fewer than 5 % of the rounds
    flagged and every half-width below 5 %; C: anything else, or no A/A copy to tell by.
    ``flagged_share`` is of the rounds, or of the blocks of a run without rounds, between 0
    and 1. Half-widths are as of ``stats.noise_half_width``: 0.03 for 3 %.
    """
    widest = max(noise_half_widths, default=math.inf)
    if any(math.isnan(width) for width in noise_half_widths):
        widest = math.inf
    noise = f"Two copies of one program may differ by up to {per_cent(widest)}."
    if math.isinf(widest):
        noise = "The noise is unknown: no program was measured twice often enough."
    if flagged_share == 0 and widest < NOISE_MAX_A:
        letter = "A"
    elif flagged_share < FLAGGED_MAX_B and widest < NOISE_MAX_B:
        letter = "B"
    else:
        letter = "C"
    return Grade(letter, (noise, _why(letter, flagged_share, widest)))


def per_cent(share: float) -> str:
    """Return by how much copies may differ, in the digits of all texts: "20.6 %"."""
    return f"{100 * share:.1f} %"


GRADE_RULE = (
    "A: nothing else disturbed any repetition, and copies of one program differ by less "
    f"than {100 * NOISE_MAX_A:g} %. B: fewer than {100 * FLAGGED_MAX_B:g} % of the "
    f"repetitions were disturbed, and copies differ by less than {100 * NOISE_MAX_B:g} %. "
    "C: all other runs."
)
"""The rule of ``grade`` in words."""


def _why(letter: str, flagged_share: float, widest: float) -> str:
    """Return what a grade rests on: what was disturbed, and noise if that is too large."""
    said, then = "Nothing else disturbed the repetitions", "but"
    if flagged_share:
        percent = f"{100 * flagged_share:.3g}"
        said, then = f"Something else disturbed {percent} % of the repetitions", "and"
    limit = NOISE_MAX_A if letter == "B" else NOISE_MAX_B
    if letter == "A" or widest < limit:
        return f"{said}."
    if math.isinf(widest):
        return f"{said}, {then} the noise is unknown."
    return f"{said}, {then} copies of one program may differ by up to {per_cent(widest)}."
