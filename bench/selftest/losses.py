"""The harness counts lost, duplicated and swapped messages exactly."""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.contract.find import find_cells
from bench.contract.model import Case
from bench.selftest.answers import KnownAnswer
from bench.selftest.measures import SIZE_BYTES
from bench.trial.checker import NOTHING, Tally, tally
from bench.trial.record import Window
from bench.trial.trial import run_trial

FAULTY = Path(__file__).parent / "faulty"
MESSAGES = 2000
EVERY = {"dropping": 100, "duplicating": 250, "swapping": 400}
SUBSCRIBERS = 2


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Run a publisher with each fault once: an exact count needs no repetition."""
    del blocks
    # A checked trial waits for messages that may come after the last one.
    window = Window(MESSAGES, warm_up=10, sizes_bytes=(SIZE_BYTES,))
    found = []
    for cell in (c for c in find_cells([FAULTY]) if c.variant.name in EVERY):
        name = cell.variant.name
        case = Case(cell, "throughput", "tcp", SIZE_BYTES, SUBSCRIBERS, "free")
        trial = run_trial(case, window, logs, Random(seed))
        total = NOTHING
        for consumer, driver in trial.pairs(case.cell.workload):
            assert consumer.heads is not None
            heads, given = consumer.heads, driver.counts["given"]
            total += tally(heads["sender"], heads["sequence"], 0, given)
        faults = SUBSCRIBERS * MESSAGES // EVERY[name]
        expected = {
            "lost": faults if name == "dropping" else 0,
            "duplicated": faults if name == "duplicating" else 0,
            "reordered": faults if name == "swapping" else 0,
            "unexpected": 0,
        }
        counted = _counts(total)
        found.append(
            KnownAnswer(
                f"{SUBSCRIBERS} x {MESSAGES} messages, {name}",
                f"every {EVERY[name]}th",
                _say(counted),
                _say(expected),
                counted == expected,
            )
        )
    return found


def _counts(total: Tally) -> dict[str, int]:
    return {
        "lost": total.lost,
        "duplicated": total.duplicated,
        "reordered": total.reordered,
        "unexpected": total.unexpected,
    }


def _say(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number) or "0"
