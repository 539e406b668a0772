"""The trials with a fault of each profile: programs, their faults, and repeats."""

from __future__ import annotations

from collections.abc import Iterator

from bench.faults.all_faults import controls
from bench.measure.levels import BESIDE, FAULTS_OF, L1, L2
from bench.run.plan import INSTANCES, Group

VARIANTS = ("*/minimal/", "*/resilient/")
"""The variants for trials with a fault: library defaults, and equal guarantees."""


def _recovery(
    faults: tuple[str, ...],
    blocks: int,
    *more: str,
    workloads: tuple[str, ...] = tuple(INSTANCES),
    but: tuple[str, ...] = (),
) -> tuple[Group, ...]:
    """Plan these faults for both variants, each cell with the faults that apply to it."""
    cells = [f"{variant}{workload}.py" for variant in VARIANTS for workload in workloads]
    return (Group((*cells, *more), faults=faults, but=but, blocks=blocks, leaving_out=()),)


CONTROLS = tuple(sorted(controls()))
"""Trials in which nothing breaks: what they show otherwise is the harness's doing."""


def _middle(blocks: int, faults: str = "middle_killed") -> tuple[Group, ...]:
    """Plan to kill the proxy of each cell that has one."""
    return (Group(("*/proxied/*",), faults=(faults,), blocks=blocks, leaving_out=()),)


RESTARTED = (
    "*/reconnecting/fan_out.py",
    "*/reconnecting/pipeline.py",
    "*/lossless/fan_out.py",
)
"""Programs beside both variants.

They are the smallest programs that survive a restart, and the lossless fan-out of a stack
whose minimal one may lose.
"""
HEARTBEATS = "*/heartbeats/*"
"""Programs with heartbeats alone, to see their effect when a link is cut."""
RESTARTS = FAULTS_OF[L1]
"""The faults of the first level: every program in trials with a fault gets them."""
QUICK_RECOVERY = (
    *_recovery(RESTARTS, 3, "*/reconnecting/request_reply.py", *RESTARTED),
    *_recovery(("link_cut_1s",), 3, workloads=("request_reply",)),
    *_middle(3),
)
TIMES_OF = {
    "request_reply": ("application_hung", "server_frozen", "link_reset", "link_cut_4s"),
    "fan_out": ("link_cut_4s",),
    "pipeline": ("worker_killed", "link_reset", "link_cut_4s"),
}
"""Beside restarts, the faults of both variants in `standard`, five trials each."""
YES_OR_NO = ("worker_slow", *BESIDE)
"""Further faults of both variants in `standard`, three trials each."""
STALLED = ("subscriber_stalled",)
"""The same, also for a lossless fan-out, which must keep its promise in another way."""


def _rest_of_the_last_level(blocks: int) -> Iterator[Group]:
    """Yield the other faults of the last level, for programs that should reach it.

    Each has a yes or no as its result.
    """
    for workload, times in TIMES_OF.items():
        yield Group(
            (f"*/resilient/{workload}.py",),
            faults=FAULTS_OF[L2],
            but=(*RESTARTS, *times, *YES_OR_NO, *STALLED),
            blocks=blocks,
            leaving_out=(),
        )


STANDARD_RECOVERY = (
    *_middle(5),
    *_recovery(RESTARTS, 5, "*/reconnecting/request_reply.py", *RESTARTED),
    *(
        group
        for workload, times in TIMES_OF.items()
        for group in _recovery(times, 5, workloads=(workload,))
    ),
    Group((HEARTBEATS,), faults=("link_cut_4s",), blocks=5, leaving_out=()),
    *_recovery(YES_OR_NO, 3),
    *_recovery(CONTROLS, 3),
    *_recovery(STALLED, 3, "*/lossless/fan_out.py"),
    *_rest_of_the_last_level(3),
)
TIMED_FAULTS = (
    "server_killed",
    "server_killed_busy",
    "server_frozen",
    "application_hung",
    "worker_killed",
    "worker_slow",
    "power_lost",
    "link_cut_1s",
    "link_cut_4s",
    "link_reset",
)
"""Faults whose result is a time, which differs from trial to trial: ten repeats.

The other faults have a yes or no, which is the same each time, so that trials are better
spent here. A stalled subscriber has a time too, but takes ten seconds of the whole machine.
"""
LONG_FAULTS = ("link_cut_16s", "silent_connections_31s")
"""Faults of half a minute a trial: few repeats, to see that they agree."""
FULL_RECOVERY = (
    *_recovery(TIMED_FAULTS, 10),
    *_recovery(("link_cut_1s", "link_cut_4s"), 10, HEARTBEATS),
    *_recovery(("link_cut_2s", "link_cut_8s"), 5, HEARTBEATS),
    *_recovery(LONG_FAULTS, 3),
    *_recovery(("*",), 5, "*/reconnecting/*.py", "*/polling/*.py", but=LONG_FAULTS),
    *_middle(10, "middle_*"),
)
