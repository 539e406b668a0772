"""Sentences about hosts apart: which machines they are, and how far their clocks."""

from __future__ import annotations

from bench.analysis.clocks import clock_bound_us
from bench.analysis.networks import delay_of
from bench.report import words
from bench.report.model import Data
from bench.run.manifest import HOSTED, SITES
from bench.sites.standing import NAMESPACES


def machines(data: Data) -> list[str]:
    """Return what hosts apart are, as a sentence; none where a run has no such hosts."""
    kind = data.run.about.get(HOSTED)
    if kind is None:
        return []
    if kind == NAMESPACES:
        said = "In this run, hosts apart are two network namespaces of one machine"
        delay_ms = delay_of(data.run.about)
        if delay_ms is None:
            return [f"{said}."]
        held = f"The link between them holds each packet for {delay_ms:g} ms in each"
        return [f"{said}. {held} direction."]
    machines = "; ".join(
        "host {host} ({plays}): {cpu}, {cpus} CPUs, Linux {kernel}".format(**site)
        for site in data.run.about[SITES]
    )
    return [f"In this run, hosts apart are machines of a cluster: {machines}."]


def clocks(data: Data) -> list[str]:
    """Return how wrong times between two hosts may be, as a sentence; none on one clock."""
    bound_us = clock_bound_us(data.run.trials)
    if not bound_us:
        return []
    return [
        "One way between two hosts, two clocks stamp a message. Packets between the hosts "
        f"bound how far these are apart, to within {words.time_us(bound_us)} at worst. "
        "Intervals and ratios are wider by that much."
    ]
