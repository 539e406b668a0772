"""Why the order of the stacks can differ between placements, in a run's own numbers."""

from __future__ import annotations

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import of_kind
from bench.contract.alike import BASELINE, MINIMAL, SUBJECT, Kind
from bench.contract.rows import PYTHON
from bench.report import ratio, sentences, words
from bench.report.model import Data, Section
from bench.run.plan import SMALL_BYTES

WORKLOAD, QUANTITY = "request_reply", "latency"


def _pairs(data: Data) -> dict[str, Comparison]:
    """Return the subject against the baseline in each placement, both in Python."""
    return {
        pair.a.placement: pair
        for pair in of_kind(data.compared, Kind.DECLARED, Kind.FURTHER)
        if (pair.a.workload, pair.a.quantity) == (WORKLOAD, QUANTITY)
        and (pair.a.size_bytes, pair.a.transport) == (SMALL_BYTES, "tcp")
        and (pair.a.stack, pair.b.stack) == (SUBJECT, BASELINE)
        and pair.a.variant == pair.b.variant == MINIMAL
        and pair.a.language == PYTHON
    }


def placement(data: Data) -> Section:
    """Return three sentences; none where a placement was not measured."""
    title, pairs = "Why the order can differ between placements", _pairs(data)
    if not {"split", "shared"} <= pairs.keys():
        return Section("placement", title)
    first, second = (data.cell(case) for case in (pairs["split"].a, pairs["split"].b))
    times = {place: sentences.values(pair) for place, pair in pairs.items()}
    found = {
        place: ratio.short(sentences.entry(pair, data.stacks))
        for place, pair in pairs.items()
    }
    spoken = {place: [words.time_us(us) for us in pair] for place, pair in times.items()}
    said = [
        f"On one CPU no other CPU has to wake, so a round trip is only the work: "
        f"{spoken['shared'][0]} for {first}, {spoken['shared'][1]} for {second}: "
        f"{found['shared']}.",
        "On separate CPUs each message also wakes the CPU of its receiver, which costs "
        f"every stack about the same time. The same round trips take {spoken['split'][0]} "
        f"and {spoken['split'][1]}: {found['split']}. If the other CPU does "
        "part of the work at the same time, the order may change.",
    ]
    mixed = "If the scheduler decides, both mix, from trial to trial"
    if "free" in pairs:
        both = " and ".join(spoken["free"])
        said.append(f"{mixed}: {both}: {found['free']}.")
    else:
        said.append(f"{mixed}. The profile `full` measures that as well.")
    return Section("placement", title, said)
