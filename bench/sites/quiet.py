"""The configuration with which workers of Dask leave a host nearly at rest.

As they come, workers look at themselves a hundred times a second. That takes CPU time, and
keeps a CPU awake that would sleep: the median of a round trip gets lower by it, and the
99th percentile higher. So a run refuses workers without these settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

YAML = """\
distributed:
  worker:
    profile: {enabled: false, interval: 10s, cycle: 60s}
    memory: {target: false, spill: false, pause: false, terminate: false,
             monitor-interval: 60s}
    http: {routes: []}
  admin:
    tick: {interval: 10s, cycle: 60s}
    system-monitor: {interval: 60s, disk: false, gil: {enabled: false}}
  scheduler:
    work-stealing: false
    active-memory-manager: {start: false}
    http: {routes: []}
  diagnostics: {nvml: false}
"""
"""For every scheduler, worker and nanny: a file in ~/.config/dask, or of $DASK_CONFIG.

Without routes their HTTP servers, which know no TLS, answer nothing.
"""

INTERVAL_MIN_S = 5.0
OFF = "distributed.worker.profile.enabled"
RARE = (
    "distributed.admin.tick.interval",
    "distributed.admin.system-monitor.interval",
    "distributed.worker.memory.monitor-interval",
)
LOOKED_AT = (OFF, *RARE)


def loud(settings: Mapping[str, Any]) -> list[str]:
    """Return the settings of a worker that would disturb a measurement, as "name: value".

    ``settings`` has the values of LOOKED_AT.
    """
    from dask.utils import parse_timedelta

    found = [OFF] if settings[OFF] else []
    for name in RARE:
        value = settings[name]
        if value and parse_timedelta(value, default="ms") < INTERVAL_MIN_S:
            found.append(name)
    return [f"{name}: {settings[name]}" for name in found]
