"""The outcome of a fault: one word for a chart, a few for a table or a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from bench.analysis.recovery_rows import Breached, Recovery
from bench.contract.alike import stack_order
from bench.contract.rows import ProgramRow
from bench.faults.breach import BreachKind
from bench.measure.recovery import BROKEN, KEPT, REPORTED, Told
from bench.report import words

HANG = "hang"
OF_FAULT = {
    BreachKind.OTHERS_SLOWED: "slow",
    BreachKind.NOT_GONE: HANG,
    BreachKind.SECOND_NOT_TOLD: "wrong",
    BreachKind.NOBODY_TOLD: "silent",
    BreachKind.NEWCOMER_NOT_SERVED: HANG,
    BreachKind.NOT_SERVED: "late",
    BreachKind.CRASHED: "crash",
}
"""The one word for each breach that a fault itself finds: these are the worst."""
COUNTED = {
    BreachKind.WRONG_ANSWERS: "wrong",
    BreachKind.UNEXPECTED: "wrong",
    BreachKind.NOT_RECOVERED: HANG,
    BreachKind.LOST_IN_SILENCE: "silent",
    BreachKind.EXECUTED_TWICE: "twice",
    BreachKind.DELIVERED_TWICE: "twice",
    BreachKind.KEPT_WAITING: HANG,
    BreachKind.MEMORY: "MiB",
    BreachKind.OUT_OF_ORDER: "order",
    BreachKind.REPORTED_LOST: "told",
    BreachKind.DIED: "died",
    BreachKind.REPORTED_BUT_ARRIVED: "false",
    BreachKind.LATE: "late",
    BreachKind.RAISED: "error",
    BreachKind.ENDED: "error",
}
"""The one word for each of the others, the worst first."""
MEANINGS = {
    KEPT: "kept: every message arrived",
    REPORTED: "error, told, late, died: the application knows",
    BROKEN: "silent loss, wrong, hang, crash, slow: it does not",
}
DOES = {
    "slow": "slows the others",
    HANG: "hangs",
    "wrong": "answers wrongly",
    "silent": "loses messages in silence",
    "late": "answers too late",
    "crash": "crashes",
    "twice": "handles messages twice",
    "MiB": "takes too much memory",
    "order": "mixes up the order",
    "told": "reports losses",
    "died": "loses what a killed process held",
    "false": "reports losses that were none",
    "error": "raises an error",
}
"""The verb for the worst that a program does, by the one word for it."""
TOLD = {
    Told.NOTHING_TO_TELL: "needed no report",
    Told.YES: "was told",
    Told.NO: "was told nothing",
    Told.WRONGLY: "was told of losses that were none",
}


def variant_order(variant: str) -> tuple[int, str]:
    """Sort key of variants: ``minimal`` first, ``resilient`` last."""
    return {"minimal": 0, "resilient": 2}.get(variant, 1), variant


def program_order(program: ProgramRow) -> tuple[Any, ...]:
    """Sort key of programs: by stack, as on charts, then by variant."""
    stack = program.stack
    return -stack_order(stack)[0], stack, variant_order(program.variant)


def order(breach: Breached) -> int:
    """Return the rank of a breach, the worst first."""
    return list(COUNTED).index(breach.kind) if breach.kind in COUNTED else -1


def worst(row: Recovery) -> tuple[str, int]:
    """Return the word for the worst breach, and its greatest count, 0 without one.

    "kept" if the contract is kept, even if only by reporting that nothing gets through.
    """
    if row.verdict == KEPT:
        return KEPT, 0
    breach = min(row.breaches, key=order)
    if word := OF_FAULT.get(breach.kind):
        return word, 0
    return COUNTED.get(breach.kind, breach.what), breach.most


def seconds(row: Recovery, name: str = "outage") -> str:
    """Return a median as "0.59 s", or "> 8.5 s" where half of the trials never got there.

    No time is known better than the distance between messages. ``name`` is one of
    ``recoveries.TIMES``.
    """
    value = row.times[name].value
    if math.isinf(value):
        return f"> {words.number(watched_s(row, name), digits=2)} s"
    if value < row.interval_s:
        return f"< {row.interval_s:g} s"
    return f"{words.number(value, digits=2)} s"


def watched_s(row: Recovery, name: str) -> float:
    """Return how long a time was waited for at least, from where it counts."""
    since_s = row.healed_s if name in ("reconnect", "settle") else 0.0
    return max(0.0, row.watched_s - since_s)


def share(row: Recovery) -> str:
    """Return in how many trials the worst happened: " 1/3", '' where in all."""
    return f" {row.verdict_trials}/{row.repeats}" if some(row) else ""


def does(row: Recovery) -> str:
    """Return the worst that a program does as the verb of its name: "crashes"."""
    return DOES.get(worst(row)[0], "fails")


def some(row: Recovery) -> bool:
    """Whether some of a case's trials ended better than the worst."""
    return row.verdict_trials < row.repeats


def is_late(row: Recovery) -> bool:
    """Whether messages were late at all, in the middle of the trials."""
    return row.times["late"].value != 0


def in_a_square(row: Recovery) -> str:
    """Return "kept +0.59s", "silent 64", "told 10 1/3": what a heat map shows."""
    word, count = worst(row)
    if word == KEPT and row.breaches:
        said = f"{KEPT}, told"
    elif word == KEPT:
        late = seconds(row, "late").replace(" s", "s")
        said = f"{KEPT} +{late}" if is_late(row) else KEPT
    elif word == "MiB":
        said = f"{count} MiB"
    else:
        many = f"{count / 1000:.1f}k" if count >= 1000 else str(count)
        said = f"{word} {many}" if count else word
    return said + share(row)


def kept(row: Recovery) -> str:
    """Return "kept, late for 0.59 s" of a contract that was, in a sentence."""
    return f"{KEPT}, late for {seconds(row, 'late')}" if is_late(row) else KEPT


def counted(breaches: Iterable[Breached]) -> str:
    """Return all breaches of a program: "62 to 64 lost in silence, 10 raised"."""
    said = []
    for breach in sorted(breaches, key=order):
        least, most = f"{breach.least:,}", f"{breach.most:,}"
        count = most if least == most else f"{least} to {most}"
        said.append(f"{count} {breach.what}" if breach.most else breach.what)
    return ", ".join(said)


def way(row: Recovery) -> str:
    """Return how a cell recovered: "in place", "re-entered", or in how many trials."""
    ways = {
        "in place": row.in_place,
        "re-entered": row.re_entered,
        str(BreachKind.NOT_RECOVERED): row.not_recovered,
    }
    some = {name: count for name, count in ways.items() if count}
    if len(some) == 1:
        return next(iter(some))
    return ", ".join(f"{name} in {count} of {row.repeats}" for name, count in some.items())


def short_title(title: str) -> str:
    """Return the name of a fault on a chart: its title up to the first comma.

    Fewer than three words would not tell what happens: then it is the whole title.
    """
    start = title.split(",", 1)[0]
    return start if len(start.split()) >= 3 else title
