"""How to read a report, how it was made, and how many comparisons may be wrong."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.comparisons import FAMILY_ERROR, declared_without_ratio, of_kind
from bench.analysis.inference import family_error, holm
from bench.analysis.stats import BLOCKS_MIN
from bench.contract.alike import Kind
from bench.report import words
from bench.report.model import Data, Section

HOW_TO_READ = [
    "Every ratio is of times, the loser's over the winner's: 2.0x faster means half the "
    "time. For throughput it is the time per delivered message. numbers.json has the first "
    "program over the second.",
    "The unit of statistics is a block: every case once, in fresh processes and in random "
    "order. A ratio is computed block by block. The table shows the confidence that its "
    "interval (Hodges-Lehmann, exact Wilcoxon) really has. The sign interval beside it "
    "assumes less and is wider.",
    "Faster or slower: the whole interval lies more than 5 % from 1. Equivalent: the whole "
    "interval lies within 5 %. Otherwise the data cannot tell. Two copies of one program "
    "(A/A) check the run: if they differ, its ratios carry a caution.",
    "split: the driver on one set of CPUs, its peers on the other; every message also "
    "wakes a CPU. shared: everything on one CPU; only the work counts. Read both: the "
    "order of the stacks may differ.",
    "Loopback, one machine: no network card, no loss, packets as large as 64 KiB. A real "
    "network adds the same delay to every stack, so ratios are closer to 1 there.",
    "Compare ratios across machines, never absolute numbers. Round trips are round trips: "
    "some tools print half of one as latency.",
]
SINGLE_TRIALS = [
    "Each trial starts every role in a fresh process, waits until it is seen to listen, "
    "warms up, measures one window, and ends every process.",
    "Programs were measured in single trials, interleaved in random order within blocks; "
    "the seed is given below. They did not take turns, as compared programs do in newer "
    "runs.",
    "A pilot sizes a case's first window, the trial before each later one: about a fifth "
    "of a second of messages, fewer where 64 MiB or 200,000 of them are reached sooner.",
]
TURNS = [
    "Programs that are compared took turns. In a block their processes live side by side. "
    "In each round every program has one short window, in random order. Ratios are made "
    "within a round.",
    "Open loops, paced latency, resilient programs and the null stack had single trials. "
    "Blocks were made in random order; the seed is given below.",
    "A pilot sizes the windows of a case's first block, the block before those of each "
    "later one.",
]
CHECKED = "Each program is checked before it is timed. A program that fails has no number."
MEASURED = [
    "Latency of request/reply: a closed loop, one request at a time. Fan-out and pipeline: "
    "one way, paced at 200 and 100 messages a second, on one clock that all processes "
    "share. Throughput of request/reply is that of one client that waits for each reply.",
    "Throughput is counted where messages are consumed; losses stand beside it.",
    "Lossless fan-out is compared with lossless only. Lossy programs are shown with "
    "their losses and get no verdict: their losses depend on how much each may queue.",
    "CPU time is that of all threads of a role over the window, with the harness's own "
    "work. Memory is the peak above the memory of the process when it was ready.",
    "Code size counts a program with its local imports, without comments and layout. The "
    "programs on BSD sockets and ZeroMQ serve ipc as well as tcp, those on HTTP tcp only, "
    "except with aiohttp at both ends.",
    "The null stack (plain calls, no transport) shows the cost of the harness itself. No "
    "value is left out as an outlier.",
]
EXPLORATORY = (
    "All other comparisons are exploratory. Their q is the false-discovery rate: among all "
    "comparisons with a q this small, about this share differ from 1 only by chance."
)


def how_to_read(data: Data) -> Section:
    """Return the section of the report."""
    declared = of_kind(data.compared, Kind.DECLARED)
    p = [pair.times.p_beyond for pair in declared]
    blocks = min((pair.times.blocks_done for pair in declared), default=0)
    said = f"{declared_together(p, blocks)}{_without_ratio(data)} {EXPLORATORY}"
    return Section("read", "How to read this", [], [*HOW_TO_READ, said])


def _without_ratio(data: Data) -> str:
    lacking = [
        f"{a} and {b} in {case}"
        for case, a, b in declared_without_ratio(data.run, data.compared)
    ]
    return f" Declared, but without a result: {'; '.join(lacking)}." if lacking else ""


def declared_together(p_beyond: Sequence[float], blocks: int) -> str:
    """Return how many comparisons were declared, and how many are different together.

    ``p_beyond`` is the p of each: that its ratio lies within the margin. ``blocks`` is the
    smallest number of blocks of any.
    """
    number = len(p_beyond)
    if not number:
        return "This run measured none of the declared comparisons."
    if blocks < BLOCKS_MIN:
        return (
            f"This run has {words.plural(number, 'declared comparison')} from "
            f"{words.plural(blocks, 'block')} each, too few for an interval."
        )
    about = number * family_error(1, blocks)
    together = int((holm(p_beyond) <= FAMILY_ERROR).sum())
    return (
        f"This run has {words.plural(number, 'declared comparison')}, each with an "
        f"interval of about 95 % confidence. Expect about {words.number(about, digits=1)} "
        "of them to miss the true value. Tested together, with a chance of at most "
        f"{100 * FAMILY_ERROR:.0f} % that any finding is wrong (Holm), {together} of "
        f"{number} ratios lie more than 5 % from 1."
    )


def method(*, in_turns: bool) -> list[str]:
    """Return how a run was made: in single trials, or with programs that took turns."""
    return [CHECKED, *(TURNS if in_turns else SINGLE_TRIALS), *MEASURED]
