"""What a fault came to: one word for a chart, a few for a table or a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bench.charts import words
from bench.measure.recovery import BROKEN, KEPT, REPORTED

DID_NOT_RECOVER, KEPT_WAITING = "did not recover", "kept waiting"
WORDS = {
    "wrong answers": "wrong",
    "unexpected messages": "junk",
    DID_NOT_RECOVER: "down",
    "lost in silence": "lost",
    "executed twice": "re-ran",
    "delivered twice": "twice",
    KEPT_WAITING: "waits",
    "MiB of memory": "MiB",
    "out of order": "order",
    "reported lost": "told",
    "lost with who had them": "died",
    "reported lost that arrived": "false",
    "raised": "raised",
    "ended": "ended",
}
"""What a verdict says against a cell, and its one word, the worst first."""
BREACHES = {
    "the other had": "slows",
    "not gone": "stays",
    "a second one": "stolen",
    "nobody was told": "mute",
    "a newcomer": "shut",
}
"""How a breach that a fault itself finds begins (``Scene.breach``), and its one word."""
HANGS = "hangs"
MEANINGS = {
    KEPT: "kept: all arrived, in place",
    REPORTED: "told, raised, ended, died: trouble that is known",
    BROKEN: "lost, wrong, hangs ...: the contract is broken",
}
TOLD = {
    "nothing to tell": "had nothing to be told",
    "yes": "was told",
    "no": "was told nothing",
    "wrongly": "was told of losses that were none",
}


def tier_order(variant: str) -> tuple[int, str]:
    """Sort key of variants: ``minimal`` first, ``resilient`` last."""
    return {"minimal": 0, "resilient": 2}.get(variant, 1), variant


def order(what: str) -> int:
    """Return the rank of what speaks against a cell; unknown things are the worst."""
    return list(WORDS).index(what) if what in WORDS else -1


def worst(row: Mapping[str, Any]) -> tuple[str, int]:
    """Return the word for the worst that happened, and its greatest count, 0 without one.

    "kept" of a contract that is, be it only by saying that nothing gets through.
    """
    if row["verdict"] == KEPT:
        return KEPT, 0
    known = {what: most for what, _, most, _ in row["against"]}
    what = min(known, key=order)
    if what == DID_NOT_RECOVER:
        return (HANGS if KEPT_WAITING in known else WORDS[what]), 0
    for beginning, word in BREACHES.items():
        if what.startswith(beginning):
            return word, 0
    return WORDS.get(what, what), known[what]


def seconds(row: Mapping[str, Any], name: str = "outage") -> str:
    """Return a median as "0.59 s", or "> 8.5 s" where half of the trials never got there.

    No time is known better than the distance between messages. ``name`` is one of
    ``recoveries.TIMES``.
    """
    value = row[f"{name}_s"]
    if math.isinf(value):
        return f"> {words.number(watched_s(row, name), digits=2)} s"
    if value < row["interval_s"]:
        return f"< {row['interval_s']:g} s"
    return f"{words.number(value, digits=2)} s"


def watched_s(row: Mapping[str, Any], name: str) -> float:
    """Return how long a time was waited for at least, from where it counts."""
    since_s = row["healed_s"] if name in ("reconnect", "settle") else 0.0
    return max(0.0, float(row["watched_s"] - since_s))


def share(row: Mapping[str, Any]) -> str:
    """Return in how many trials the worst happened: " 1/3", '' where in all."""
    return f" {row['verdict_trials']}/{row['repeats']}" if some(row) else ""


def some(row: Mapping[str, Any]) -> bool:
    """Whether some of a case's trials came to more than the worst."""
    return bool(row["verdict_trials"] < row["repeats"])


def in_a_cell(row: Mapping[str, Any]) -> str:
    """Return "kept 0.59 s", "lost 64", "told 10 1/3": what a heat map shows."""
    word, count = worst(row)
    if word == KEPT and row["against"]:
        said = f"{KEPT}, told"
    elif word == KEPT:
        said = f"{KEPT} {seconds(row, 'late')}" if row["late_s"] else KEPT
    elif word == "MiB":
        said = f"{count} MiB"
    else:
        said = f"{word} {count:,}" if count else word
    return said + share(row)


def counted(row: Mapping[str, Any]) -> str:
    """Return all that speaks against a cell: "62 to 64 lost in silence, 10 raised"."""
    said = []
    for what, least, most, _ in sorted(row["against"], key=lambda item: order(item[0])):
        count = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        said.append(f"{count} {what}" if most else what)
    return ", ".join(said)


def way(row: Mapping[str, Any]) -> str:
    """Return how a cell recovered: "in place", "re-entered", or in how many trials."""
    ways = {
        "in place": row["in_place"],
        "re-entered": row["re_entered"],
        DID_NOT_RECOVER: row["not_recovered"],
    }
    some = {name: count for name, count in ways.items() if count}
    if len(some) == 1:
        return next(iter(some))
    return ", ".join(
        f"{name} in {count} of {row['repeats']}" for name, count in some.items()
    )


def short_title(title: str) -> str:
    """Return what a fault is called on a chart: its title without what follows a comma."""
    return title.split(",", 1)[0]
