"""The clocks of two hosts are found as far apart as they are.

One host is in a time namespace, where the monotonic clock is ahead by a known time. The
control has no such namespace: its clock is the same, and must be found to be.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.errors import NotMeasurable, TrialError
from bench.faults.network.tools import tool
from bench.selftest.answers import KnownAnswer
from bench.sites.far import Far
from bench.sites.pipe import Pipe
from bench.trial.addresses import LOOPBACK
from bench.trial.clock import Offset

AHEAD_S = 5000
QUESTION = "by how much one clock is ahead of another"


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Ask two pairs of clocks: the bounds need no repetition."""
    del blocks, seed, logs
    found = [_answer("nothing", found_ahead([]), 0)]
    try:
        found.append(_answer(f"{AHEAD_S} s", found_ahead(ahead_by(AHEAD_S)), AHEAD_S))
    except (NotMeasurable, TrialError) as refused:
        said = f"time namespaces are refused here: {refused}"
        found.append(KnownAnswer(QUESTION, f"{AHEAD_S} s", said, "skipped", None))
    return found


def ahead_by(seconds: int) -> list[str]:
    """Return a command that starts another in a time namespace.

    Raises NotMeasurable if the program for it is not installed.
    """
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    shifted = ["--time", "--monotonic", str(seconds), "--fork", "--kill-child"]
    return [tool("unshare"), *as_root, *shifted, "--"]


def found_ahead(enter: Sequence[str]) -> Offset:
    """Return the offset of a site that is entered by a command, as another site sees it.

    Raises TrialError if the command fails.
    """
    lay = partial(Pipe, enter)
    with Far("a", LOOPBACK) as here, Far("b", LOOPBACK, lay=lay) as other:
        return other.ahead_of(here)


def _answer(injected: str, found: Offset, truth_s: int) -> KnownAnswer:
    truth_ns = truth_s * 10**9
    return KnownAnswer(
        QUESTION,
        injected,
        f"{found.ns / 1e9:.9f} s, wrong by {found.bound_ns / 1e3:.1f} us at most",
        f"{truth_s} s within that bound",
        abs(found.ns - truth_ns) <= found.bound_ns,
    )
