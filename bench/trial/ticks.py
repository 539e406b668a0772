"""CPU time of the whole machine, as the kernel counts it (proc(5))."""

from __future__ import annotations

from dataclasses import dataclass
from os import sysconf
from pathlib import Path

STAT = Path("/proc/stat")


@dataclass(frozen=True)
class Ticks:
    """CPU time of the whole machine since it started, in seconds summed over CPUs."""

    total_s: float
    busy_s: float
    steal_s: float


def parse_ticks(stat: str, tick_s: float) -> Ticks | None:
    """Read the first line of /proc/stat; None for anything else.

    The fields are user, nice, system, idle, iowait, irq, softirq, steal; guest time,
    which follows, is in user already.
    """
    name, *fields = (stat.splitlines() or [""])[0].split() or [""]
    if name != "cpu" or len(fields) < 8 or not all(field.isdigit() for field in fields):
        return None
    ticks = [int(field) * tick_s for field in fields[:8]]
    steal_s = ticks[7]
    idle_s = ticks[3] + ticks[4]
    return Ticks(sum(ticks), sum(ticks) - idle_s - steal_s, steal_s)


def ticks_now(stat: Path = STAT) -> Ticks | None:
    """Return the CPU time of the machine so far; None where the kernel does not tell."""
    try:
        return parse_ticks(stat.read_text(encoding="utf-8"), 1 / sysconf("SC_CLK_TCK"))
    except OSError:
        return None
